"""The operations that PyTorch runs slowly on a CPU, for tensors with the channel last.

`kernels.cpp` is compiled on first use (about a minute) into the cache folder of runs/. Without a
compiler the same functions run in plain PyTorch, several times slower (measured); `plain_*` are also
what the tests compare with.

Legend: B batch, L leads, T time steps, C channels, K taps, h heads, c = C / h.
"""

from __future__ import annotations

import functools
import warnings
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

SOURCE = Path(__file__).with_name("kernels.cpp")
BUILD_FOLDER = Path(__file__).with_name("runs") / "cache" / "kernels"
# -ffast-math lets sums run in vectors; nothing here divides by zero or meets a NaN.
FLAGS = ["-O3", "-march=native", "-ffast-math", "-mprefer-vector-width=512"]


@functools.cache
def compiled():
    """The compiled module, or None (with a warning, once) where it cannot be built."""
    from torch.utils import cpp_extension

    try:
        BUILD_FOLDER.mkdir(parents=True, exist_ok=True)
        return cpp_extension.load("kernels", [str(SOURCE)], extra_cflags=FLAGS, build_directory=str(BUILD_FOLDER))
    except (RuntimeError, OSError, ImportError) as error:
        warnings.warn(f"kernels.cpp was not built, training will be slow: {error}", stacklevel=2)
        return None


class CompiledDepthwise(torch.autograd.Function):
    """x [N, T, C], weight [K, C], bias [C] (or empty) -> [N, T', C]."""

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, bias: Tensor, stride: int, pad: int, slope: float) -> Tensor:
        x, weight = x.contiguous(), weight.contiguous()
        y = compiled().depthwise_forward(x, weight, bias, stride, pad, slope)
        ctx.save_for_backward(x, weight, y)
        ctx.how = (stride, pad, slope)
        return y

    @staticmethod
    def backward(ctx, grad: Tensor):
        grads = compiled().depthwise_backward(*ctx.saved_tensors, grad.contiguous(), *ctx.how)
        return *grads[:2], grads[2] if ctx.needs_input_grad[2] else None, None, None, None


def plain_depthwise(x: Tensor, weight: Tensor, bias: Tensor, stride: int, pad: int, slope: float) -> Tensor:
    """The same function in plain PyTorch: one multiply-add per tap."""
    x = F.pad(x, (0, 0, pad, pad))
    taps = weight.shape[0]
    last = (x.shape[1] - taps) // stride * stride + 1
    total = bias if bias.numel() else 0
    for j in range(taps):
        total = total + x[:, j : j + last : stride] * weight[j]
    return F.leaky_relu(total, slope) if slope != 1 else total


def depthwise(
    x: Tensor, weight: Tensor, bias: Tensor | None = None, *, stride: int = 1, pad: int = 0, slope: float = 1.0
) -> Tensor:
    """LeakyReLU(slope) of a depthwise convolution with zero padding: [B, L, T, in] -> [B, L, T', out].

    `weight` is [out, 1, 1, K] (published shape). Output channel o reads input channel
    o // (out / in). A slope of 1 leaves the sum as it is.
    """
    leads, out_channels = x.shape[1], weight.shape[0]
    if x.shape[3] != out_channels:
        x = x.repeat_interleave(out_channels // x.shape[3], dim=3)
    taps = weight.view(out_channels, -1).t()
    bias = x.new_empty(0) if bias is None else bias
    function = CompiledDepthwise.apply if compiled() else plain_depthwise
    return function(x.flatten(0, 1), taps, bias, stride, pad, slope).unflatten(0, (-1, leads))


class CompiledAttention(torch.autograd.Function):
    """q, k, v [B, L, T, C] -> [B, L, T, C]."""

    @staticmethod
    def forward(ctx, q: Tensor, k: Tensor, v: Tensor, heads: int, reach: int, published: bool) -> Tensor:
        q, k, v = q.contiguous(), k.contiguous(), v.contiguous()
        out, weights = compiled().attention_forward(q, k, v, heads, reach, published)
        ctx.save_for_backward(q, k, v, weights)
        ctx.how = (heads, reach, published)
        return out

    @staticmethod
    def backward(ctx, grad: Tensor):
        grads = compiled().attention_backward(*ctx.saved_tensors, grad.contiguous(), *ctx.how)
        return *grads, None, None, None


def plain_attention(q: Tensor, k: Tensor, v: Tensor, heads: int, reach: int, published: bool) -> Tensor:
    """The same function in plain PyTorch, over all pairs of time steps."""
    leads, steps, channels = q.shape[1], q.shape[2], q.shape[3] // heads
    # A token holds the c channels of all leads: [B, h, T, L * c].
    q, k, v = (x.unflatten(3, (heads, channels)).permute(0, 3, 2, 1, 4).flatten(3) for x in (q, k, v))
    time = torch.arange(steps, device=q.device)
    outside = (time[:, None] - time).abs() > reach
    scores = (q @ k.transpose(2, 3) * channels**-0.5).masked_fill(outside, float("-inf"))
    out = torch.softmax(scores, dim=-1) @ v
    if published:
        # The flat index l * c + i is read back as (channel, lead): see "lead order quirk".
        return out.unflatten(3, (channels, leads)).permute(0, 4, 2, 1, 3).flatten(3)
    return out.unflatten(3, (leads, channels)).permute(0, 3, 2, 1, 4).flatten(3)


def local_attention(q: Tensor, k: Tensor, v: Tensor, *, heads: int, window: int, head_order: str) -> Tensor:
    """softmax(q k' / sqrt(c)) v within the window, one weight per pair of time steps for all leads.

    [B, L, T, C] each and out; a window w reaches w // 2 to each side, -1 is global. `head_order`
    is "published" (the authors' lead order) or "leads".
    """
    reach = q.shape[2] - 1 if window < 0 else min(window // 2, q.shape[2] - 1)
    function = CompiledAttention.apply if compiled() else plain_attention
    return function(q, k, v, heads, reach, head_order == "published")


@functools.cache
def has_fast_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 itself (AVX512-BF16): elsewhere such products are slower than float32."""
    return torch.cpu._is_avx512_bf16_supported()
