"""The network as a general runtime likes it: the same function as `training.lead_attention`, arranged for speed.

What the reference leaves for clearness is taken out here, so that the peers are compared at their best: every BatchNorm that folds
exactly is folded (`ln1` stands before zero padding and does not), the scale of the scores is in the query's weights, and local attention
multiplies blocks of queries with the keys within their reach instead of all with all. Shapes are static, batch 1.

    B = 1, L leads, T time steps, C channels, h heads, c = D / h; activations are [1, C, L, T]
    S steps of a block of queries, R reach of a window, K = S + 2 R keys that the block sees
"""

import json
import math
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.export import read_checkpoint
from training.lead_attention import LEAKY_SLOPE, LeadAttention, LeadAttentionNetwork, TransformerBlock

ROOT = Path(__file__).resolve().parents[2]
MASKED = -1e9  # after exp exactly 0, and never infinity minus infinity


def block_steps(time_steps: int, most: int) -> int:
    """The largest divisor of `time_steps` that is at most `most`: all blocks are alike."""
    return next(steps for steps in range(min(most, time_steps), 0, -1) if time_steps % steps == 0)


def banded_layout(time_steps: int, reach: int, steps: int) -> tuple[Tensor, Tensor]:
    """Which keys each block sees, int64[blocks, K], and what is added to its scores, float32[blocks, S, K]: 0, or MASKED outside the window.

    A block at an edge sees K keys as the others do, all of them inside: no padding is needed.
    """
    keys = min(time_steps, steps + 2 * reach)
    starts = torch.arange(0, time_steps, steps)
    index = (starts - reach).clamp(0, time_steps - keys)[:, None] + torch.arange(keys)
    distance = index[:, None, :] - (starts[:, None] + torch.arange(steps))[:, :, None]
    return index, torch.where(distance.abs() > reach, MASKED, 0.0)


class BandedAttention(nn.Module):
    """`LeadAttention` of one lead projection for all leads, for a fixed number of time steps at its output."""

    def __init__(self, attention: LeadAttention, time_steps: int, leads: int, most_steps: int):
        super().__init__()
        self.heads, self.leads, self.head_order = attention.heads, leads, attention.head_order
        for role in ("query", "key", "value"):
            conv = fold_after(getattr(attention, f"{role}_conv"), getattr(attention, f"{role}_norm"))
            setattr(self, f"{role}_conv", conv)
            setattr(self, role, getattr(attention, role))
        width = self.query.out_channels // self.heads
        scaled(self.query, 1 / math.sqrt(width))
        self.proj = attention.proj
        self.steps = time_steps
        reach = attention.window // 2
        if attention.window != -1 and 2 * reach + 1 < time_steps:
            self.steps = block_steps(time_steps, most_steps)
            index, mask = banded_layout(time_steps, reach, self.steps)
            self.blocks, self.keys = index.shape
            self.register_buffer("index", index.flatten())
            self.register_buffer("mask", mask)

    def to_tokens(self, x: Tensor) -> Tensor:
        """[1, h*c, L, T] -> [h, T, c*L]: the order of a token's values is free, as long as queries and keys agree."""
        return x.reshape(self.heads, -1, x.shape[3]).transpose(1, 2)

    def forward(self, x: Tensor) -> Tensor:
        q = self.to_tokens(self.query(self.query_conv(x)))
        k = self.to_tokens(self.key(self.key_conv(x)))
        v = self.value(self.value_conv(x))
        channels, time_steps = v.shape[1] // self.heads, v.shape[3]
        if self.head_order == "published":
            # The published code reads value l*c + i back as l*c + i = channel * L + lead.
            v = v.reshape(self.heads, channels, self.leads, time_steps).transpose(1, 2)
        v = self.to_tokens(v.reshape(1, -1, self.leads, time_steps))
        if hasattr(self, "mask"):
            q = q.reshape(self.heads, self.blocks, self.steps, -1)
            k = k.index_select(1, self.index).reshape(self.heads, self.blocks, self.keys, -1)
            v = v.index_select(1, self.index).reshape(self.heads, self.blocks, self.keys, -1)
            o = (q @ k.transpose(2, 3) + self.mask).softmax(dim=3) @ v
        else:
            o = (q @ k.transpose(1, 2)).softmax(dim=2) @ v
        o = o.reshape(self.heads, time_steps, -1).transpose(1, 2).reshape(1, -1, self.leads, time_steps)
        return self.proj(o)


