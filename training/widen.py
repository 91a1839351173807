"""Begin a larger network from a smaller trained one: `python -m training.widen training/checkpoints/edge.safetensors compact -o FILE`.

After Net2Net (Chen, Goodfellow and Shlens 2016): the smaller network's channels stand among the larger
one's, new channels begin at random and nothing of the old ones reads them yet; added layers pass their input through, added
residual chains begin at zero. Two things cannot be carried over, and begin quiet instead:
the published order of the heads' output scatters leads otherwise when a head is wider, so each attention's
output projection is zero; and where the time step differs, kernels along time are resampled, which only is near.
FILE is for `training.train --from`.
"""

import argparse
import math
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.config import CLASS_CODES, load_config
from training.data import DEFAULT_DATA, load_split, to_window
from training.export import read_checkpoint, write_weights
from training.fast_model import STEM_KERNEL, DepthwiseSeparable, FastLeadAttention, quieten_branches, to_state_dict

PASS_DEVIATIONS = 5.0  # LeakyReLU passes what is less than this far below its mean
RECORDS = 64  # whose statistics the layers that pass through take


def token_seconds(config: dict) -> float:
    """Seconds of signal between two tokens of the transformer."""
    stride = math.prod(by for _, _, by, _ in config["stem"])
    steps = config["windowSamples"]
    for _, _, by, _ in config["stem"]:  # two unpadded convolutions, the second strided
        steps = (steps - 2 * (STEM_KERNEL - 1) - 1) // by + 1
    return stride * steps / config["resizeTo"] / config["fs"]


def resample_taps(weight: Tensor, ratio: float) -> Tensor:
    """Taps [..., k] around their middle, spaced `ratio` of the new step, shared out linearly between the new taps."""
    reach = weight.shape[-1] // 2
    position = torch.arange(-reach, reach + 1) * ratio
    near = (1 - (position[:, None] - torch.arange(-reach, reach + 1)).abs()).clamp(min=0)
    return weight @ near


def place(new: Tensor, old: Tensor, rows: Tensor, columns: Tensor | None = None) -> None:
    """Write `old` into `new` at these rows, and at these columns of them; the rows' other columns become zero."""
    if columns is None:
        new[rows] = old
    else:
        new[rows] = 0
        new[rows[:, None], columns] = old


def place_norm(new: nn.BatchNorm2d, old: dict[str, Tensor], name: str, rows: Tensor) -> None:
    for part in ("weight", "bias", "running_mean", "running_var"):
        place(getattr(new, part), old[f"{name}.{part}"], rows)


def head_places(old: dict, new: dict) -> Tensor:
    """Where each channel of the embedding goes: into the head it belongs to."""
    width, wider = old["dim"] // old["heads"], new["dim"] // new["heads"]
    channel = torch.arange(old["dim"])
    return channel // width * wider + channel % width


