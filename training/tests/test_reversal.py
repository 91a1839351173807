"""The reference of reversed electrodes: what must not change a score, the committed coefficients and the golden file."""

import json

import numpy as np
import pytest

from training.reversal import (
    CHEST, GOLDEN, LEADS, LIMB, REVERSALS, TABLE, choose, golden, load, made_up, raw_features, reverse, scores, to_grid, told,
)  # fmt: skip
from training.tests.common import DATA, needs_data

RECORD = made_up(250, 10, 7)


@pytest.fixture(scope="module")
def table() -> dict:
    return json.loads(TABLE.read_text())


def test_made_up_leads_obey_einthoven_whatever_is_reversed():
    for reversal in REVERSALS:
        leads = reverse(RECORD, reversal)
        np.testing.assert_allclose(leads["II"], leads["I"] + leads["III"], atol=1e-9)
        np.testing.assert_allclose(leads["aVR"], -(leads["I"] + leads["II"]) / 2, atol=1e-9)
        np.testing.assert_allclose(leads["aVL"], leads["I"] - leads["II"] / 2, atol=1e-9)
        np.testing.assert_allclose(leads["aVF"], leads["II"] - leads["I"] / 2, atol=1e-9)


@pytest.mark.parametrize("reversal", REVERSALS)
def test_reversing_twice_changes_nothing(reversal):
    twice = reverse(reverse(RECORD, reversal), reversal)
    for name in LEADS:
        np.testing.assert_array_equal(twice[name], RECORD[name])


@pytest.mark.parametrize("fs", [50, 100, 257, 500, 2000])
def test_grid_has_the_means_of_a_straight_line(fs):
    grid = to_grid(5 + np.arange(4 * fs) / fs, fs)
    np.testing.assert_allclose(grid, 0.01 * np.arange(1, len(grid) + 1), atol=1e-9)


def test_features_have_no_scale():
    other = {name: 0.01 * (row + 1) * x + 50 * row for row, (name, x) in enumerate(RECORD.items())}
    np.testing.assert_allclose(raw_features(other, 250), raw_features(RECORD, 250), atol=1e-6)


def test_nothing_is_told_from_noise_or_without_lead_one():
    generator = np.random.default_rng(0)
    assert all(raw_features({name: generator.normal(size=1000) for name in LEADS}, 100) is None for _ in range(50))
    assert raw_features(choose(RECORD, ["II", *CHEST]), 250) is None


def test_without_lead_two_the_leg_is_not_told(table):
    arms, leg = scores(raw_features(choose(reverse(RECORD, "arms"), ["I", *CHEST]), 250), table)
    assert arms >= 0 and np.isnan(leg)


def test_reversals_of_a_made_up_record_are_told(table):
    for expected, reversal in enumerate([None, "arms", "rightArmLeftLeg"]):
        leads = reverse(RECORD, reversal) if reversal else RECORD
        assert told(scores(raw_features(leads, 250), table)) == expected


def test_golden_file_is_what_the_reference_makes(table):
    committed, made = json.loads(GOLDEN.read_text()), golden(table)
    assert [case | {"scores": None} for case in committed] == [case | {"scores": None} for case in made]
    for one, other in zip(committed, made):
        assert [x is None for x in one["scores"]] == [x is None for x in other["scores"]]
        np.testing.assert_allclose([x or 0 for x in one["scores"]], [x or 0 for x in other["scores"]], atol=1e-9)


@needs_data
def test_arms_exchanged_in_real_records(table):
    records = load(DATA, "val")[0][::4]
    for names in (LEADS, LIMB):
        plain = [raw_features(choose(leads, names), 100) for leads in records]
        arms = [raw_features(choose(reverse(leads, "arms"), names), 100) for leads in records]
        assert np.mean([raw is not None and told(scores(raw, table)) == 1 for raw in plain]) < 0.03
        assert np.mean([raw is not None and told(scores(raw, table)) == 1 for raw in arms]) > 0.85