class PeerNetwork(nn.Module):
    """float32[1, L, windowSamples] -> float32[1, classes]."""

    def __init__(self, network: LeadAttentionNetwork, most_steps: int = 32):
        super().__init__()
        config = self.config = network.config
        if config["leadProjection"] != "shared":
            raise ValueError('"leadProjection" expected "shared": the peers are compared on the presets')
        self.network = network.eval()
        for block in network.blocks[:-1]:
            for separable in (block.p0, block.p01, *block.p1):
                separable.point_wise = fold_before(separable.batch_norm, separable.point_wise)
                separable.batch_norm = nn.Identity()
        transformer = network.transformer
        for n, (conv, norm) in enumerate(zip(transformer.embd, transformer.embd_norm)):
            transformer.embd[n] = fold_after(conv, norm)
            transformer.embd_norm[n] = nn.Identity()
        time_steps = config["resizeTo"]
        for block in (*transformer.stem, *transformer.branch):
            time_steps = math.ceil(time_steps / block.stride)
            fold_block(block, time_steps, len(config["leads"]), most_steps)

    def forward(self, x: Tensor) -> Tensor:
        network, leads = self.network, x.shape[1]
        x = x[:, None]
        for block in network.blocks:
            x = block(x)
        # Two-dimensional, with the leads as they are: runtimes have a fast path for it.
        x = F.interpolate(x, (leads, self.config["resizeTo"]), mode="bilinear", align_corners=False)
        for conv in network.transformer.embd:
            x = F.relu(conv(x))
        for block in (*network.transformer.stem, *network.transformer.branch):
            x = block(x)
        x = network.linearN(x.flatten(2)).squeeze(2)
        x = network.linear1(F.leaky_relu(x, LEAKY_SLOPE))
        return network.linear2(F.leaky_relu(x, LEAKY_SLOPE))


def load_peer(path: Path, most_steps: int = 32) -> PeerNetwork:
    """The network of an f32 weight file."""
    checkpoint = read_checkpoint(path)
    network = LeadAttentionNetwork(checkpoint["config"], len(checkpoint["classes"]))
    network.load_state_dict(checkpoint["state_dict"], strict=False)  # without `num_batches_tracked`
    return PeerNetwork(network, most_steps)


def fold_block(block: TransformerBlock, time_steps: int, leads: int, most_steps: int) -> None:
    block.mlp[0] = fold_before(block.ln2, block.mlp[0])
    block.ln2 = nn.Identity()
    block.attn = BandedAttention(block.attn, time_steps, leads, most_steps)


def scale_and_shift(norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """norm(x) = x * scale + shift, in double precision."""
    scale = norm.weight.double() / (norm.running_var.double() + norm.eps).sqrt()
    return scale, norm.bias.double() - norm.running_mean.double() * scale


def with_parameters(conv: nn.Conv2d, weight: Tensor, bias: Tensor) -> nn.Conv2d:
    conv.weight = nn.Parameter(weight.float())
    conv.bias = nn.Parameter(bias.float())
    return conv


def fold_after(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Conv2d:
    """norm(conv(x)) as one convolution."""
    scale, shift = scale_and_shift(norm)
    bias = shift if conv.bias is None else conv.bias.double() * scale + shift
    return with_parameters(conv, conv.weight.double() * scale[:, None, None, None], bias)


def fold_before(norm: nn.BatchNorm2d, conv: nn.Conv2d) -> nn.Conv2d:
    """conv(norm(x)) of a 1x1 convolution as one."""
    scale, shift = scale_and_shift(norm)
    weight = conv.weight.double()
    bias = conv.bias.double() + weight[:, :, 0, 0] @ shift
    return with_parameters(conv, weight * scale[None, :, None, None], bias)


def scaled(conv: nn.Conv2d, factor: float) -> None:
    with_parameters(conv, conv.weight.double() * factor, conv.bias.double() * factor)
