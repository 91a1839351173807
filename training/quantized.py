"""What an int8 network computes, in NumPy: the definition that the integer kernels equal bit for bit.

    python -m training.quantized DIR     checks what `LEADWISE_INT8_DUMP=DIR npx vitest run test/int8.test.ts` wrote

A product of an int8 file (`<name>.weight` I8, `.weight_scale` F32 for each output, `.input_scale` F32 [1], `.bias` F32):

    q   = clamp(rint(x * (1 / input_scale)), -largest, largest)      float32, half to even; int16
    sum = sum over k of q[k] * weight[n][k]                          exact, within int32
    y   = float32(sum) * (weight_scale[n] * input_scale) + bias[n]   each operation rounded to float32, in this order
    y   = y + residual                                               where there is one

with largest = min(32767, floor((2^31 - 1) / (127 K))), K products to an output, so that no sum can leave int32.
BatchNorm is folded into the product or depthwise convolution beside it; of `attn.*_norm` the scale goes into the
convolution before it and the shift into the product after it, so that `attn.*_conv` has no bias. `ln1` (scale `.weight`, shift `.bias`) stays
on its own, because a convolution that pads with zeros follows. Depthwise weights are int8 * weight_scale, rounded
to float32. Depthwise convolutions (bias first, then the taps in order), the LeakyReLU after them and `ln1` are
float32, each operation rounded; what is left (attention, GELU, resize, max-pool, residuals) is the reference network
(lead_attention.py) in float64.

Checked are, of every preset: sampled tiles of every product, which must be equal in every bit, the rounded int16 too;
and every block, computed from the runtime's own output of the block before, which must agree within one
quantization step: the input scale of the product that comes after the block in the file (after the last one: the
step that its own range would have). Not zero, because the runtime's attention and GELU are float32: their last bits
turn the rounding of single values. The whole network from its input on is compared too.
"""

import argparse
import json
import math
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from torch import Tensor, nn

from training.lead_attention import LeadAttentionNetwork

LARGEST_WEIGHT = 127
LARGEST_INT16 = 2**15 - 1
LARGEST_INT32 = 2**31 - 1
HEAD_ROOM = 2
# Logits of the whole network against the runtime (measured: 60 to 71 dB; int8 itself is 28 dB from f32).
LEAST_SNR = 50


