"""Seeded test weights and a seeded test input, the same bits in Python and in TypeScript.

A network of purely random weights is chaotic (it amplifies rounding by about 10 dB a stem block), so each
weight tensor has a scale, fitted layer by layer on one real record to unit output variance (LSUV) and committed
in `test/golden/scales.json`. BatchNorm statistics, affine terms and biases are near but clearly off their
defaults, so that every fold, border and bias shows.

    python -m training.test_weights --fit                      # makes scales.json; needs the data folder
    python -m training.test_weights --preset edge -o FILE      # the weights as a leadwise/1 file

Random numbers are SplitMix32, counter based, in unsigned 32-bit arithmetic; i counts from 0:

    z_i  = fmix32(seed + (i + 1) * 0x9E3779B9)      fmix32: the finaliser of MurmurHash3
    u_i  = (z_i >>> 8) * 2^-23 - 1                  in [-1, 1)
    seed = FNV-1a-32 of the UTF-8 bytes of a name

A tensor's seed is its name, i its flat index. In double precision, in this order of operations, rounded once
to float32:

    conv / linear `.weight`   (u * sqrt(3 / fanIn)) * scale, fanIn the product of shape[1:], of [L, out, in]: in
    conv / linear `.bias`     0.2 * u
    BatchNorm `.weight` 1 + 0.3 * u, `.bias` 0.2 * u, `.running_mean` 0.2 * u, `.running_var` 1 + 0.4 * u

BatchNorm is what has a `.weight` of one dimension. Scales go by preset and name; per-lead and shared
projections, and both head orders, use the same ones.
"""

import argparse
import json
import math
from pathlib import Path

import numpy as np
import torch
from torch import nn

from training.config import PRESETS, ROOT, load_config
from training.export import write_weights
from training.lead_attention import LeadAttentionNetwork

__test__ = False  # for pytest: "test_" is part of the names here, these are no tests

SCALES = ROOT / "test" / "golden" / "scales.json"
FIT_RECORD = "records/JS00045"  # 10 s, 500 Hz, 12 leads
BRANCH_END_STD = 0.5
LOGIT_STD = 1.7
MASK32 = np.uint64(0xFFFFFFFF)

# The test input's leads I II III aVR aVL aVF V1..V6: amplitudes of P, R, S, T in 1/16 of a standard deviation.
AMPLITUDES = (
    (8, 90, -12, 22), (12, 110, -14, 28), (5, 40, -10, 10), (-10, -100, 12, -25), (3, 55, -12, 8), (9, 75, -12, 19),
    (6, 25, -90, -12), (7, 40, -110, 35), (7, 70, -75, 40), (8, 110, -45, 36), (8, 105, -22, 28), (8, 85, -10, 22),
)  # fmt: skip
# Their centres and half widths in hundredths of a second, in a beat of 0.8 s.
PULSES = ((20, 5), (36, 3), (40, 3), (60, 10))


def fnv1a32(text: str) -> int:
    value = 2166136261
    for byte in text.encode():
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return value


def splitmix32(seed: int, count: int) -> np.ndarray:
    """uint32[count]: z_0 .. z_{count-1}."""
    z = (np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B9)) & MASK32
    z = (z ^ (z >> np.uint64(16))) * np.uint64(0x85EBCA6B) & MASK32
    z = (z ^ (z >> np.uint64(13))) * np.uint64(0xC2B2AE35) & MASK32
    return (z ^ (z >> np.uint64(16))).astype(np.uint32)


def test_tensor(name: str, shape: tuple[int, ...], batch_norm: bool, scale: float = 1.0) -> np.ndarray:
    """float32[shape], by the rules at the top of this file."""
    u = (splitmix32(fnv1a32(name), math.prod(shape)) >> np.uint32(8)) * 2.0**-23 - 1.0
    kind = name.rpartition(".")[2]
    if kind == "running_var":
        values = 1.0 + 0.4 * u
    elif kind != "weight":  # bias, running_mean
        values = 0.2 * u
    elif batch_norm:
        values = 1.0 + 0.3 * u
    else:
        per_lead = len(shape) == 3
        fan_in = shape[2] if per_lead else math.prod(shape[1:])
        values = (u * math.sqrt(3.0 / fan_in)) * scale
    return values.reshape(shape).astype(np.float32)


def test_state_dict(config: dict, scales: dict[str, float] | None = None) -> dict[str, torch.Tensor]:
    """Every tensor of the config's network; `scales` defaults to the committed ones of its preset."""
    if scales is None:
        scales = json.loads(SCALES.read_text())[config["preset"]]
    shapes = {name: tuple(tensor.shape) for name, tensor in LeadAttentionNetwork(config).state_dict().items()}
    return {
        name: torch.from_numpy(test_tensor(name, shape, len(shape) == 1, scales.get(name, 1.0)))
        for name, shape in shapes.items()
        if not name.endswith("num_batches_tracked")
    }


def test_network(config: dict, dtype=torch.float64) -> LeadAttentionNetwork:
    """The reference network with the test weights (float32 values) in the arithmetic of `dtype`."""
    network = LeadAttentionNetwork(config)
    network.load_state_dict(test_state_dict(config))
    return network.to(dtype).eval()


