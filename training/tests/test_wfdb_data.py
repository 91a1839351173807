"""WFDB folders as training data: against the arrays, the published preprocessing, and everything that can be wrong."""

import csv
import os

import numpy as np
import pytest

from training import data, wfdb_data
from training.config import CLASSES, PRESETS
from training.export_records import LEADS, export
from training.preprocess import preprocess as published
from training.tests.common import DATA, needs_data, noise
from training.wfdb_data import load_sources, patient_id, record_id

COLUMN = {c["abbreviation"]: i for i, c in enumerate(CLASSES)}
AF, NSR = "164889003", "426783006"
# record id, patient id, codes, length, split
ROWS = [
    ("HR00001", "p1", "426783006;39732003", 1000, "train"),
    ("A0001", "", "164884008", 700, "train"),  # not PVC
    ("LUDB003", "ludb-3", "426783006;164889003", 1000, "train"),
    ("JS00008", "", "59118001", 1000, "train"),  # a tuning record
    ("HR00009", "p9", "427172004", 1000, "val"),
    ("Q0005", "", "427172004", 1000, "val"),
]


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache: these tests leave nothing in training/runs."""
    for module in (data, wfdb_data):
        monkeypatch.setattr(module, "CACHE", tmp_path / "cache")
    return tmp_path / "cache"


def int16(name: str, *shape: int) -> np.ndarray:
    """Seeded noise that wanders, so that the filter has something to do."""
    return (300 * noise(name, *shape).cumsum(-1)).round().astype(np.int16)


@pytest.fixture
def arrays(tmp_path):
    """A data folder with train.npz, val.npz and labels.csv of ROWS."""
    folder = tmp_path / "data" / "train"
    folder.mkdir(parents=True)
    for split in ("train", "val"):
        rows = [row for row in ROWS if row[4] == split]
        signal = np.stack([int16(row[0], 12, 1000) for row in rows])
        signal[0, 4] = 7  # a flat lead
        for i, row in enumerate(rows):
            signal[i, :, row[3] :] = 0
        lengths, records = [row[3] for row in rows], [row[0] for row in rows]
        np.savez(folder / f"{split}.npz", signal=signal, length=lengths, record=records)
    with open(folder / "labels.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["record_id", "patient_id", "snomed_codes", "split", "dataset"])
        sources = {"LUDB003": "LUDB"}
        writer.writerows([r, p, codes, split, sources.get(r, "PTB-XL")] for r, p, codes, _, split in ROWS)
    return tmp_path / "data"


def write_record(folder, name, signal, fs=100, leads=LEADS, comment="#Dx: " + NSR):
    """One format 16 record as export_records writes them; returns its signal."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{name} {len(signal)} {fs} {signal.shape[1]}"]
    lines += [f"{name}.dat 16 1000(0)/mV 16 0 {x[0]} 0 0 {lead}" for lead, x in zip(leads, signal)]
    (folder / f"{name}.hea").write_text("\n".join([*lines, "#Age: 50", comment]) + "\n")
    (folder / f"{name}.dat").write_bytes(signal.T.astype("<i2").tobytes())
    return signal


def write_labels(folder, columns, *rows):
    with open(folder / "labels.csv", "w", newline="") as file:
        csv.writer(file).writerows([columns.split(), *rows])


def load(*folders, data=None, arrays=False, samples=1000):
    table = {"folders": [str(folder) for folder in folders], "arrays": arrays}
    return load_sources(data or folders[0] / "no data", table, folders[0], samples)


def test_a_folder_equals_the_arrays(arrays, tmp_path):
    """Signals bit for bit, lengths, labels and patients of exported records."""
    export(arrays / "train" / "train.npz", arrays / "train" / "labels.csv", tmp_path / "out" / "g1")
    expected = data.load_records(arrays, "train")
    found = load(tmp_path / "out", data=arrays)
    order = np.argsort(expected.record)
    assert found.record.tolist() == expected.record[order].tolist()
    for name in ("signal", "length", "labels", "patient"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name)[order], name)
    assert found.signal.dtype == np.float32 and found.labels.dtype == np.float32
    assert not found.signal[found.record == "A0001", :, :300].any()  # right-aligned
    assert not found.signal[found.record == "HR00001", 4].any()  # flat


def test_the_first_window_is_kept_and_the_rest_shapes_the_zscore(arrays, tmp_path):
    long = write_record(tmp_path / "a", "long", int16("long", 12, 2000))
    short = write_record(tmp_path / "a", "short", int16("short", 12, 1300))
    found = load(tmp_path / "a", data=arrays, arrays=True, samples=1640)
    kept = dict(zip(found.record, zip(found.signal, found.length)))
    for name, signal in (("long", long), ("short", short)):
        np.testing.assert_array_equal(kept[name][0], published(signal, 100, LEADS, PRESETS["compact"]))
        assert kept[name][1] == min(1640, signal.shape[1])
    of_arrays = data.load_records(arrays, "train")
    np.testing.assert_array_equal(kept["HR00001"][0][:, 640:], of_arrays.signal[of_arrays.record == "HR00001"][0])
    assert not kept["HR00001"][0][:, :640].any()


