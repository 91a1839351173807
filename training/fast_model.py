"""The lead-attention family, laid out for training on a CPU.

The same functions as the plain reference network, tensors as [B, L, T, C] (batch, lead, time,
channel) instead of [B, C, L, T]. With the channel last, a pointwise convolution is one matrix product,
a depthwise one works on rows that lie in memory as they are needed (kernels.py), and a token of the
attention is read where it stands; PyTorch's grouped convolution, whose backward dominated every step,
is not needed at all.

Parameters keep the names *and shapes* of the published checkpoint (`[out, in/groups, 1, k]`) and
are only viewed differently in `forward`, so a state_dict moves between the two without a converter.

Legend: B batch, L leads, T time steps, D embedding channels.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.kernels import depthwise, has_fast_bfloat16, local_attention

STEM_KERNEL = 9
QKV_KERNEL = 3
EMBED_KERNEL = 5
LEAKY_SLOPE = 0.01
HEAD_HIDDEN = 32
CLASSIFIER_HIDDEN = 128


class PublishedConv(nn.Conv2d):
    """A holder for parameters in the published shape; its own (slow) forward is never called."""

    half = False  # products in bfloat16 while training


def published_conv(out: int, inp: int, kernel: int = 1, *, groups: int = 1, bias: bool = True) -> PublishedConv:
    return PublishedConv(inp, out, (1, kernel), groups=groups, bias=bias)


class PerLeadPointwise(nn.Module):
    """A matrix for each lead: weight [L, out, in], bias [L, out]."""

    half = False

    def __init__(self, leads: int, out: int, inp: int) -> None:
        super().__init__()
        each = [nn.Linear(inp, out) for _ in range(leads)]
        self.weight = nn.Parameter(torch.stack([layer.weight.detach() for layer in each]))
        self.bias = nn.Parameter(torch.stack([layer.bias.detach() for layer in each]))


def pointwise(x: Tensor, conv: PublishedConv | PerLeadPointwise) -> Tensor:
    """1 x 1 convolution: [B, L, T, in] -> [B, L, T, out], in bfloat16 where `half` says so."""
    if isinstance(conv, PerLeadPointwise):
        weight, bias = conv.weight.mT, conv.bias[:, None]
        if conv.half and conv.training and has_fast_bfloat16():
            return x.bfloat16() @ weight.bfloat16() + bias.bfloat16()
        return x @ weight + bias
    weight = conv.weight.flatten(1)
    if conv.half and conv.training and has_fast_bfloat16():
        return F.linear(x.bfloat16(), weight.bfloat16(), None if conv.bias is None else conv.bias.bfloat16())
    return F.linear(x, weight, conv.bias)


def batch_norm(x: Tensor, norm: nn.BatchNorm2d) -> Tensor:
    """BatchNorm over the last axis; PyTorch has a channels-last kernel for [N, C]."""
    return F.batch_norm(
        x.reshape(-1, x.shape[-1]), norm.running_mean, norm.running_var, norm.weight, norm.bias,
        norm.training, norm.momentum, norm.eps,
    ).view(x.shape)


def conv_time(x: Tensor, conv: nn.Conv2d) -> Tensor:
    """Dense convolution along time, same length, no bias: [B, L, T, in] -> [B, L, T, out].

    Seen as [B, in, L, T] this is PyTorch's channels-last format, for which oneDNN has a fast kernel.
    """
    kernel = conv.weight.shape[3]
    return F.conv2d(x.permute(0, 3, 1, 2), conv.weight, padding=(0, kernel // 2)).permute(0, 2, 3, 1)


class DepthwiseSeparable(nn.Module):
    """DWS: depthwise k = 9 -> LeakyReLU -> BatchNorm -> pointwise."""

    def __init__(self, inp: int, out: int, stride: int, pad: int) -> None:
        super().__init__()
        self.stride, self.pad = stride, pad
        self.depth_wise_conv = published_conv(out, inp, STEM_KERNEL, groups=inp)
        self.batch_norm = nn.BatchNorm2d(out)
        self.point_wise = published_conv(out, out)

    def forward(self, x: Tensor) -> Tensor:
        conv = self.depth_wise_conv
        x = depthwise(x, conv.weight, conv.bias, stride=self.stride, pad=self.pad, slope=LEAKY_SLOPE)
        return pointwise(batch_norm(x, self.batch_norm), self.point_wise).float()


class StemBlock(nn.Module):
    """Two unpadded DWS, the second strided, then a residual chain of `depth` padded ones."""

    def __init__(self, inp: int, out: int, stride: int, depth: int) -> None:
        super().__init__()
        self.p0 = DepthwiseSeparable(inp, out, 1, 0)
        self.p01 = DepthwiseSeparable(out, out, stride, 0)
        self.p1 = nn.Sequential(*(DepthwiseSeparable(out, out, 1, STEM_KERNEL // 2) for _ in range(depth)))

    def forward(self, x: Tensor) -> Tensor:
        x = self.p01(self.p0(x))
        return x + self.p1(x) if len(self.p1) else x


class LeadAttention(nn.Module):
    """Attention over time with one weight per pair of time steps, shared by all leads."""

    def __init__(self, config: dict, stride: int, window: int) -> None:
        super().__init__()
        dim, per_lead = config["dim"], config["leadProjection"] == "perLead"
        self.stride = stride
        self.how = {"heads": config["heads"], "window": window, "head_order": config["headOrder"]}
        for name in ("query", "key", "value"):
            self.add_module(f"{name}_conv", published_conv(dim, dim, QKV_KERNEL, groups=dim, bias=False))
            self.add_module(f"{name}_norm", nn.BatchNorm2d(dim))
            self.add_module(name, PerLeadPointwise(len(config["leads"]), dim, dim) if per_lead else published_conv(dim, dim))
        self.proj = published_conv(dim, dim)

    def project(self, x: Tensor, name: str) -> Tensor:
        """[B, L, T, D] -> [B, L, T', D] with T' = ceil(T / stride)."""
        conv = getattr(self, f"{name}_conv")
        x = depthwise(x, conv.weight, stride=self.stride, pad=QKV_KERNEL // 2)
        return pointwise(batch_norm(x, getattr(self, f"{name}_norm")), getattr(self, name)).float()

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (self.project(x, name) for name in ("query", "key", "value"))
        return pointwise(local_attention(q, k, v, **self.how), self.proj)


class TransformerBlock(nn.Module):
    """y = skip(x) + Attention(BN1(x)); out = y + MLP(BN2(y)); stride 2 halves the time axis."""

    def __init__(self, config: dict, stride: int, window: int) -> None:
        super().__init__()
        dim, hidden = config["dim"], config["dim"] * config["mlpRatio"]
        self.stride = stride
        self.ln1 = nn.BatchNorm2d(dim)
        self.attn = LeadAttention(config, stride, window)
        self.ln2 = nn.BatchNorm2d(dim)
        # Numbered as published: 1 is the GELU, 2 dropout.
        self.mlp = nn.ModuleDict({"0": published_conv(hidden, dim), "3": published_conv(dim, hidden)})

    def skip(self, x: Tensor) -> Tensor:
        """Max-pool k 3, stride 2, pad 1 along time: [B, L, T, D] -> [B, L, ceil(T / 2), D]."""
        return F.max_pool2d(x.permute(0, 3, 1, 2), (1, 3), (1, 2), (0, 1)).permute(0, 2, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = (x if self.stride == 1 else self.skip(x)) + self.attn(batch_norm(x, self.ln1))
        hidden = F.gelu(pointwise(batch_norm(y, self.ln2), self.mlp["0"]))
        return y + pointwise(hidden, self.mlp["3"])


class Transformer(nn.Module):
    """Two k = 5 convolutions (the embedding), full-rate blocks (`stem`), strided ones (`branch`)."""

    def __init__(self, config: dict) -> None:
        super().__init__()
        dim, full, strided = config["dim"], config["fullRateBlocks"], config["stridedBlocks"]
        self.embd = nn.ModuleList(published_conv(dim, dim, EMBED_KERNEL, bias=False) for _ in range(2))
        self.embd_norm = nn.ModuleList(nn.BatchNorm2d(dim) for _ in range(2))
        windows = config["windows"]
        self.stem = nn.ModuleList(TransformerBlock(config, 1, w) for w in windows[:full])
        self.branch = nn.ModuleList(TransformerBlock(config, 2, w) for w in windows[full:])
        assert len(windows) == full + strided, "one window per block"

    def forward(self, x: Tensor) -> Tensor:
        for conv, norm in zip(self.embd, self.embd_norm):
            x = F.relu(batch_norm(conv_time(x, conv), norm))
        for block in (*self.stem, *self.branch):
            x = block(x)
        return x


class FastLeadAttention(nn.Module):
    """Signal [B, L, windowSamples] (z-scored, float32) -> logits [B, classes].

    `config` is an entry of src/presets.json; `dropout` (in the head) and `half` (pointwise products in
    bfloat16) act in training only.
    """

    def __init__(self, config: dict, classes: int, dropout: float = 0.0, half: bool = False) -> None:
        super().__init__()
        self.resize_to, self.dropout = config["resizeTo"], dropout
        stem = [StemBlock(*block) for block in config["stem"]]
        self.blocks = nn.ModuleList([*stem, published_conv(config["dim"], config["stem"][-1][1])])
        self.transformer = Transformer(config)
        tokens = len(config["leads"]) * final_steps(config)
        self.linearN = nn.Sequential(nn.Linear(tokens, HEAD_HIDDEN), nn.ReLU(), nn.Linear(HEAD_HIDDEN, 1))
        self.linear1 = nn.Linear(config["dim"], CLASSIFIER_HIDDEN)
        self.linear2 = nn.Linear(CLASSIFIER_HIDDEN, classes)
        for module in self.modules():
            if isinstance(module, PublishedConv | PerLeadPointwise):
                module.half = half

    def forward(self, signal: Tensor) -> Tensor:
        x = signal.unsqueeze(3)
        *stem, to_dim = self.blocks
        for block in stem:
            x = block(x)
        x = self.transformer(resize_time(pointwise(x, to_dim).float(), self.resize_to))
        x = x.flatten(1, 2).transpose(1, 2)  # [B, D, L * T], lead-major
        x = F.leaky_relu(self.linearN(x).squeeze(2), LEAKY_SLOPE)
        x = F.leaky_relu(self.linear1(F.dropout(x, self.dropout, self.training)), LEAKY_SLOPE)
        return self.linear2(F.dropout(x, self.dropout, self.training))


@torch.no_grad()
def quieten_branches(model: FastLeadAttention) -> None:
    """Zeros in the last layer of every residual branch: the network begins shallow, and grows deep as it learns.

    A deep stem of random weights under BatchNorm amplifies every difference; its gradients on two batches had
    nothing in common (cosine 0.006 after five epochs of `compact`, 0.2 for `edge`, one pair of batches each).
    """
    chains = [block.p1[-1].point_wise for block in model.blocks[:-1] if len(block.p1)]
    blocks = (*model.transformer.stem, *model.transformer.branch)
    for layer in (*chains, *(block.attn.proj for block in blocks), *(block.mlp["3"] for block in blocks)):
        layer.weight.zero_()
        layer.bias.zero_()


def final_steps(config: dict) -> int:
    """Time steps after the last block: each strided one halves, rounding up."""
    steps = config["resizeTo"]
    for _ in range(config["stridedBlocks"]):
        steps = (steps + 1) // 2
    return steps


def resize_time(x: Tensor, steps: int) -> Tensor:
    """Linear resize along time, half-pixel centres, edges clamped: [B, L, T, C] -> [B, L, steps, C]."""
    source = x.shape[2]
    position = ((torch.arange(steps, dtype=torch.float64) + 0.5) * (source / steps) - 0.5).clamp(0, source - 1)
    left = position.floor().long()
    matrix = torch.zeros(steps, source, dtype=torch.float64)
    matrix[torch.arange(steps), left] = 1 - (position - left)
    matrix[torch.arange(steps), (left + 1).clamp(max=source - 1)] += position - left
    return matrix.to(x.dtype) @ x


def to_state_dict(model: nn.Module) -> dict[str, Tensor]:
    """Published names and shapes, detached copies, without the `num_batches_tracked` counters."""
    return {
        name: tensor.detach().clone()
        for name, tensor in model.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }


def from_state_dict(model: nn.Module, tensors: dict[str, Tensor]) -> None:
    """Load a published state_dict (counters optional); a missing, unknown or misshapen name raises."""
    counters = {n: t for n, t in model.state_dict().items() if n.endswith("num_batches_tracked")}
    model.load_state_dict({**counters, **tensors}, strict=True)
