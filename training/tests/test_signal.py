"""Preprocessing, its committed vectors and the filter tables."""

import json

import numpy as np
import pytest
from scipy import signal as scipy_signal

from training import golden, golden_signal, tables
from training.config import PRESETS
from training.preprocess import preprocess
from training.tests.common import DATA, needs_data, noise


def test_signal_vectors_reproduce(tmp_path):
    golden_signal.write_signal(tmp_path / "signal.json")
    stored, new = (json.loads(path.read_text()) for path in (golden.GOLDEN / "signal.json", tmp_path / "signal.json"))
    assert stored["input"] == new["input"] and stored.keys() == new.keys()
    for kind in stored.keys() - {"input"}:
        for old_case, new_case in zip(stored[kind], new[kind], strict=True):
            np.testing.assert_allclose(old_case.pop("y"), new_case.pop("y"), rtol=1e-9, atol=1e-9)
            assert old_case == new_case


def test_filter_tables():
    stored, new = json.loads(tables.OUTPUT.read_text()), tables.filter_tables()
    assert stored.keys() == new.keys()
    for rate, table in new.items():
        for name in ("b", "a", "zi"):
            np.testing.assert_allclose(stored[rate][name], table[name], rtol=1e-12, atol=1e-15)


@needs_data
def test_against_the_reference_vectors():
    refs = json.loads((DATA / "challenge" / "preprocess_refs.json").read_text())
    table = json.loads(tables.OUTPUT.read_text())["500"]
    design = refs["butter3_1_47_fs500"]
    for ours, theirs in (("b", "b"), ("a", "a"), ("zi", "lfilter_zi")):
        np.testing.assert_allclose(table[ours], design[theirs], rtol=1e-12, atol=1e-15)
    filtered = scipy_signal.filtfilt(table["b"], table["a"], refs["filtfilt_noise"]["x"])
    np.testing.assert_allclose(filtered, refs["filtfilt_noise"]["y"], atol=1e-12)


@needs_data
@pytest.mark.parametrize("name", ["E07501", "E07504"])
def test_whole_preprocessing_of_a_record(name):
    from training.records import preprocess_record, read_record

    x = preprocess_record(read_record(DATA / "records" / name), PRESETS["published"])
    expected = np.load(DATA / "challenge" / f"{name}.pre.f32.npy")
    np.testing.assert_allclose(x, expected, rtol=0, atol=2e-6)


def test_preprocess_rules():
    config = PRESETS["edge"]
    signal = np.cumsum(noise("walk", 3, 1200), axis=1)
    signal[2, 5] = np.nan
    x = preprocess(signal, 100, ["avr", "ii", "V1"], config)  # by name, without regard to case
    assert x.dtype == np.float32 and x.shape == (12, 1000)
    assert x[[3, 1]].any(axis=1).all() and not np.delete(x, [3, 1], axis=0).any()  # a NaN silences its lead
    short = preprocess(signal[:2, :300], 100, ["I", "II"], config)
    assert not short[:, :700].any() and short[0, 700:].mean() == pytest.approx(0, abs=1e-6)
    with pytest.raises(ValueError):
        preprocess(signal[:, :21], 100, ["I", "II", "III"], config)
    with pytest.raises(ValueError, match="once"):
        preprocess(signal, 100, ["I", "II", "i"], config)
