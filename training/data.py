"""Records for training: signals preprocessed once, labels, and the split that decides.

Signals come as int16 [n, 12, 1000] at 100 Hz (train.npz, val.npz) with one row per record in
labels.csv. They are filtered and z-scored as the runtime does at 100 Hz and kept as float32 in the
git-ignored cache. A recipe can add folders of WFDB records, or take only these: see wfdb_data.py.

Labels are the challenge's, strictly: a record has a class when one of the class's SNOMED codes
stands in `snomed_codes`. Ventricular ectopics coded 164884008 are *not* counted as PVC.

The tuning split is fixed: 15 % of train.npz by the SHA-256 of the patient's id, or of the record's
where no patient is named, so that a patient is never on both sides and new records move nobody.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch.nn.functional as F
from torch import Tensor

from training.config import CLASSES, ROOT
from training.preprocess import preprocess_lead

DEFAULT_DATA = ROOT / "../shared/data"
CACHE = ROOT / "training" / "runs" / "cache"
FS = 100
TUNING_SHARE = 0.15
# LUDB's annotators never looked for these, so their absence there means nothing.
UNSTATED = {"LUDB": ("TAb", "TInv", "QAb", "LQT", "LPR", "LQRSV")}


@dataclass
class Records:
    """signal float32 [n, 12, samples], right-aligned; length [n]; labels float32 [n, K], NaN unknown."""

    signal: np.ndarray
    length: np.ndarray
    labels: np.ndarray
    record: np.ndarray
    patient: np.ndarray

    def __len__(self) -> int:
        return len(self.signal)

    def __getitem__(self, chosen: np.ndarray) -> "Records":
        return Records(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))


def preprocess(signal: np.ndarray) -> np.ndarray:
    """Band-pass and z-score one record at 100 Hz, float64 [12, n] -> float32 [12, n].

    A flat lead becomes zeros *before* the filter, as the runtime's quality gate makes it.
    """
    flat = np.ptp(signal, axis=1) == 0
    return np.stack([preprocess_lead(x, FS, FS) for x in np.where(flat[:, None], 0.0, signal)]).astype(np.float32)


def preprocess_file(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(signal right-aligned in float32, length, record id) of one .npz, through the cache."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    cached = CACHE / f"{path.stem}-{digest}.npz"
    if not cached.exists():
        with np.load(path) as source:
            raw, length, record = source["signal"], source["length"].astype(np.int64), source["record"]
        signal = np.zeros(raw.shape, np.float32)
        for i, n in enumerate(length):
            signal[i, :, raw.shape[2] - n :] = preprocess(raw[i, :, :n].astype(np.float64))
        CACHE.mkdir(parents=True, exist_ok=True)
        partial = cached.with_suffix(".part.npz")
        np.savez(partial, signal=signal, length=length, record=record)
        partial.rename(cached)
    with np.load(cached) as stored:
        return stored["signal"], stored["length"], stored["record"]


def label_row(row: dict) -> list[float]:
    """One row of labels.csv -> K labels: 1, 0, or NaN where the source never states the class."""
    codes = set(row["snomed_codes"].split(";"))
    unstated = UNSTATED.get(row["dataset"], ())
    return [
        1.0 if codes & set(c["codes"]) else (float("nan") if c["abbreviation"] in unstated else 0.0) for c in CLASSES
    ]


def label_rows(data: Path) -> dict[str, dict]:
    """The rows of train/labels.csv by record id: of train.npz and of val.npz."""
    with open(data / "train" / "labels.csv", newline="") as file:
        return {row["record_id"]: row for row in csv.DictReader(file)}


def load_records(data: Path, name: str) -> Records:
    """`name` is train or val; `data` holds train/labels.csv and the .npz files."""
    rows = label_rows(data)
    signal, length, record = preprocess_file(data / "train" / f"{name}.npz")
    labels = np.array([label_row(rows[r]) for r in record], np.float32)
    patient = np.array([rows[r]["patient_id"] or r for r in record])
    return Records(signal, length, labels, record, patient)


def is_tuning(patient: str) -> bool:
    """Whether a patient (or record) id belongs to the tuning split: the first 8 bytes of its hash."""
    fraction = int.from_bytes(hashlib.sha256(patient.encode()).digest()[:8], "big") / 2**64
    return fraction < TUNING_SHARE


def load_split(data: Path, table: dict | None = None, base: Path = Path(), samples: int = 0) -> tuple[Records, Records]:
    """(training, tuning) records of train.npz, or of what a recipe's [data] table names.

    For the table's folders: `base`, the recipe's own folder, and `samples`, the network's window.
    """
    if table is None:
        records = load_records(data, "train")
    else:
        from training.wfdb_data import load_sources  # it builds on this file

        records = load_sources(data, table, base, samples)
    tuning = np.array([is_tuning(patient) for patient in records.patient])
    return records[~tuning], records[tuning]


def positive_weights(labels: np.ndarray, bounds: tuple[float, float]) -> np.ndarray:
    """Per class sqrt((1 - f) / f), f the share of positives among known labels, clipped to bounds."""
    share = np.nanmean(labels, axis=0)
    return np.sqrt((1 - share) / np.maximum(share, 1e-6)).clip(*bounds).astype(np.float32)


def to_window(signal: Tensor, samples: int) -> Tensor:
    """Zero-pad on the left to the window, or keep the first samples: [..., n] -> [..., samples]."""
    missing = samples - signal.shape[-1]
    return F.pad(signal, (missing, 0)) if missing > 0 else signal[..., :samples]
