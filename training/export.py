"""PyTorch checkpoint -> f32 weight file: `python -m training.export CHECKPOINT -o FILE --preset edge`.

CHECKPOINT is what `torch.save` wrote: a `state_dict`, or a dictionary that holds one under "state_dict"
and may hold "config", "classes", "thresholds" and "provenance" beside it; or a safetensors file with these in
its metadata. Command-line values win.

The file is safetensors; all metadata values are strings: `format` is "leadwise/1", `name` a name, the others
JSON with sorted keys (`config`, `classes`: first SNOMED code of each output, `thresholds` on the logit scale,
`provenance`).
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open

from training.config import CLASS_CODES, PRESETS
from training.lead_attention import LeadAttentionNetwork
from training.safetensors_file import write_safetensors


def canonical_json(value) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def to_arrays(state_dict: dict[str, torch.Tensor], config: dict, classes: int) -> dict[str, np.ndarray]:
    """The checkpoint's tensors as float32 under their own names, `num_batches_tracked` dropped.

    RuntimeError, naming the tensors, when they are not those of `config`.
    """
    LeadAttentionNetwork(config, classes).load_state_dict(state_dict, strict=True)
    return {
        name: tensor.detach().cpu().to(torch.float32).numpy()
        for name, tensor in state_dict.items()
        if not name.endswith("num_batches_tracked")
    }


def write_weights(
    path, state_dict, config, *, name, classes=None, thresholds=None, calibration=None, provenance=None
) -> None:
    """Write one weight file; without thresholds every one is 0 on the logit.

    `thresholds`: one for each class, or a list of {leads, values}; `calibration`: a list of {leads, temperature, shift}.
    """
    classes = CLASS_CODES if classes is None else classes
    thresholds = [0.0] * len(classes) if thresholds is None else thresholds
    for values in ([s["values"] for s in thresholds] if isinstance(thresholds[0], dict) else [thresholds]):
        if len(values) != len(classes):
            raise ValueError(f'"thresholds" expected {len(classes)} values, got {len(values)}')
    metadata = {
        "format": "leadwise/1",
        "name": name,
        "config": canonical_json(config),
        "classes": canonical_json(classes),
        "thresholds": canonical_json(thresholds),
        "provenance": canonical_json(provenance if provenance is not None else {}),
    }
    if calibration is not None:
        metadata["calibration"] = canonical_json(calibration)
    write_safetensors(path, to_arrays(state_dict, config, len(classes)), metadata)


def read_checkpoint(path: Path) -> dict:
    """A dictionary with "state_dict", and "config", "classes", "thresholds", "provenance" where the file has them."""
    if path.suffix != ".safetensors":
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
        return checkpoint if "state_dict" in checkpoint else {"state_dict": checkpoint}
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata() or {}
        checkpoint = {"state_dict": {name: file.get_tensor(name) for name in file.keys()}}
    for key in ("config", "classes", "thresholds", "provenance"):
        if key in metadata:
            checkpoint[key] = parse_json_or_text(metadata[key])
    return checkpoint


def parse_json_or_text(text: str):
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m training.export", description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--preset", choices=sorted(PRESETS))
    parser.add_argument("--config", type=Path, help="a config as JSON; wins over --preset")
    parser.add_argument("--name", help="default: the checkpoint's file name")
    parser.add_argument("--thresholds", type=Path, help="JSON list, one logit for each class")
    parser.add_argument("--provenance", help="JSON, or a sentence")
    args = parser.parse_args(argv)

    checkpoint = read_checkpoint(args.checkpoint)
    if args.config:
        checkpoint["config"] = json.loads(args.config.read_text())
    elif args.preset:
        checkpoint["config"] = PRESETS[args.preset]
    elif "config" not in checkpoint:
        parser.error("the checkpoint holds no config: give --preset or --config")
    if args.thresholds:
        checkpoint["thresholds"] = json.loads(args.thresholds.read_text())
    if args.provenance:
        checkpoint["provenance"] = parse_json_or_text(args.provenance)

    write_weights(
        args.output,
        checkpoint["state_dict"],
        checkpoint["config"],
        name=args.name or args.checkpoint.stem,
        classes=checkpoint.get("classes"),
        thresholds=checkpoint.get("thresholds"),
        provenance=checkpoint.get("provenance"),
    )


if __name__ == "__main__":
    main()
