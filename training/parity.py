"""Logits of real records by PyTorch fed by SciPy and wfdb, for the package to be compared with.

    python -m training.parity DIR                                      seeded test weights of `published`, the 500 Hz records
    python -m training.parity DIR --weights training/checkpoints/edge.safetensors --records FOLDER

writes DIR/<name>.json (test/parity.test.ts reads it with LEADWISE_PARITY=DIR):

    {"preset", "weights": path or null, "records": folder, "logits": {record: [K]}, "macro": {"auroc", "auprc", "classes"} or null}

The preprocessing is the published one of the digital values, to float32; then the network in float64, because PyTorch's
float32 is the less exact side: its resize rounds the coordinates, which moves the logits of `published` by up to 2.3e-4
(record E06320), twenty times what the runtime is off. Flat leads are zeroed before the filter, as the runtime's gate
does: rounding decides what a filter makes of them. `macro` is of the records whose header names their codes
(`#Dx:`), strictly, over the classes with at least five positives.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from training.config import CLASSES, PRESETS, ROOT
from training.export import read_checkpoint
from training.lead_attention import LeadAttentionNetwork
from training.metrics import evaluate
from training.records import preprocess_record, read_record
from training.test_weights import test_network
from training.wfdb_data import header_codes


def load_network(weights: Path | None, preset: str) -> tuple[torch.nn.Module, dict]:
    """A float64 network and its config: of a checkpoint, or of a preset with seeded test weights."""
    if weights is None:
        return test_network(PRESETS[preset]), PRESETS[preset]
    checkpoint = read_checkpoint(weights)
    network = LeadAttentionNetwork(checkpoint["config"], len(CLASSES))
    # The counters of BatchNorm are in no weight file.
    network.load_state_dict({**network.state_dict(), **checkpoint["state_dict"]})
    return network.double().eval(), checkpoint["config"]


@torch.no_grad()
def reference(network: torch.nn.Module, config: dict, folder: Path, fs: float | None) -> tuple[dict, dict | None]:
    """(logits by record, macro figures of those with codes) of the records in a folder, all or those at `fs` Hz."""
    logits, labels, labelled = {}, [], []
    for header in sorted(folder.glob("*.hea")):
        record = read_record(header.with_suffix(""))
        if fs is not None and record.fs != fs:
            continue
        flat = np.ptp(record.signal, axis=1, keepdims=True) == 0
        record.signal = np.where(flat, 0, record.signal)
        x = torch.from_numpy(preprocess_record(record, config)).double()
        logits[header.stem] = network(x[None])[0].tolist()
        try:
            codes = set(header_codes(header))
        except ValueError:
            continue  # no labels, or words that are no codes
        labels.append([float(bool(codes & set(entry["codes"]))) for entry in CLASSES])
        labelled.append(logits[header.stem])
    figures = evaluate(np.array(labels), np.array(labelled)) if labels else {"classes": 0}
    return logits, {key: figures[key] for key in ("auroc", "auprc", "classes")} if figures["classes"] else None


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m training.parity", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--weights", type=Path, help="a checkpoint, instead of test weights")
    parser.add_argument("--records", type=Path, default=ROOT / "../shared/data/records")
    parser.add_argument("--preset", choices=sorted(PRESETS), default="published", help="of the test weights")
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    network, config = load_network(args.weights, args.preset)
    # At 500 Hz `published` does not resample: SciPy's FFT and ours are compared elsewhere.
    logits, macro = reference(network, config, args.records, fs=None if args.weights else 500)
    if not logits:
        raise SystemExit(f"no such record in {args.records}")
    args.folder.mkdir(parents=True, exist_ok=True)
    name = f"{args.weights.stem}-{args.records.name}" if args.weights else args.preset
    result = {
        "preset": config["preset"],
        "weights": args.weights and str(args.weights.resolve()),
        "records": str(args.records.resolve()),
        "logits": logits,
        "macro": macro,
    }
    (args.folder / f"{name}.json").write_text(json.dumps(result, indent=0) + "\n")


if __name__ == "__main__":
    main()
