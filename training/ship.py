"""A shipped weight file and its card: `python3 -m training.ship edge`.

From training/checkpoints/<name>.safetensors (averaged weights, bfloat16), in order:

    decide      thresholds and calibration on the tuning split -> f32 weight file
    convert     `leadwise convert` to int8, calibrated on every 17th training record -> weights/<name>.safetensors
    evaluate    `leadwise evaluate` of that file on val.npz as WFDB records, all lead sets; of the f32 file, twelve leads
    card        weights/<name>.md, from these figures and the words of training/cards/<name>.md

Needs `npm ci` and the data folder. Evaluating looks at the validation split: do it once for weights that ship.
"""

import argparse
import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import torch

from training import decide, export_records
from training.card import render_card
from training.config import ROOT
from training.data import DEFAULT_DATA

WEIGHTS = ROOT / "weights"
CALIBRATION_EVERY = 17
LEAD_SETS = "12,8,6,4,3,2"


def leadwise(*arguments: str | Path) -> str:
    """Standard output of the built command line; a failure ends the program with its message."""
    command = ["node", str(ROOT / "dist" / "cli.js"), *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: exit code {done.returncode}")
    return done.stdout


def evaluate(weights: Path, records: Path, labels: Path, lead_sets: str, saved: Path) -> dict:
    text = leadwise("evaluate", records, "--labels", labels, "--weights", weights, "--lead-sets", lead_sets, "--json")
    saved.write_text(text)
    return json.loads(text)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m training.ship", description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=("edge", "compact"))
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder that holds train/train.npz")
    parser.add_argument("--scratch", type=Path, default=ROOT / "training" / "runs" / "ship", help="for what is made on the way")
    parser.add_argument("--until", choices=("convert", "evaluate", "card"), default="card", help="stop after this step")
    parser.add_argument("--card-only", action="store_true", help="write the card anew from the figures in --scratch")
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    name, scratch = args.name, args.scratch
    checkpoint, exact, shipped = ROOT / "training" / "checkpoints" / f"{name}.safetensors", scratch / f"{name}.safetensors", WEIGHTS / f"{name}.safetensors"
    labels, report = args.data / "train" / "labels.csv", scratch / f"{name}-conversion.json"
    data = ["--data", str(args.data)]
    if not args.card_only:
        for folder in ("calibration", "val"):
            shutil.rmtree(scratch / folder, ignore_errors=True)
        decide.main([str(checkpoint), "-o", str(exact), "--name", name, *data])
        export_records.main(["--split", "training", "--every", str(CALIBRATION_EVERY), "-o", str(scratch / "calibration"), *data])
        leadwise("convert", exact, "-o", shipped, "--calibrate", scratch / "calibration", "--report", report, "--force")
        leadwise("verify", shipped)
        print(f"wrote {shipped}, {shipped.stat().st_size} bytes", flush=True)
        if args.until == "convert":
            return
        export_records.main(["--split", "val", "-o", str(scratch / "val"), *data])
        evaluate(shipped, scratch / "val", labels, LEAD_SETS, scratch / f"{name}-int8.json")
        evaluate(exact, scratch / "val", labels, "12", scratch / f"{name}-f32.json")
        text = leadwise("compare", exact, shipped, scratch / "val", "--json")
        (scratch / f"{name}-compare.json").write_text(text)
        if args.until == "evaluate":
            return
    figures: dict = {kind: json.loads((scratch / f"{name}-{kind}.json").read_text()) for kind in ("int8", "f32", "compare", "conversion")}
    if figures["int8"]["model"]["sha256"] != hashlib.sha256(shipped.read_bytes()).hexdigest():
        raise SystemExit(f"the figures in {scratch} are of another file than {shipped}")
    card = WEIGHTS / f"{name}.md"
    card.write_text(render_card(shipped, name, figures))
    print(f"wrote {card}")


if __name__ == "__main__":
    main()
