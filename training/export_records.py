"""The arrays of a split as a folder of WFDB records, so that the package itself can read them.

    python -m training.export_records --split val -o DIR [--data ../shared/data]

Format 16 at 100 Hz, the record's own length (`signal[:, :length]`), labels as `#Dx:` in the header as in the challenge.
"""

import argparse
import csv
from pathlib import Path

import numpy as np

from training.config import ROOT

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


def export(arrays: Path, labels: Path, output: Path) -> int:
    """Writes every record of an .npz; returns how many."""
    with open(labels, newline="") as file:
        codes = {row["record_id"]: row["snomed_codes"].replace(";", ",") for row in csv.DictReader(file)}
    output.mkdir(parents=True, exist_ok=True)
    data = np.load(arrays)
    for signal, length, record in zip(data["signal"], data["length"], data["record"]):
        record, signal = str(record), signal[:, :length]
        (output / f"{record}.hea").write_text(header(record, signal, codes[record]))
        (output / f"{record}.dat").write_bytes(signal.T.astype("<i2").tobytes())
    return len(data["record"])


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m training.export_records", description=__doc__.splitlines()[0])
    parser.add_argument("--split", choices=("train", "val"), default="val")
    parser.add_argument("--data", type=Path, default=ROOT / "../shared/data")
    parser.add_argument("-o", "--output", type=Path, required=True)
    args = parser.parse_args(argv)
    folder = args.data / "train"
    print(f"{export(folder / f'{args.split}.npz', folder / 'labels.csv', args.output)} records in {args.output}")


if __name__ == "__main__":
    main()