def test_input(config: dict, present_leads: list[str]) -> np.ndarray:
    """float32[L][windowSamples], ECG-like; leads not in `present_leads` are rows of zeros.

    Integers up to the last step; all divisions are floors of non-negative numbers:

        pad = max(0, windowSamples - 10 * fs) zeros, as a 10 s record padded on the left; then, for t = n - pad,
        beat = t // period, phase = t % period, period = 4 * fs // 5
        w of R is doubled in every fourth beat (beat % 4 == 3): a wide, "ectopic" beat
        pulse(c, w) = 256 * max(0, w - |phase - c|) // w, c = centre * fs // 100, w = halfWidth * fs // 100 (times 2)
        value = sum over P, R, S, T of amplitude[lead][.] * pulse(.) + 8 * ((z_t >>> 24) - 128)
        x[lead][n] = value / 4096, exact in float32; z is seeded with "input:" + lead
    """
    fs, window = config["fs"], config["windowSamples"]
    pad = max(0, window - 10 * fs)
    beat, phase = np.divmod(np.arange(window - pad), 4 * fs // 5)
    x = np.zeros((len(config["leads"]), window), dtype=np.float32)
    for row, lead in enumerate(config["leads"]):
        if lead not in present_leads:
            continue
        value = 8 * ((splitmix32(fnv1a32("input:" + lead), window - pad) >> np.uint32(24)).astype(np.int64) - 128)
        for n, (centre, half_width) in enumerate(PULSES):
            width = half_width * fs // 100 * np.where((beat % 4 == 3) & (n == 1), 2, 1)
            distance = np.abs(phase - centre * fs // 100)
            value += AMPLITUDES[row % 12][n] * (256 * np.maximum(0, width - distance) // width)
        x[row, pad:] = value / 4096
    return x


def target_std(name: str, config: dict) -> float:
    """Standard deviation of a module's output: the ends of residual branches are smaller than the trunk."""
    chain_ends = {f"blocks.{n}.p1.{depth - 1}.point_wise" for n, (_, _, _, depth) in enumerate(config["stem"])}
    if name in chain_ends or name.endswith((".attn.proj", ".mlp.3")):
        return BRANCH_END_STD
    return LOGIT_STD if name == "linear2" else 1.0


def fit_scales(config: dict, x: np.ndarray) -> dict[str, float]:
    """LSUV in one forward pass of x, float32[L][windowSamples]: each layer is fitted on the fitted ones before it."""
    scales: dict[str, float] = {}
    network = LeadAttentionNetwork(config)
    network.load_state_dict(test_state_dict(config, scales={}))
    network.double().eval()

    def fit(name: str):
        def hook(module: nn.Module, inputs: tuple, output: torch.Tensor) -> torch.Tensor:
            # output = a + b with a = W x and b the bias: solve var(s*a + b) = target^2 for s.
            b = module.forward(torch.zeros_like(inputs[0]))
            (var_a, cov), (_, var_b) = torch.cov(torch.stack([(output - b).flatten(), b.flatten()])).tolist()
            missing = target_std(name, config) ** 2 - var_b
            s = (-cov + math.sqrt(cov * cov + var_a * missing)) / var_a
            key, shape = name + ".weight", tuple(module.weight.shape)
            scales[key] = float(f"{s:.4g}")
            module.weight.copy_(torch.from_numpy(test_tensor(key, shape, False, scales[key])))
            return module.forward(inputs[0])

        return hook

    for name, module in network.named_modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            module.register_forward_hook(fit(name))
    with torch.no_grad():
        network(torch.from_numpy(x).double()[None])
    return dict(sorted(scales.items()))


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m training.test_weights", description=__doc__.splitlines()[0])
    parser.add_argument("--fit", action="store_true", help=f"fit {SCALES.name} on a real record")
    parser.add_argument("--data", type=Path, default=ROOT / "../shared/data", help="data folder, for --fit")
    parser.add_argument("--preset", choices=sorted(PRESETS), default="edge")
    parser.add_argument("--head-order", choices=("published", "leads"), default="published")
    parser.add_argument("--lead-projection", choices=("shared", "perLead"), default="shared")
    parser.add_argument("-o", "--output", type=Path, help="write the weights of a preset")
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    if args.fit:
        from training.records import preprocess_record, read_record  # wfdb is needed here only

        record = read_record(args.data / FIT_RECORD)
        scales = {preset: fit_scales(config, preprocess_record(record, config)) for preset, config in PRESETS.items()}
        SCALES.write_text(json.dumps(scales, indent=1) + "\n")
    elif args.output:
        config = load_config(args.preset, headOrder=args.head_order, leadProjection=args.lead_projection)
        name = f"test-{args.preset}-{args.lead_projection}-{args.head_order}"
        provenance = "seeded test weights, untrained"
        write_weights(args.output, test_state_dict(config), config, name=name, provenance=provenance)
    else:
        parser.error("nothing to do: give --fit or -o FILE")


if __name__ == "__main__":
    main()