@torch.no_grad()
def pass_through(layer: DepthwiseSeparable, x: Tensor) -> None:
    """Make `layer` hand on its input [B, L, T, C], of which `x` is a sample: lifted over the bend of LeakyReLU, then put back."""
    mean, deviation = x.mean((0, 1, 2)), x.std((0, 1, 2)) + 1e-3
    lift = PASS_DEVIATIONS * deviation - mean
    conv, norm = layer.depth_wise_conv, layer.batch_norm
    conv.weight.zero_()
    conv.weight[..., conv.weight.shape[-1] // 2] = 1
    conv.bias.copy_(lift)
    norm.running_mean.copy_(mean + lift)
    norm.running_var.copy_(deviation**2)
    norm.weight.copy_((deviation**2 + norm.eps).sqrt())
    norm.bias.copy_(mean)
    layer.point_wise.weight.copy_(torch.eye(len(mean))[:, :, None, None])
    layer.point_wise.bias.zero_()


class Widening:
    """A network of `config`, begun from `old` (published names) of `old_config`."""

    def __init__(self, old: dict[str, Tensor], old_config: dict, config: dict) -> None:
        self.old, self.old_config, self.config = old, old_config, config
        self.model = FastLeadAttention(config, len(CLASS_CODES)).eval()
        quieten_branches(self.model)
        self.dim = head_places(old_config, config)
        self.ratio = token_seconds(old_config) / token_seconds(config)

    def product(self, layer: nn.Module, name: str, rows: Tensor, columns: Tensor) -> None:
        weight = layer.weight.view(layer.weight.shape[:2])
        place(weight, self.old[f"{name}.weight"].flatten(1), rows, columns)
        place(layer.bias, self.old[f"{name}.bias"], rows)

    def separable(self, layer: DepthwiseSeparable, name: str) -> None:
        rows = torch.arange(len(self.old[f"{name}.depth_wise_conv.bias"]))
        place(layer.depth_wise_conv.weight, self.old[f"{name}.depth_wise_conv.weight"], rows)
        place(layer.depth_wise_conv.bias, self.old[f"{name}.depth_wise_conv.bias"], rows)
        place_norm(layer.batch_norm, self.old, f"{name}.batch_norm", rows)
        self.product(layer.point_wise, f"{name}.point_wise", rows, rows)

    def stem(self, x: Tensor) -> None:
        """The old blocks, then what is new passes through; `x` [B, L, T, 1] is a sample of the signal."""
        old_blocks = self.old_config["stem"]
        for i, block in enumerate(self.model.blocks[:-1]):
            for name in ("p0", "p01"):
                layer = getattr(block, name)
                if i < len(old_blocks):
                    self.separable(layer, f"blocks.{i}.{name}")
                else:
                    pass_through(layer, x)
                x = layer(x)
            depth = old_blocks[i][3] if i < len(old_blocks) else 0
            if depth == 0:
                continue  # a chain that is new stays quiet
            y = x
            for j, layer in enumerate(block.p1):
                if j < depth:
                    self.separable(layer, f"blocks.{i}.p1.{j}")
                else:
                    pass_through(layer, y)
                y = layer(y)
            x = x + y
        place_to = torch.arange(old_blocks[-1][1])
        self.product(self.model.blocks[-1], f"blocks.{len(old_blocks)}", self.dim, place_to)

    def block(self, block: nn.Module, name: str) -> None:
        place_norm(block.ln1, self.old, f"{name}.ln1", self.dim)
        place_norm(block.ln2, self.old, f"{name}.ln2", self.dim)
        wider = (self.config["dim"] / self.config["heads"]) / (self.old_config["dim"] / self.old_config["heads"])
        for part in ("query", "key", "value"):
            conv = getattr(block.attn, f"{part}_conv")
            place(conv.weight, resample_taps(self.old[f"{name}.attn.{part}_conv.weight"], self.ratio), self.dim)
            place_norm(getattr(block.attn, f"{part}_norm"), self.old, f"{name}.attn.{part}_norm", self.dim)
            layer = getattr(block.attn, part)
            self.product(layer, f"{name}.attn.{part}", self.dim, self.dim)
        for tensor in (block.attn.query.weight, block.attn.query.bias):
            tensor[self.dim] *= math.sqrt(wider)  # scores are divided by the root of the head's width
            rest = torch.ones(len(tensor), dtype=torch.bool)
            rest[self.dim] = False
            tensor[rest] = 0  # new channels have no say in the scores yet
        hidden = torch.arange(len(self.old[f"{name}.mlp.0.bias"]))
        self.product(block.mlp["0"], f"{name}.mlp.0", hidden, self.dim)
        self.product(block.mlp["3"], f"{name}.mlp.3", self.dim, hidden)

    def head(self) -> None:
        """The values of a channel are [lead][time]; the last old seconds are the last new ones."""
        model, old = self.model, self.old
        leads = len(self.config["leads"])
        weight = old["linearN.0.weight"].view(len(old["linearN.0.bias"]), leads, -1)
        new = model.linearN[0].weight.view(weight.shape[0], leads, -1)
        steps, mine = weight.shape[2], new.shape[2]
        ratio = (self.old_config["windowSamples"] / steps) / (self.config["windowSamples"] / mine)
        from_end = (torch.arange(steps).flip(0) + 0.5) * ratio
        position = (mine - from_end - 0.5).clamp(0, mine - 1)
        near = (1 - (position[:, None] - torch.arange(mine)).abs()).clamp(min=0)
        new.copy_(weight @ near)
        for name in ("linearN.0.bias", "linearN.2.weight", "linearN.2.bias", "linear1.bias", "linear2.weight", "linear2.bias"):
            model.get_parameter(name).copy_(old[name])
        place(model.linear1.weight, old["linear1.weight"], torch.arange(len(old["linear1.bias"])), self.dim)

    @torch.no_grad()
    def run(self, signal: Tensor) -> FastLeadAttention:
        """The begun network; `signal` [B, L, windowSamples] is a sample of preprocessed records."""
        self.stem(signal[..., None])
        transformer = self.model.transformer
        for i, (conv, norm) in enumerate(zip(transformer.embd, transformer.embd_norm)):
            taps = resample_taps(self.old[f"transformer.embd.{i}.weight"], self.ratio)
            place(conv.weight, taps, self.dim, self.dim)
            place_norm(norm, self.old, f"transformer.embd_norm.{i}", self.dim)
        for group in ("stem", "branch"):
            for i, block in enumerate(getattr(transformer, group)):
                self.block(block, f"transformer.{group}.{i}")
        self.head()
        return self.model


def widen(checkpoint: dict, config: dict, signal: Tensor) -> FastLeadAttention:
    """See Widening; ValueError when `config` is not a larger one of the same kind."""
    old = checkpoint["config"]
    same = ("fs", "leads", "heads", "fullRateBlocks", "stridedBlocks", "leadProjection")
    other = [key for key in same if old[key] != config[key]]
    smaller = [key for key in ("dim", "mlpRatio") if old[key] > config[key]]
    blocks = list(zip(old["stem"], config["stem"]))
    # The old channels stay where they were, so the groups of the depthwise convolutions have to be as large as before.
    if len(blocks) < len(old["stem"]) or not all(
        a[2] == b[2] and a[1] <= b[1] and a[3] <= b[3] and (a[0] == b[0] == 1 or a[1] * b[0] == b[1] * a[0]) for a, b in blocks
    ):
        smaller.append("stem")
    if other or smaller:
        raise ValueError(f"expected a config like the checkpoint's in {', '.join(same)}, and as large: not in {', '.join(other + smaller)}")
    return Widening(checkpoint["state_dict"], old, config).run(signal)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m training.widen", description=__doc__.split("\n")[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("preset")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=2023)
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder that holds train/train.npz")
    options = parser.parse_args(arguments)
    torch.manual_seed(options.seed)
    checkpoint, config = read_checkpoint(options.checkpoint), load_config(options.preset)
    checkpoint["state_dict"] = {name: tensor.float() for name, tensor in checkpoint["state_dict"].items()}
    train, _ = load_split(options.data)
    model = widen(checkpoint, config, to_window(torch.from_numpy(train.signal[:RECORDS]), config["windowSamples"]))
    origin = f"{options.checkpoint.name} widened to {options.preset}, seed {options.seed}"
    write_weights(options.output, to_state_dict(model), config, name=options.preset, provenance={"from": origin})
    print(f"wrote {options.output}")


if __name__ == "__main__":
    main()
