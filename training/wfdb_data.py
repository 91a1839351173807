"""Folders of WFDB records as training data, beside the arrays of train.npz or in their place.

A recipe names them in a table of its own:

    [data]
    folders = ["../../challenge/ptb-xl", "/srv/georgia"] # relative to the recipe's folder, or absolute
    arrays = true                                        # train.npz too; false: only the folders

Each folder is searched recursively for .hea files, as the challenge lays them out (ptb-xl/g1/HR00001.hea).
Labels are SNOMED codes, from the first of these that names the record:

    labels.csv beside the record, or further up in the folder: columns `file` (path from there, no extension) or
        `record_id`, `snomed_codes` or `scored_codes` (separated by ;), and, if wished, `dataset`, `patient_id`
    the header's comment `#Dx: 426783006,39732003`

They are mapped strictly, as for the arrays. Without a `dataset` the source is known by the record's name (LUDB106).
A record that cannot be read, or has no such labels, is named and left out. So is, quietly but counted, what the
arrays or an earlier folder hold already, and what belongs to val.npz, by record or patient id.

The tuning split goes by the patient's id: of labels.csv, else of the arrays' own table, else the record's. PTB-XL's own names
of records and patients (00049_lr, 13958) are known as those of the challenge and the table (HR00049, ptbxl-13958).
PTB-XL has patients with several records, and its headers do not name them: give a labels.csv that does.

No table here lists the project's test records (PTB-XL's fold 10 among them): a folder that holds them trains on them.

Signals are filtered and z-scored whole, as the runtime does; then the first window is kept. They are cached
in training/runs/cache until a path, size or time of change in the folder differs, and held in memory: 48 kB for
each record of a 10 s window, two to three times that while loading.
"""

from __future__ import annotations

import csv
import hashlib
import re
import time
from pathlib import Path

import numpy as np

from training.augment import LEADS
from training.data import CACHE, FS, UNSTATED, Records, label_row, label_rows, load_records, preprocess
from training.preprocess import resample_to
from training.records import DigitalRecord, read_record

VERSION = 1  # of what the cache holds: raise it when the signals change
PROGRESS_SECONDS = 10
NAMED = 20  # at most so many left-out records are named in the log
# What a folder gives: signal and length as in Records, the texts as they stand in the labels, and `skipped`,
# one message for each record left out.
TEXTS = ("record", "dataset", "patient_id", "snomed_codes")


def load_sources(data: Path, table: dict, base: Path, samples: int) -> Records:
    """The records of a recipe's [data] table, right-aligned; `base` is the recipe's folder.

    Of longer records the first `samples` are kept; ValueError where the table or a folder gives nothing.
    """
    unknown = set(table) - {"folders", "arrays"}
    folders, arrays = table.get("folders", []), table.get("arrays", True)
    if unknown or not isinstance(folders, list) or not isinstance(arrays, bool) or not (folders or arrays):
        raise ValueError(f'"data" expected folders = ["..."] and arrays = true or false, got {table}')
    parts = [load_records(data, "train")] if arrays else []
    width = max([samples, *(part.signal.shape[2] for part in parts)])
    known = label_rows(data) if arrays or (data / "train" / "labels.csv").exists() else {}
    held = {r for row in known.values() if row["split"] == "val" for r in (row["record_id"], row["patient_id"])}
    taken = {record for part in parts for record in part.record.tolist()}
    for folder in folders:
        parts.append(choose(read_folder((base / folder).resolve(), width), known, held - {""}, taken))
    records = join(parts, width)
    if not len(records):
        raise ValueError(f'"folders" expected records for training, got none that is not of val.npz in {folders}')
    return records


