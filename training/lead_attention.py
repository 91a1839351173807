"""The reference network: local lead-attention for ECG classification, in plain PyTorch.

Manimaran, Puthusserypady, Dominguez, Bardram: "Reading Between the Leads: Local Lead-Attention Based
Classification of ECG Signals", Computing in Cardiology 2023. Written afresh from the description of
the published implementation; module names are the keys of its `state_dict`, so its checkpoints load
with `strict=True`.

Correct first, fast second: attention is dense with a mask. Inference only (dropout is absent).

    B batch, L leads, T time steps, C channels, D embedding, h heads, c = D/h
    activations are [B, C, L, T]; convolutions run along T only and share their weights between leads
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.config import CLASSES

HEAD_HIDDEN = 32  # linearN: (L * T_last) -> 32 -> 1
HEAD_WIDTH = 128  # linear1: D -> 128
LEAKY_SLOPE = 0.01


def conv_time(c_in: int, c_out: int, kernel: int, *, stride=1, pad=0, groups=1, bias=True) -> nn.Conv2d:
    """Convolution along time, weight [c_out, c_in / groups, 1, kernel]."""
    return nn.Conv2d(c_in, c_out, (1, kernel), (1, stride), (0, pad), groups=groups, bias=bias)


class DepthwiseSeparable(nn.Module):
    """DWS: depthwise k=9 -> LeakyReLU -> BatchNorm -> pointwise. [B, ci, L, T] -> [B, co, L, T']."""

    def __init__(self, c_in: int, c_out: int, stride: int, pad: int):
        super().__init__()
        self.depth_wise_conv = conv_time(c_in, c_out, 9, stride=stride, pad=pad, groups=c_in)
        self.batch_norm = nn.BatchNorm2d(c_out)
        self.point_wise = conv_time(c_out, c_out, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.leaky_relu(self.depth_wise_conv(x), LEAKY_SLOPE)
        return self.point_wise(self.batch_norm(x))


class StemBlock(nn.Module):
    """Two unpadded DWS, the second strided, and a residual chain of `depth` padded ones."""

    def __init__(self, c_in: int, c_out: int, stride: int, depth: int):
        super().__init__()
        self.p0 = DepthwiseSeparable(c_in, c_out, stride=1, pad=0)
        self.p01 = DepthwiseSeparable(c_out, c_out, stride=stride, pad=0)
        self.p1 = nn.Sequential(*(DepthwiseSeparable(c_out, c_out, stride=1, pad=4) for _ in range(depth)))

    def forward(self, x: Tensor) -> Tensor:
        x = self.p01(self.p0(x))
        return x + self.p1(x) if len(self.p1) else x  # an empty chain is no branch, not an identity


class PointwisePerLead(nn.Module):
    """A pointwise projection with a matrix for each lead: formula (1) of the paper."""

    def __init__(self, leads: int, c_in: int, c_out: int):
        super().__init__()
        bound = 1 / math.sqrt(c_in)
        self.weight = nn.Parameter(torch.empty(leads, c_out, c_in).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(leads, c_out).uniform_(-bound, bound))

    def forward(self, x: Tensor) -> Tensor:
        return torch.einsum("loi,bilt->bolt", self.weight, x) + self.bias.T[None, :, :, None]


class LeadAttention(nn.Module):
    """Attention over time; a token is one time step with the c channels of all leads together."""

    def __init__(self, config: dict, stride: int, window: int):
        super().__init__()
        dim, leads = config["dim"], len(config["leads"])
        per_lead = config["leadProjection"] == "perLead"
        self.heads, self.window, self.head_order = config["heads"], window, config["headOrder"]
        for name in ("query", "key", "value"):
            setattr(self, f"{name}_conv", conv_time(dim, dim, 3, stride=stride, pad=1, groups=dim, bias=False))
            setattr(self, f"{name}_norm", nn.BatchNorm2d(dim))
            setattr(self, name, PointwisePerLead(leads, dim, dim) if per_lead else conv_time(dim, dim, 1))
        self.proj = conv_time(dim, dim, 1)

    def to_tokens(self, x: Tensor) -> Tensor:
        """[B, h*c, L, T] -> [B, h, T, L*c], the flat token index being l*c + i."""
        return x.unflatten(1, (self.heads, -1)).permute(0, 1, 4, 3, 2).flatten(3)

    def from_tokens(self, o: Tensor, leads: int) -> Tensor:
        """[B, h, T, L*c] -> [B, h*c, L, T]."""
        if self.head_order == "published":
            # The authors' code reads the lead-major index f = l*c + i back as (channel, lead):
            # the value lands in channel f // L of lead f % L. Trained weights rely on it.
            o = o.unflatten(3, (-1, leads))  # [B, h, T, c, L]
        else:
            o = o.unflatten(3, (leads, -1)).transpose(3, 4)  # [B, h, T, L, c] -> [B, h, T, c, L]
        return o.permute(0, 1, 3, 4, 2).flatten(1, 2)

    def forward(self, x: Tensor) -> Tensor:
        q = self.to_tokens(self.query(self.query_norm(self.query_conv(x))))
        k = self.to_tokens(self.key(self.key_norm(self.key_conv(x))))
        v = self.to_tokens(self.value(self.value_norm(self.value_conv(x))))
        leads, time_steps = x.shape[2], q.shape[2]
        # Scaled by the head's width c, although the sum runs over L*c products.
        score = q @ k.transpose(2, 3) / math.sqrt(q.shape[3] // leads)  # [B, h, T, T]
        if self.window != -1:
            step = torch.arange(time_steps, device=x.device)
            outside = (step[:, None] - step[None, :]).abs() > self.window // 2
            score = score.masked_fill(outside, -math.inf)
        return self.proj(self.from_tokens(score.softmax(dim=3) @ v, leads))


class TransformerBlock(nn.Module):
    """y = skip(x) + attn(ln1(x)); out = y + mlp(ln2(y)). `ln1` and `ln2` are BatchNorm over channels."""

    def __init__(self, config: dict, stride: int, window: int):
        super().__init__()
        dim, hidden = config["dim"], config["dim"] * config["mlpRatio"]
        self.stride = stride
        self.ln1 = nn.BatchNorm2d(dim)
        self.attn = LeadAttention(config, stride, window)
        self.ln2 = nn.BatchNorm2d(dim)
        # Index 2 is the published code's dropout; the Identity keeps `mlp.3` in its place.
        self.mlp = nn.Sequential(conv_time(dim, hidden, 1), nn.GELU(), nn.Identity(), conv_time(hidden, dim, 1))

    def forward(self, x: Tensor) -> Tensor:
        # max_pool2d pads with -infinity.
        skip = x if self.stride == 1 else F.max_pool2d(x, (1, 3), (1, self.stride), (0, 1))
        y = skip + self.attn(self.ln1(x))
        return y + self.mlp(self.ln2(y))


class Transformer(nn.Module):
    """Two k=5 convolutions (`embd`), full-rate blocks (`stem`), blocks of stride 2 (`branch`)."""

    def __init__(self, config: dict):
        super().__init__()
        dim, windows, full = config["dim"], config["windows"], config["fullRateBlocks"]
        if len(windows) != full + config["stridedBlocks"]:
            raise ValueError(f'"windows" expected {full + config["stridedBlocks"]} entries, got {len(windows)}')
        self.embd = nn.ModuleList(conv_time(dim, dim, 5, pad=2, bias=False) for _ in range(2))
        self.embd_norm = nn.ModuleList(nn.BatchNorm2d(dim) for _ in range(2))
        self.stem = nn.ModuleList(TransformerBlock(config, 1, window) for window in windows[:full])
        self.branch = nn.ModuleList(TransformerBlock(config, 2, window) for window in windows[full:])


class LeadAttentionNetwork(nn.Module):
    """The whole network of a config: float[B, L, windowSamples] -> float[B, classes] logits."""

    def __init__(self, config: dict, classes: int = len(CLASSES)):
        super().__init__()
        self.config = config
        dim, leads, stem = config["dim"], len(config["leads"]), config["stem"]
        time_steps = config["resizeTo"]
        for _ in range(config["stridedBlocks"]):
            time_steps = (time_steps + 1) // 2
        self.blocks = nn.ModuleList(StemBlock(*sizes) for sizes in stem)
        self.blocks.append(conv_time(stem[-1][1], dim, 1))
        self.transformer = Transformer(config)
        self.linearN = nn.Sequential(nn.Linear(leads * time_steps, HEAD_HIDDEN), nn.ReLU(), nn.Linear(HEAD_HIDDEN, 1))
        self.linear1 = nn.Linear(dim, HEAD_WIDTH)
        self.linear2 = nn.Linear(HEAD_WIDTH, classes)

    def forward(self, x: Tensor, observe=lambda name, value: None) -> Tensor:
        """`observe(name, value)` sees every block's output: [B, C, L, T], in the head [B, C]."""
        x = x[:, None]  # [B, 1, L, windowSamples]
        for n, block in enumerate(self.blocks):
            x = block(x)
            observe(f"blocks.{n}", x)

        channels_leads = x.shape[1:3]
        x = F.interpolate(x.flatten(1, 2), self.config["resizeTo"], mode="linear", align_corners=False)
        x = x.unflatten(1, channels_leads)
        observe("resize", x)

        transformer = self.transformer
        for n, (conv, norm) in enumerate(zip(transformer.embd, transformer.embd_norm)):
            x = F.relu(norm(conv(x)))
            observe(f"transformer.embd.{n}", x)
        for n, block in enumerate(transformer.stem):
            x = block(x)
            observe(f"transformer.stem.{n}", x)
        for n, block in enumerate(transformer.branch):
            x = block(x)
            observe(f"transformer.branch.{n}", x)

        x = self.linearN(x.flatten(2)).squeeze(2)  # [B, D, L*T_last], index lead*T_last + time -> [B, D]
        observe("linearN", x)
        x = self.linear1(F.leaky_relu(x, LEAKY_SLOPE))
        observe("linear1", x)
        x = self.linear2(F.leaky_relu(x, LEAKY_SLOPE))
        observe("linear2", x)
        return x


def count_parameters(network: nn.Module) -> int:
    """Trainable values, that is without BatchNorm's running statistics."""
    return sum(parameter.numel() for parameter in network.parameters())
