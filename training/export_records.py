"""The arrays of a split as a folder of WFDB records, so that the package itself can read them.

    python -m training.export_records --split val -o DIR [--every N] [--data ../shared/data]

`train` and `val` are the two arrays; `training` and `tuning` the parts of train.npz that gradients and decisions come from
(data.py). `--every N` takes each N-th record: enough for calibrating int8. Format 16 at 100 Hz, the record's own length (`signal[:, :length]`), labels as `#Dx:` in the header as in the challenge.
"""

import argparse
import csv
from pathlib import Path

import numpy as np

from training.config import ROOT
from training.data import is_tuning

LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
FS = 100
# The arrays hold microvolts; of the group 'z-score' multiples of 1/250, whose scale means nothing.
ADC_UNITS_PER_MV = 1000


def header(record: str, signal: np.ndarray, codes: str) -> str:
    """The text of the header of int16 [12, n]."""
    lines = [f"{record} {len(signal)} {FS} {signal.shape[1]}"]
    for lead, samples in zip(LEADS, signal):
        checksum = np.sum(samples, dtype=np.int64).astype(np.int16)
        lines.append(f"{record}.dat 16 {ADC_UNITS_PER_MV}(0)/mV 16 0 {samples[0]} {checksum} 0 {lead}")
    return "\n".join([*lines, f"#Dx: {codes}"]) + "\n"


def export(arrays: Path, labels: Path, output: Path, *, part: str = "all", every: int = 1) -> int:
    """Writes the records of an .npz (`part`: all, training or tuning); returns how many."""
    with open(labels, newline="") as file:
        rows = {row["record_id"]: row for row in csv.DictReader(file)}
    output.mkdir(parents=True, exist_ok=True)
    with np.load(arrays) as data:
        signals, lengths, records = data["signal"], data["length"], [str(record) for record in data["record"]]
    chosen = [
        i for i, record in enumerate(records)
        if part == "all" or is_tuning(rows[record]["patient_id"] or record) == (part == "tuning")
    ][::every]  # fmt: skip
    for i in chosen:
        record, signal = records[i], signals[i, :, : lengths[i]]
        codes = rows[record]["snomed_codes"].replace(";", ",")
        (output / f"{record}.hea").write_text(header(record, signal, codes))
        (output / f"{record}.dat").write_bytes(signal.T.astype("<i2").tobytes())
    return len(chosen)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m training.export_records", description=__doc__.splitlines()[0])
    parser.add_argument("--split", choices=("train", "training", "tuning", "val"), default="val")
    parser.add_argument("--every", type=int, default=1, metavar="N")
    parser.add_argument("--data", type=Path, default=ROOT / "../shared/data")
    parser.add_argument("-o", "--output", type=Path, required=True)
    args = parser.parse_args(argv)
    folder = args.data / "train"
    arrays = folder / ("val.npz" if args.split == "val" else "train.npz")
    part = args.split if args.split in ("training", "tuning") else "all"
    count = export(arrays, folder / "labels.csv", args.output, part=part, every=args.every)
    print(f"{count} records in {args.output}")


if __name__ == "__main__":
    main()