def choose(folder: dict, known: dict, held: set[str], taken: set[str]) -> Records:
    """The folder's records that are neither held back nor taken already; these are then added to `taken`."""
    patients = [p or known.get(r, {}).get("patient_id") or r for r, p in zip(folder["record"], folder["patient_id"])]
    chosen, twice, of_val = [], 0, 0
    for i, (record, patient) in enumerate(zip(folder["record"].tolist(), patients)):
        if record in held or patient in held:
            of_val += 1
        elif record in taken:
            twice += 1
        else:
            taken.add(record)
            chosen.append(i)
    print(f"  {len(chosen)} taken; {twice} taken before, {of_val} of val.npz", flush=True)
    rows = (dict(zip(TEXTS, map(str, texts))) for texts in zip(*(folder[name] for name in TEXTS)))
    labels = np.array([label_row(row) for row in rows], np.float32)
    records = Records(folder["signal"], folder["length"], labels, folder["record"], np.array(patients))
    return records[np.array(chosen, int)]


def join(parts: list[Records], width: int) -> Records:
    """All records in one, right-aligned at `width` samples."""
    signal = np.zeros((sum(map(len, parts)), len(LEADS), width), np.float32)
    start = 0
    for part in parts:
        signal[start : start + len(part), :, width - part.signal.shape[2] :] = part.signal
        start += len(part)
    others = ("length", "labels", "record", "patient")
    return Records(signal, *(np.concatenate([getattr(part, name) for part in parts]) for name in others))


def read_folder(folder: Path, width: int) -> dict[str, np.ndarray]:
    """Everything usable in a folder, through the cache; what is left out is named each time."""
    headers = sorted(folder.rglob("*.hea"))
    if not headers:
        raise ValueError(f'"folders" expected WFDB headers (.hea) in {folder}, found none')
    cached = CACHE / f"{folder.name}-{digest(folder, width)}.npz"
    if not cached.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        partial = cached.with_suffix(".part.npz")
        np.savez(partial, **prepare_folder(folder, headers, width))
        partial.rename(cached)
    with np.load(cached) as stored:
        content = dict(stored)
    for message in content["skipped"][:NAMED]:
        print(f"left out {message}", flush=True)
    print(f"{folder.name}: {len(content['record'])} records, {len(content['skipped'])} left out", flush=True)
    if not len(content["record"]):
        raise ValueError(f"{folder}: no record can be used")
    return content