def largest_activation(inner: int) -> int:
    """The largest int16 whose `inner` products with weights of ±127 stay within int32."""
    return min(LARGEST_INT16, LARGEST_INT32 // (LARGEST_WEIGHT * inner))


def quantise(x: np.ndarray, input_scale: np.float32, inner: int) -> tuple[np.ndarray, int]:
    """float32[...] -> int16[...], and how many values were clamped."""
    largest = largest_activation(inner)
    inverse = np.float32(1) / np.float32(input_scale)
    whole = np.rint(x.astype(np.float32) * inverse)
    return np.clip(whole, -largest, largest).astype(np.int16), int((np.abs(whole) > largest).sum())


def integer_product(q: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """int16[..., K] times int8[N, K] -> int32[..., N], exact.

    In float64, which BLAS knows: whole numbers, every partial sum far below 2^53, so the order does not matter.
    """
    total = q.astype(np.float64) @ weight.astype(np.float64).T
    if total.size and np.abs(total).max() > LARGEST_INT32:
        raise OverflowError("a sum leaves int32")
    return total.astype(np.int32)


def scale_back(total, weight_scale, input_scale, bias, residual=None) -> np.ndarray:
    """int32[..., N] -> float32[..., N]; weight_scale and bias float32[N], residual float32[..., N]."""
    y = total.astype(np.float32) * (weight_scale * np.float32(input_scale)) + bias
    return y if residual is None else y + residual


class QuantizedFile:
    """The tensors of an int8 leadwise file."""

    def __init__(self, path: str | Path):
        with safe_open(path, "np") as file:
            self.metadata = file.metadata()
            self.tensors = {name: file.get_tensor(name) for name in file.keys()}
        self.config = json.loads(self.metadata["config"])
        self.class_count = len(json.loads(self.metadata["classes"]))

    def __getitem__(self, name: str) -> np.ndarray:
        return self.tensors[name]

    def is_product(self, name: str) -> bool:
        return f"{name}.input_scale" in self.tensors

    def dequantised(self, name: str) -> np.ndarray:
        """float32, the weight's shape: what a depthwise convolution computes with."""
        weight = self[f"{name}.weight"]
        return weight.astype(np.float32) * self[f"{name}.weight_scale"].reshape(-1, *[1] * (weight.ndim - 1))


class Product:
    """One product of a file; `lead` picks the matrix of a per-lead projection."""

    def __init__(self, file: QuantizedFile, name: str, lead: int = 0):
        weight, scale, bias = (file[f"{name}.{part}"] for part in ("weight", "weight_scale", "bias"))
        if bias.ndim == 2:
            weight, scale, bias = weight[lead], scale[lead], bias[lead]
        if name.startswith("transformer.embd."):  # [out][in][1][tap]; the input is [tap][in]
            weight = weight.transpose(0, 3, 1, 2)
        self.weight = weight.reshape(len(bias), -1)
        self.weight_scale, self.bias = scale, bias
        self.input_scale = file[f"{name}.input_scale"][0]

    def __call__(self, x: np.ndarray, residual: np.ndarray | None = None) -> np.ndarray:
        """float32[..., K] -> float32[..., N]."""
        q, _ = quantise(x, self.input_scale, self.weight.shape[1])
        return scale_back(integer_product(q, self.weight), self.weight_scale, self.input_scale, self.bias, residual)


class QuantizedLayer(nn.Module):
    """A product in the place of a layer of the reference network."""

    def __init__(self, file: QuantizedFile, name: str, layer: nn.Module):
        super().__init__()
        self.name = name
        self.channels_last = isinstance(layer, nn.Linear)
        self.taps = layer.kernel_size[1] if isinstance(layer, nn.Conv2d) else 1
        leads = len(file[f"{name}.bias"]) if file[f"{name}.bias"].ndim == 2 else 1
        self.products = [Product(file, name, lead) for lead in range(leads)]

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, L, T] -> float64[B, N, L, T], or of a linear layer [..., K] -> float64[..., N]."""
        if self.channels_last:
            return torch.from_numpy(self.products[0](x.numpy())).double()
        reach = self.taps // 2
        rows = nn.functional.pad(x, (reach, reach)).unfold(3, self.taps, 1)  # [B, C, L, T, tap]
        rows = rows.permute(0, 2, 3, 4, 1).flatten(3).numpy()  # [B, L, T, tap * C]
        if len(self.products) == 1:
            y = self.products[0](rows)
        else:
            y = np.stack([product(rows[:, lead]) for lead, product in enumerate(self.products)], axis=1)
        return torch.from_numpy(y).double().permute(0, 3, 1, 2)


class DepthwiseLayer(nn.Module):
    """A depthwise convolution in float32: the bias, then the taps in order. [B, C, L, T] -> float32[B, C * m, L, T']."""

    def __init__(self, file: QuantizedFile, name: str, layer: nn.Conv2d):
        super().__init__()
        self.weight = file.dequantised(name)
        self.bias = file.tensors.get(f"{name}.bias", np.zeros(len(self.weight), np.float32))
        self.stride, self.pad = layer.stride[1], layer.padding[1]

    def forward(self, x: Tensor) -> Tensor:
        channels, _, _, taps = self.weight.shape
        rows = nn.functional.pad(x.float(), (self.pad, self.pad)).numpy().repeat(channels // x.shape[1], axis=1)
        time_steps = (rows.shape[3] - taps) // self.stride + 1
        y = self.bias[:, None, None]
        for tap in range(taps):
            window = rows[..., tap : tap + (time_steps - 1) * self.stride + 1 : self.stride]
            y = y + window * self.weight[:, :, :, tap]
        return torch.from_numpy(y)


class ChannelAffine(nn.Module):
    """`ln1` in float32: x * scale + shift of each channel, float32[B, C, L, T]."""

    def __init__(self, file: QuantizedFile, name: str):
        super().__init__()
        self.scale, self.shift = (torch.from_numpy(file[f"{name}.{part}"])[:, None, None] for part in ("weight", "bias"))

    def forward(self, x: Tensor) -> Tensor:
        return x.float() * self.scale + self.shift


def quantized_network(file: QuantizedFile) -> LeadAttentionNetwork:
    """The reference network in float64, with the file's layers in the place of its own."""
    network = LeadAttentionNetwork(file.config, file.class_count).double().eval()
    for name, layer in list(network.named_modules()):
        if file.is_product(name):
            network.set_submodule(name, QuantizedLayer(file, name, layer))
        elif name.endswith(".ln1"):
            network.set_submodule(name, ChannelAffine(file, name))
        elif isinstance(layer, nn.BatchNorm2d):
            network.set_submodule(name, nn.Identity())  # folded
        elif isinstance(layer, nn.Conv2d):
            network.set_submodule(name, DepthwiseLayer(file, name, layer))
    return network


def next_product(network: nn.Module, block: str) -> str | None:
    """The name of the product that follows a block in the order of the network."""
    if block == "resize":
        return "transformer.embd.0"
    names = [name for name, module in network.named_modules() if isinstance(module, QuantizedLayer)]
    own = [i for i, name in enumerate(names) if name == block or name.startswith(block + ".")]
    return names[own[-1] + 1] if own[-1] + 1 < len(names) else None


def quantization_step(file: QuantizedFile, network: nn.Module, block: str, values: np.ndarray) -> float:
    following = next_product(network, block)
    if following is None:
        return HEAD_ROOM * float(np.abs(values).max()) / LARGEST_INT16
    return float(file[f"{following}.input_scale"][0])


class Run:
    """What the runtime wrote of one run (test/int8.test.ts)."""

    def __init__(self, path: Path):
        self.file = safe_open(path, "np")
        self.tiles = json.loads(self.file.metadata()["tiles"])
        self.names = set(self.file.keys())

    def tensor(self, name: str) -> np.ndarray | None:
        return self.file.get_tensor(name) if name in self.names else None


def check_tile(file: QuantizedFile, run: Run, index: int) -> None:
    """The rounded input and the output of one call, in every bit."""
    tile = run.tiles[index]
    where = f'{tile["name"]}, call {tile["call"]}'
    x, rounded, output, residual = (run.tensor(f"tile/{index}/{part}") for part in ("input", "rounded", "output", "residual"))
    inner, rows, columns, stride = (tile[key] for key in ("inner", "rows", "columns", "inputStride"))
    product = Product(file, tile["name"], tile["lead"])
    if product.weight.shape != (columns, inner):
        raise SystemExit(f"{where}: a product of {columns} x {inner}, the file has {product.weight.shape}")
    q, clamped = quantise(x, product.input_scale, inner)
    if not np.array_equal(q, rounded) or clamped:
        raise SystemExit(f"{where}: {np.count_nonzero(q != rounded)} of {q.size} values are rounded otherwise, {clamped} clamped")
    window = np.lib.stride_tricks.sliding_window_view(q, inner)[::stride][:rows]
    # In whole numbers throughout, here; int64 cannot overflow.
    total = window.astype(np.int64) @ product.weight.T.astype(np.int64)
    if np.abs(total).max() > LARGEST_INT32 or not np.array_equal(total, integer_product(window, product.weight)):
        raise SystemExit(f"{where}: a sum leaves int32")
    if residual is not None:
        residual = residual.reshape(rows, columns)
    y = scale_back(total.astype(np.int32), product.weight_scale, product.input_scale, product.bias, residual)
    if y.dtype != np.float32 or not np.array_equal(y.view(np.int32), output.reshape(rows, columns).view(np.int32)):
        raise SystemExit(f"{where}: {np.count_nonzero(y != output.reshape(rows, columns))} of {y.size} outputs differ")


def check_blocks(file: QuantizedFile, run: Run) -> tuple[float, str, float]:
    """The largest difference of a block in quantization steps, which block, and the whole network's signal to noise in dB."""
    network = quantized_network(file)
    x = torch.from_numpy(run.tensor("input")).double().reshape(1, len(file.config["leads"]), -1)
    worst = (0.0, "")

    def expected_of(name: str, value: Tensor) -> Tensor:
        """The runtime's [L][T][C] or [C] as the reference has it, [1, C, L, T] or [1, C]."""
        stored = torch.from_numpy(run.tensor(f"block/{name}")).double()
        if value.ndim == 2:
            return stored[None]
        _, channels, leads, time_steps = value.shape
        return stored.reshape(leads, time_steps, channels).permute(2, 0, 1)[None]

    def compare_and_go_on(name: str, value: Tensor) -> None:
        nonlocal worst
        expected = expected_of(name, value)
        steps = (value - expected).abs().max().item() / quantization_step(file, network, name, expected.numpy())
        worst = max(worst, (steps, name))
        if not steps <= 1:
            raise SystemExit(f"{name}: {steps:.2f} quantization steps from the reference")
        value.copy_(expected)  # the next block starts from what the runtime had

    with torch.no_grad():
        network(x, compare_and_go_on)
        logits = network(x)
    expected = expected_of("linear2", logits)
    noise = (logits - expected).square().sum().item()
    snr = 10 * math.log10(expected.square().sum().item() / noise) if noise else math.inf
    if snr < LEAST_SNR:
        raise SystemExit(f"the logits are {snr:.1f} dB from the reference's, expected {LEAST_SNR}")
    return worst[0], worst[1], snr


def check_folder(folder: Path) -> None:
    paths = sorted(folder.glob("*.int8.safetensors"))
    if not paths:
        raise SystemExit(f"no *.int8.safetensors in {folder}")
    for path in paths:
        name = path.name.removesuffix(".int8.safetensors")
        file, run = QuantizedFile(path), Run(folder / f"{name}.run.safetensors")
        products = {key.removesuffix(".input_scale") for key in file.tensors if key.endswith(".input_scale")}
        missing = products - {tile["name"] for tile in run.tiles}
        if missing:
            raise SystemExit(f"{name}: no tile of {', '.join(sorted(missing))}")
        for index in range(len(run.tiles)):
            check_tile(file, run, index)
        steps, block, snr = check_blocks(file, run)
        print(
            f"{name}: {len(run.tiles)} tiles of {len(products)} products equal; blocks within {steps:.2f} steps ({block}); "
            f"logits of the whole network {snr:.0f} dB from the reference's"
        )


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m training.quantized", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, metavar="DIR")
    torch.set_num_threads(1)
    check_folder(parser.parse_args(argv).folder)


if __name__ == "__main__":
    main()