@pytest.mark.parametrize("fs", [500, 257])
def test_other_rates_are_resampled(fs, tmp_path):
    signal = int16("fast", 12, 10 * fs)
    signal[2] = 1234  # a flat lead: the FFT leaves rounding noise of it, which must not become a signal
    write_record(tmp_path / "a", "fast", signal, fs)
    found = load(tmp_path / "a").signal[0]
    signal[2] = 0
    np.testing.assert_array_equal(found, published(signal, fs, LEADS, PRESETS["edge"]))
    assert not found[2].any() and found[3].any()


def test_leads_go_by_name(tmp_path):
    names = ["v1", "AVF", "Pleth", "ii"]
    signal = write_record(tmp_path / "a", "few", int16("few", 4, 1000), leads=names)
    found = load(tmp_path / "a").signal[0]
    np.testing.assert_array_equal(found, published(signal, 100, names, PRESETS["edge"]))
    assert [row for row in range(12) if found[row].any()] == [1, 5, 6]


def test_labels_come_from_the_header_or_the_nearest_table(tmp_path):
    folder = tmp_path / "a"
    for place, name, comment in [
        ("g1", "HR1", "#dx: 164889003, 39732003"),
        ("g1", "HR2", "#DX:164889003"),
        ("g1", "HR3", "#Dx: AF"),
        ("g2", "LUDB9", "#Dx: 426783006"),
        ("g2", "x_hr", "#Rx: none"),
    ]:
        write_record(folder / place, name, int16(name, 12, 300), comment=comment)
    write_labels(folder, "file record_id dataset patient_id scored_codes",
                 ["g1/HR2", "HR00002", "PTB-XL", "p2", ""], ["x_hr", "X010", "LUDB", "", AF],
                 ["g1/HR3", "HR3", "", "", AF])  # fmt: skip
    write_labels(folder / "g1", "record_id snomed_codes", ["HR3", f"{NSR};59118001"])
    found = load(folder)
    positive = {r: {c for c, i in COLUMN.items() if labels[i] == 1} for r, labels in zip(found.record, found.labels)}
    assert positive == {"HR1": {"AF", "LAD"}, "HR00002": set(), "HR3": {"NSR", "CRBBB|RBBB"},
                        "LUDB9": {"NSR"}, "X010": {"AF"}}  # fmt: skip
    unstated = {r for r, labels in zip(found.record, found.labels) if np.isnan(labels[COLUMN["TInv"]])}
    assert unstated == {"LUDB9", "X010"}
    assert dict(zip(found.record, found.patient))["HR00002"] == "p2"
    assert dict(zip(found.record, found.patient))["HR1"] == "HR1"


def test_a_table_without_codes_is_refused(tmp_path):
    write_record(tmp_path / "a", "HR1", int16("HR1", 12, 300))
    write_labels(tmp_path / "a", "record_id age", ["HR1", "50"])
    with pytest.raises(ValueError, match="labels.csv: expected columns"):
        load(tmp_path / "a")


def test_broken_records_are_named_and_left_out(tmp_path, capsys):
    folder = tmp_path / "a"
    signal = int16("signal", 12, 300)
    for name in ("good", "cut", "lost", "garbled", "fine"):
        write_record(folder, name, signal)
    (folder / "cut.dat").write_bytes((folder / "cut.dat").read_bytes()[:-100])
    (folder / "lost.dat").unlink()
    (folder / "garbled.hea").write_text(f"garbled twelve leads\n#Dx: {NSR}\n")
    write_record(folder, "short", signal[:, :20])
    write_record(folder, "words", signal, comment="#Dx: AF,RBBB")
    write_record(folder, "bare", signal, comment="#Sx: none")
    write_record(folder, "empty", signal, comment="#Dx:")
    write_record(folder, "strange", signal[:2], leads=["ABP", "Pleth"])
    write_record(folder, "double", signal[:2], leads=["II", "ii"])
    for attempt in ("read", "cached"):
        assert load(folder).record.tolist() == ["fine", "good"], attempt
        lines = capsys.readouterr().out.splitlines()
        left_out = {line.split()[2].rstrip(":"): line for line in lines if line.startswith("left out ")}
        assert set(left_out) == {"cut", "lost", "garbled", "short", "words", "bare", "empty", "strange", "double"}
        assert "got AF, RBBB" in left_out["words"] and "no labels" in left_out["bare"]
        assert "expected some of the leads" in left_out["strange"] and "each lead once" in left_out["double"]
        assert "a: 2 records, 9 left out" in lines