def digest(folder: Path, width: int) -> str:
    """Of every file's path, size and time of change, and of what is made of them."""
    lines = [f"{VERSION} {width}"]
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            status = path.stat()
            lines.append(f"{path.relative_to(folder).as_posix()} {status.st_size} {status.st_mtime_ns}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


def prepare_folder(folder: Path, headers: list[Path], width: int) -> dict[str, np.ndarray]:
    """Reads and preprocesses a folder: what `read_folder` returns."""
    tables = {path.parent: read_labels(path) for path in folder.rglob("labels.csv")}
    signal = np.zeros((len(headers), len(LEADS), width), np.float32)
    length, texts, skipped = [], [], []
    shown = time.time()
    for i, header in enumerate(headers):
        if time.time() - shown > PROGRESS_SECONDS:
            shown = time.time()
            print(f"{folder.name}: {i} of {len(headers)} records read", flush=True)
        try:
            row = labels_of(header, tables)
            prepared = preprocess(signal_at_100_hz(read_record(header.with_suffix(""))))[:, :width]
        except Exception as error:  # a broken file makes wfdb, SciPy and NumPy raise anything
            reason = str(error) or type(error).__name__
            skipped.append(f"{header.relative_to(folder).with_suffix('').as_posix()}: {reason}")
            continue
        signal[len(texts), :, width - prepared.shape[1] :] = prepared
        length.append(prepared.shape[1])
        texts.append([row[name] for name in TEXTS])
    columns = np.array(texts, str).reshape(-1, len(TEXTS)).T
    content = {"signal": signal[: len(texts)], "length": np.array(length, np.int64), "skipped": np.array(skipped, str)}
    return content | dict(zip(TEXTS, columns))


def signal_at_100_hz(record: DigitalRecord) -> np.ndarray:
    """float64 [12, n]: leads by name without regard to case, unknown ones ignored, missing ones zero."""
    names = [name.lower() for name in record.sig_names]
    if len(set(names)) != len(names):
        raise ValueError(f"expected each lead once, got {', '.join(record.sig_names)}")
    found = {row: record.signal[names.index(lead.lower())] for row, lead in enumerate(LEADS) if lead.lower() in names}
    if not found:
        raise ValueError(f"expected some of the leads {', '.join(LEADS)}, got {', '.join(record.sig_names)}")
    # A flat lead is zeroed here already: rounding in the FFT would make noise of it, and the z-score a signal.
    at_fs = {row: x.astype(np.float64) if np.ptp(x) else np.zeros(len(x)) for row, x in found.items()}
    resampled = {row: resample_to(x, record.fs, FS) for row, x in at_fs.items()}
    out = np.zeros((len(LEADS), len(next(iter(resampled.values())))))
    for row, x in resampled.items():
        out[row] = x
    return out


def read_labels(path: Path) -> dict[str, dict]:
    """The rows of a labels.csv under their `file` and their `record_id`."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        columns = set(reader.fieldnames or ())
        if not columns & {"file", "record_id"} or not columns & {"snomed_codes", "scored_codes"}:
            raise ValueError(f"{path}: expected columns file or record_id, and snomed_codes or scored_codes")
        rows = list(reader)
    return {row[key]: row for key in ("record_id", "file") for row in rows if row.get(key)}


def find_row(header: Path, tables: dict[Path, dict]) -> dict[str, str]:
    """The record's row in the nearest labels.csv that has one, or {}."""
    for place in header.parents:
        path = header.relative_to(place).with_suffix("").as_posix()
        for name in (path, header.stem):
            if name in tables.get(place, {}):
                return tables[place][name]
    return {}


def header_codes(header: Path) -> list[str]:
    """SNOMED codes of the header's `#Dx`; ValueError where there is no such line, or none in it, or other words."""
    comment = re.search(r"^#[ \t]*Dx[ \t]*:(.*)$", header.read_text(errors="replace"), re.IGNORECASE | re.MULTILINE)
    if not comment or not comment[1].strip():
        raise ValueError("no labels: neither a row in labels.csv nor codes in the header's #Dx")
    return split_codes(comment[1])


def split_codes(text: str) -> list[str]:
    codes = [code for code in re.split(r"[,;\s]+", text) if code]
    # CPSC 2018 as first published says `#Dx: AF`: all classes would be absent there.
    strange = [code for code in codes if not code.isdecimal()]
    if strange:
        raise ValueError(f"labels expected SNOMED codes, got {', '.join(strange)}")
    return codes


def labels_of(header: Path, tables: dict[Path, dict]) -> dict[str, str]:
    """The TEXTS of one record, codes separated by ; as `data.label_row` wants them."""
    row = find_row(header, tables)
    codes = split_codes(row.get("snomed_codes") or row.get("scored_codes") or "") if row else header_codes(header)
    record = record_id(row.get("record_id") or header.stem)
    source = next((name for name in UNSTATED if record.lower().startswith(name.lower())), "")
    patient = patient_id(record, row.get("patient_id") or "")
    texts = {"record": record, "dataset": row.get("dataset") or source, "patient_id": patient}
    return texts | {"snomed_codes": ";".join(codes)}


def record_id(name: str) -> str:
    """The challenge's name of a record: PTB-XL's own 00049_lr is its HR00049."""
    return re.sub(r"^(\d{5})_[hl]r$", r"HR\1", name)


def patient_id(record: str, patient: str) -> str:
    """As the arrays' table has it: PTB-XL's own 13958 (or 13958.0) is its ptbxl-13958."""
    bare = re.match(r"^(\d+)(\.0)?$", patient)
    return f"ptbxl-{bare[1]}" if bare and record.startswith("HR") else patient
