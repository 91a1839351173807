"""Golden values of the float64 reference network with the seeded test weights on the seeded test input.

    python -m training.golden                    test/golden/<preset>.safetensors, the committed samples
    python -m training.golden --signal           test/golden/signal.json, SciPy vectors (golden_signal.py)
    python -m training.golden --full DIR [--presets edge] [--cases 12-shared-published]
                                                 DIR/<preset>-<case>.safetensors, whole tensors, F32

Cases are leads present (12, or I and II) x leadProjection x headOrder: `2-perLead-leads`. Captured are the
outputs of all blocks: `blocks.N`, `resize`, `transformer.embd.N` (after its BatchNorm and ReLU),
`transformer.stem.N`, `transformer.branch.N` as [L][T][C]; `linearN` [C], `linear1`, `linear2` before the
activation that follows.

Committed file: `<case>/<block>` F32 [min(256, n)], a sample of the n values; `<case>/linear2` F64, all of them.
Up to 256 values are stored in order; of more, sample i is the value at floor((z_i >>> 8) * n / 2^24), z being
SplitMix32 seeded with FNV-1a("sample:" + block). `__metadata__`: `format` "leadwise-golden/1", `preset`, and `cases`
as JSON: for each case name, leads present, leadProjection, headOrder, inputNorm and blocks
[{name, shape, norm, mean}], of the whole tensors: Euclidean norm, mean.
"""

import argparse
import math
from pathlib import Path

import numpy as np
import torch

from training.config import PRESETS, ROOT, load_config
from training.export import canonical_json
from training.golden_signal import write_signal
from training.safetensors_file import write_safetensors
from training.test_weights import fnv1a32, splitmix32, test_input, test_network

GOLDEN = ROOT / "test" / "golden"
SAMPLES = 256
# name: (leads present, None for all; leadProjection; headOrder)
CASES = {
    f"{count}-{projection}-{order}": (leads, projection, order)
    for count, leads in ((12, None), (2, ["I", "II"]))
    for projection in ("shared", "perLead")
    for order in ("published", "leads")
}


def sample_indices(block: str, n: int) -> np.ndarray:
    """int64[min(256, n)], flat indices into the block's output."""
    if n <= SAMPLES:
        return np.arange(n)
    return (splitmix32(fnv1a32("sample:" + block), SAMPLES) >> np.uint32(8)).astype(np.int64) * n >> 24


def run_case(preset: str, case: str) -> tuple[dict[str, np.ndarray], dict]:
    """Every block's float64 output, [L][T][C] or [C], in order of execution, and the case's metadata."""
    leads, projection, order = CASES[case]
    config = load_config(preset, leadProjection=projection, headOrder=order)
    leads = leads or config["leads"]
    x = test_input(config, leads)
    blocks: dict[str, np.ndarray] = {}

    def observe(name: str, value: torch.Tensor) -> None:
        value = value[0]
        blocks[name] = (value.permute(1, 2, 0) if value.ndim == 3 else value).contiguous().numpy()

    with torch.no_grad():
        test_network(config)(torch.from_numpy(x).double()[None], observe)
    return blocks, {
        "name": case,
        "leads": leads,
        "leadProjection": projection,
        "headOrder": order,
        "inputNorm": norm(x),
        "blocks": [
            {"name": name, "shape": list(value.shape), "norm": norm(value), "mean": float(value.mean())}
            for name, value in blocks.items()
        ],
    }


def norm(x: np.ndarray) -> float:
    """Euclidean norm in float64."""
    return math.sqrt(np.square(x.astype(np.float64)).sum())


def golden_tensors(preset: str, cases=tuple(CASES)) -> tuple[dict[str, np.ndarray], list[dict]]:
    """What the committed file of a preset holds: tensors by `<case>/<block>`, and the cases' metadata."""
    tensors, listed = {}, []
    for case in cases:
        blocks, metadata = run_case(preset, case)
        listed.append(metadata)
        for name, value in blocks.items():
            sample = value.ravel()[sample_indices(name, value.size)]
            tensors[f"{case}/{name}"] = sample if name == "linear2" else sample.astype(np.float32)
    return tensors, listed


def file_metadata(preset: str, cases: list[dict]) -> dict[str, str]:
    return {"format": "leadwise-golden/1", "preset": preset, "cases": canonical_json(cases)}


def write_golden(preset: str) -> None:
    tensors, cases = golden_tensors(preset)
    write_safetensors(GOLDEN / f"{preset}.safetensors", tensors, file_metadata(preset, cases))


def write_full(folder: Path, preset: str, case: str) -> None:
    blocks, metadata = run_case(preset, case)
    tensors = {name: value.astype(np.float32) for name, value in blocks.items()}
    write_safetensors(folder / f"{preset}-{case}.safetensors", tensors, file_metadata(preset, [metadata]))


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m training.golden", description=__doc__.splitlines()[0])
    parser.add_argument("--presets", nargs="+", choices=sorted(PRESETS), default=list(PRESETS))
    parser.add_argument("--cases", nargs="+", choices=sorted(CASES), default=list(CASES), help="for --full")
    parser.add_argument("--full", type=Path, metavar="DIR")
    parser.add_argument("--signal", action="store_true")
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    if args.signal:
        write_signal(GOLDEN / "signal.json")
    else:
        for preset in args.presets:
            if args.full:
                for case in args.cases:
                    write_full(args.full, preset, case)
            else:
                write_golden(preset)


if __name__ == "__main__":
    main()