def test_no_record_is_taken_twice(arrays, tmp_path, capsys):
    """Neither one of the arrays or of an earlier folder, nor any of val.npz or of its patients."""
    for folder, names in {"a": ["HR00001", "HR00009", "Q0005", "new1"], "b": ["new1", "new2", "sibling"]}.items():
        for name in names:
            write_record(tmp_path / folder / "g1", name, int16(folder + name, 12, 300))
    write_record(tmp_path / "a" / "g2", "new1", int16("again", 12, 300))
    write_labels(tmp_path / "b", "record_id patient_id scored_codes", ["sibling", "p9", NSR])
    write_labels(tmp_path / "a", "record_id patient_id scored_codes", ["HR00009", "another name of p9", NSR])
    both = load(tmp_path / "a", tmp_path / "b", data=arrays, arrays=True)
    assert both.record.tolist() == ["HR00001", "A0001", "LUDB003", "JS00008", "new1", "new2"]
    first = wfdb_data.signal_at_100_hz(wfdb_data.read_record(tmp_path / "a" / "g1" / "new1"))
    np.testing.assert_array_equal(both.signal[4, :, 700:], data.preprocess(first))
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
    assert lines == ["  1 taken; 2 taken before, 2 of val.npz", "  1 taken; 1 taken before, 1 of val.npz"]
    alone = load(tmp_path / "a", data=arrays)
    assert alone.record.tolist() == ["HR00001", "new1"] and alone.patient.tolist() == ["p1", "new1"]


def test_the_split_of_a_recipe(arrays, tmp_path):
    """Paths start at the recipe; the tuning rule is the arrays' own; without a table all is as ever."""
    for name in ("JS00021", "JS00022"):
        write_record(tmp_path / "recipes" / "js", name, int16(name, 12, 300))
    train, tuning = data.load_split(arrays, {"folders": ["js"]}, tmp_path / "recipes", 1000)
    assert tuning.record.tolist() == [r for r in ("JS00008", "JS00021") if data.is_tuning(r)] == ["JS00008", "JS00021"]
    assert {"JS00022", "A0001"} <= set(train.record)
    plain = [data.load_split(arrays), data.load_split(arrays, None, tmp_path, 1640), data.load_split(arrays, {})]
    for one, other in ((plain[0], plain[1]), (plain[0], plain[2])):
        for part, again in zip(one, other):
            for name in ("signal", "length", "labels", "record", "patient"):
                np.testing.assert_array_equal(getattr(part, name), getattr(again, name))


def test_a_folder_is_read_once(tmp_path, monkeypatch):
    folder, prepare = tmp_path / "a", wfdb_data.prepare_folder
    write_record(folder, "HR1", int16("HR1", 12, 300))
    reads = []
    monkeypatch.setattr(wfdb_data, "prepare_folder", lambda *given: reads.append(1) or prepare(*given))
    expected = load(folder)
    np.testing.assert_array_equal(load(folder).signal, expected.signal)
    assert len(reads) == 1
    load(folder, samples=200)  # another width
    os.utime(folder / "HR1.dat", ns=(0, 0))
    load(folder)
    write_labels(folder, "record_id scored_codes", ["HR1", AF])
    assert load(folder).labels[0, COLUMN["AF"]] == 1
    assert len(reads) == 4


BAD_TABLES = [
    {"folder": ["a"]},
    {"folders": "a"},
    {"folders": [], "arrays": False},
    {"arrays": "no"},
    {"folders": ["nowhere"], "arrays": False},
]


@pytest.mark.parametrize("table", BAD_TABLES, ids=str)
def test_a_wrong_table_is_refused(table, tmp_path):
    with pytest.raises(ValueError, match="expected"):
        load_sources(tmp_path, table, tmp_path, 1000)


def test_nothing_usable_is_an_error(arrays, tmp_path):
    write_record(tmp_path / "val", "HR00009", int16("HR00009", 12, 300))
    with pytest.raises(ValueError, match="none that is not of val.npz"):
        load(tmp_path / "val", data=arrays)
    write_record(tmp_path / "a", "bare", int16("bare", 12, 300), comment="#Age: 1")
    with pytest.raises(ValueError, match="no record can be used"):
        load(tmp_path / "a")


@needs_data
def test_real_records_are_all_read():
    """Every source's own header dialect; ids and labels are those of the arrays' table."""
    content = wfdb_data.read_folder((DATA / "records").resolve(), 1000)
    assert len(content["record"]) == 102 and not len(content["skipped"])
    known = data.label_rows(DATA)
    for name, codes in zip(content["record"], content["snomed_codes"]):
        row = {"dataset": known[name]["dataset"], "snomed_codes": str(codes)}
        np.testing.assert_array_equal(data.label_row(row), data.label_row(known[name]), str(name))


def test_the_names_of_ptb_xl_are_those_of_the_challenge():
    assert [record_id(name) for name in ("00049_lr", "00049_hr", "HR00049", "A0049")] == ["HR00049", "HR00049", "HR00049", "A0049"]
    assert [patient_id("HR00049", name) for name in ("13958", "13958.0", "ptbxl-13958", "")] == ["ptbxl-13958"] * 3 + [""]
    assert patient_id("E00049", "13958") == "13958"
