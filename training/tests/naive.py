"""One transformer block from the formulas, in NumPy and plain loops: the reference's own reference.

Written from the description alone, sharing no code with `lead_attention.py`. `w` holds float64 arrays by
`state_dict` name, relative to the block; activations are x[L][T][C]. Slow; small sizes only.
"""

import math

import numpy as np


def batch_norm(w: dict, name: str, x: np.ndarray) -> np.ndarray:
    scale = w[name + ".weight"] / np.sqrt(w[name + ".running_var"] + 1e-5)
    return (x - w[name + ".running_mean"]) * scale + w[name + ".bias"]


def pointwise(w: dict, name: str, x: np.ndarray) -> np.ndarray:
    weight, bias = w[name + ".weight"], w[name + ".bias"]
    out = np.zeros(x.shape[:2] + bias.shape[-1:])
    for lead in range(x.shape[0]):
        per_lead = weight.ndim == 3
        matrix = weight[lead] if per_lead else weight[:, :, 0, 0]
        for t in range(x.shape[1]):
            out[lead, t] = matrix @ x[lead, t] + (bias[lead] if per_lead else bias)
    return out


def depthwise3(weight: np.ndarray, x: np.ndarray, stride: int) -> np.ndarray:
    leads, time_steps, channels = x.shape
    out = np.zeros((leads, math.ceil(time_steps / stride), channels))
    for lead, t, channel in np.ndindex(*out.shape):
        for tap in range(3):
            source = t * stride + tap - 1
            if 0 <= source < time_steps:
                out[lead, t, channel] += weight[channel, 0, 0, tap] * x[lead, source, channel]
    return out


def max_pool(x: np.ndarray) -> np.ndarray:
    leads, time_steps, channels = x.shape
    out = np.full((leads, math.ceil(time_steps / 2), channels), -np.inf)
    for lead, t, channel in np.ndindex(*out.shape):
        for source in (2 * t - 1, 2 * t, 2 * t + 1):
            if 0 <= source < time_steps:
                out[lead, t, channel] = max(out[lead, t, channel], x[lead, source, channel])
    return out


def attention(w: dict, x: np.ndarray, config: dict, stride: int, window: int) -> np.ndarray:
    q, k, v = (
        pointwise(w, f"attn.{n}", batch_norm(w, f"attn.{n}_norm", depthwise3(w[f"attn.{n}_conv.weight"], x, stride)))
        for n in ("query", "key", "value")
    )
    leads, time_steps, dim = q.shape
    heads = config["heads"]
    c = dim // heads
    out = np.zeros(q.shape)
    for m in range(heads):
        for t in range(time_steps):
            seen = [u for u in range(time_steps) if window == -1 or abs(u - t) <= window // 2]
            score = [
                sum(q[lead, t, m * c + i] * k[lead, u, m * c + i] for lead in range(leads) for i in range(c))
                / math.sqrt(c)
                for u in seen
            ]
            share = [math.exp(s - max(score)) for s in score]
            for lead in range(leads):
                for i in range(c):
                    o = sum(p * v[lead, u, m * c + i] for p, u in zip(share, seen)) / sum(share)
                    flat = lead * c + i
                    if config["headOrder"] == "published":
                        out[flat % leads, t, m * c + flat // leads] = o
                    else:
                        out[lead, t, m * c + i] = o
    return pointwise(w, "attn.proj", out)


def transformer_block(w: dict, x: np.ndarray, config: dict, stride: int, window: int) -> np.ndarray:
    y = (x if stride == 1 else max_pool(x)) + attention(w, batch_norm(w, "ln1", x), config, stride, window)
    hidden = pointwise(w, "mlp.0", batch_norm(w, "ln2", y))
    hidden = hidden * 0.5 * (1 + np.vectorize(math.erf)(hidden / math.sqrt(2)))
    return y + pointwise(w, "mlp.3", hidden)
