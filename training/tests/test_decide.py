"""Thresholds and calibration on made-up logits whose best values are known."""

import json
from pathlib import Path

import numpy as np
import pytest

from training.config import ROOT
from training.decide import (
    best_threshold, brier, challenge_metric, fit_calibration, fit_once, fit_thresholds, keep_sensible, rewards, sigmoid,
)  # fmt: skip

CASES = ROOT / "../shared/data/challenge/metric_cases.json"
CLASSES = 26


def made_up(records: int = 400, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """(labels bool[N, K], logits of perfect probabilities [N, K])."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(-2, 2, (records, CLASSES))
    return generator.random(logits.shape) < sigmoid(logits), logits


@pytest.mark.skipif(not CASES.exists(), reason=f"SKIPPED: no official cases in {CASES}")
def test_challenge_metric_is_the_official_one():
    for case in json.loads(Path(CASES).read_text())["cases"]:
        labels, binary = (np.array(case[key]) > 0 for key in ("labels", "binary"))
        assert challenge_metric(labels, binary) == pytest.approx(case["challenge_metric"], abs=1e-12)


def test_best_threshold_is_the_best_of_all_cuts():
    generator = np.random.default_rng(0)
    for _ in range(50):
        logits, gain = generator.integers(0, 6, 20).astype(float), generator.normal(size=20)
        threshold = best_threshold(logits, gain)
        cuts = [-np.inf, *np.unique(logits), np.inf]
        assert gain[logits >= threshold].sum() == pytest.approx(max(gain[logits >= cut].sum() for cut in cuts))


def test_fit_once_is_a_maximum_in_every_coordinate():
    labels, logits = made_up(120)
    thresholds = fit_once(labels, logits, np.zeros(CLASSES))
    best = challenge_metric(labels, logits >= thresholds)
    assert best > challenge_metric(labels, logits >= 0)
    generator = np.random.default_rng(1)
    for _ in range(100):
        other = thresholds.copy()
        other[generator.integers(CLASSES)] = generator.normal(0, 3)
        assert challenge_metric(labels, logits >= other) <= best + 1e-12


def test_fitted_thresholds_do_better_on_records_that_they_have_not_seen():
    fitted = fit_thresholds(*made_up(seed=3), np.zeros(CLASSES))
    labels, logits = made_up(2000, seed=4)
    assert challenge_metric(labels, logits >= fitted) > challenge_metric(labels, logits >= 0)


def test_rewards_by_hand():
    labels, decisions = np.zeros((2, CLASSES), bool), np.zeros((2, CLASSES), bool)
    labels[0, [0, 1]] = decisions[0, [1, 2]] = True
    # AF-AFL .5, AF-BBB .475, AFL-AFL 1, AFL-BBB .475, over three classes in all.
    assert rewards(labels, decisions) == pytest.approx([(0.5 + 0.475 + 1 + 0.475) / 3, 0])


def test_calibration_undoes_weights_and_temperature():
    labels, logits = made_up(3000)
    weight = np.linspace(1, 8, CLASSES)
    fitted, scores = fit_calibration(labels.astype(float), (logits + np.log(weight)) * 1.7, weight)
    assert fitted["temperature"] == pytest.approx(1.7, rel=0.1)
    assert fitted["shift"] == pytest.approx(-np.log(weight), abs=1e-4)
    assert min(scores, key=scores.get) == "both"
    plain, _ = fit_calibration(labels.astype(float), logits, np.ones(CLASSES))
    assert plain["shift"] == 0


def test_thresholds_stay_sensible():
    calibration = {"temperature": 2.0, "shift": [-1.0] * CLASSES}
    thresholds = np.full(CLASSES, 0.5)
    thresholds[:3] = -50, 50, -50
    kept = keep_sensible(thresholds, calibration, np.array([20, 20, 4] + [20] * (CLASSES - 3)))
    probabilities = sigmoid(kept / 2 - 1)
    assert probabilities[:3] == pytest.approx([0.1, 0.5, 0.5], abs=1e-4)
    assert kept[3] == 0.5


def test_unknown_labels_count_in_no_score():
    labels = np.array([[1.0, np.nan], [0.0, 1.0]])
    assert brier(labels, np.array([[1.0, 0.3], [0.0, 0.5]])) == pytest.approx(0.25 / 3)
