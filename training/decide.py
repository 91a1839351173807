"""Thresholds and calibrated probabilities for trained weights, fitted on the tuning split.

    python -m training.decide training/checkpoints/edge.safetensors -o build/edge.safetensors

writes the f32 weight file with `thresholds` and `calibration` for each lead set, ready for `leadwise convert`.

Calibration: probability = sigmoid(logit / temperature + shift). The loss weighted positives by w, which leaves the logits
of a perfect fit ln(w) too high; candidates are a temperature alone, that shift alone, and both. The one with the lowest
Brier score is kept, per lead set.

Thresholds maximise the challenge metric. One threshold after the other is set to its best value, all others fixed, until
none changes; this is done on bootstrap samples of the split, and the median is kept: the best values of one sample of
637 records are too good to be true for rare classes. Where a class separates perfectly, any cut in a wide gap is best, and
where it has no positives, anything above all logits: thresholds are therefore kept where the calibrated probability is
between 0.1 and 0.5, and at 0.5 for classes with fewer than five positives.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from training.augment import LEAD_SETS
from training.config import CLASSES, ROOT
from training.data import DEFAULT_DATA, load_split, positive_weights
from training.export import read_checkpoint, write_weights
from training.fast_model import FastLeadAttention, from_state_dict
from training.metrics import MIN_POSITIVES
from training.train import predict

REWARD = np.array(json.loads((ROOT / "src" / "evaluate" / "reward.json").read_text()))
SINUS_RHYTHM = next(i for i, entry in enumerate(CLASSES) if entry["abbreviation"] == "NSR")
BOOTSTRAPS = 101
SWEEPS = 10
LEAST, MOST = 0.1, 0.5  # calibrated probabilities of thresholds
DIGITS = 4


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def brier(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Mean squared difference over the known labels, [N, K] each."""
    return float(np.nanmean((probabilities - labels) ** 2))


def fit_temperature(labels: np.ndarray, logits: np.ndarray, shift: np.ndarray) -> float:
    """The temperature with the lowest Brier score, by golden-section search on its logarithm."""
    low, high = np.log(0.2), np.log(5.0)
    ratio = (np.sqrt(5) - 1) / 2

    def loss(x: float) -> float:
        return brier(labels, sigmoid(logits / np.exp(x) + shift))

    for _ in range(40):
        a, b = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, b) if loss(a) < loss(b) else (a, high)
    return float(np.exp((low + high) / 2))


def fit_calibration(labels: np.ndarray, logits: np.ndarray, weight: np.ndarray) -> tuple[dict, dict]:
    """(temperature and shift with the lowest Brier score, the score of every candidate)."""
    nothing, log_weight = np.zeros(len(weight)), -np.log(weight)
    candidates = {
        "none": (1.0, nothing),
        "temperature": (fit_temperature(labels, logits, nothing), nothing),
        "log-weight shift": (1.0, log_weight),
        "both": (fit_temperature(labels, logits, log_weight), log_weight),
    }
    scores = {name: brier(labels, sigmoid(logits / t + shift)) for name, (t, shift) in candidates.items()}
    temperature, shift = candidates[min(scores, key=scores.get)]
    shifts = [round(float(s), DIGITS) + 0.0 for s in shift]
    return {"temperature": round(temperature, DIGITS), "shift": shifts if any(shifts) else 0}, scores


def rewards(labels: np.ndarray, decisions: np.ndarray) -> np.ndarray:
    """The challenge's reward of each record [N]: labels and decisions bool[N, K]."""
    union = np.maximum((labels | decisions).sum(1), 1)
    return ((labels @ REWARD) * decisions).sum(1) / union


def challenge_metric(labels: np.ndarray, decisions: np.ndarray) -> float:
    inactive = np.zeros_like(decisions)
    inactive[:, SINUS_RHYTHM] = True
    observed, correct, nothing = (rewards(labels, d).sum() for d in (decisions, labels, inactive))
    return float((observed - nothing) / (correct - nothing))


def best_threshold(logits: np.ndarray, gain: np.ndarray) -> float:
    """Where the sum of `gain` over the records at or above it is largest; in the middle between two logits."""
    order = np.argsort(-logits, kind="stable")
    total = np.append(0.0, np.cumsum(gain[order]))
    # A cut between equal logits is none.
    ends = np.append(True, np.append(np.diff(logits[order]) != 0, True))
    cut = int(np.argmax(np.where(ends, total, -np.inf)))
    ranked = logits[order]
    if cut == 0:
        return float(ranked[0] + 0.5)
    return float((ranked[cut - 1] + ranked[cut]) / 2) if cut < len(ranked) else float(ranked[-1] - 0.5)


def fit_once(labels: np.ndarray, logits: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Thresholds [K] from coordinate ascent: labels bool[N, K], logits float[N, K]."""
    thresholds = start.copy()
    for _ in range(SWEEPS):
        before = thresholds.copy()
        for k in range(len(thresholds)):
            decisions = logits >= thresholds
            decisions[:, k] = True
            present = rewards(labels, decisions)
            decisions[:, k] = False
            thresholds[k] = best_threshold(logits[:, k], present - rewards(labels, decisions))
        if np.array_equal(before, thresholds):
            break
    return thresholds


def fit_thresholds(labels: np.ndarray, logits: np.ndarray, start: np.ndarray, seed: int = 1) -> np.ndarray:
    """The median of `fit_once` over bootstrap samples."""
    generator = np.random.default_rng(seed)
    fits = []
    for _ in range(BOOTSTRAPS):
        drawn = generator.integers(0, len(labels), len(labels))
        fits.append(fit_once(labels[drawn], logits[drawn], start))
    return np.median(fits, axis=0)


def keep_sensible(thresholds: np.ndarray, calibration: dict, positives: np.ndarray) -> np.ndarray:
    """Thresholds [K] within LEAST and MOST; at MOST for classes with fewer than MIN_POSITIVES positives [K]."""
    low, high = (to_logit(probability, calibration) for probability in (LEAST, MOST))
    return np.round(np.where(positives < MIN_POSITIVES, high, np.clip(thresholds, low, high)), DIGITS)


def to_logit(probability: float, calibration: dict) -> np.ndarray:
    """The network's logits [K] (or one) of a calibrated probability."""
    return (np.log(probability / (1 - probability)) - np.array(calibration["shift"])) * calibration["temperature"]


def decide(model: torch.nn.Module, config: dict, data: Path, bounds: list[float]) -> tuple[list, list, dict]:
    """(thresholds, calibration) as a weight file lists them, and what the fits say of the tuning split.

    `bounds`: those of the positive weights in training.
    """
    train, tuning = load_split(data)
    weight = positive_weights(train.labels, bounds)
    known = np.nan_to_num(tuning.labels) > 0
    thresholds, calibration, report = [], [], {}
    for count, leads in LEAD_SETS.items():
        logits = predict(model, tuning.signal, config["windowSamples"], count).astype(np.float64)
        fitted, scores = fit_calibration(tuning.labels, logits, weight)
        # A third is near what single classes come to.
        start = to_logit(1 / 3, fitted) * np.ones(len(weight))
        values = keep_sensible(fit_thresholds(known, logits, start), fitted, known.sum(0))
        thresholds.append({"leads": leads, "values": values.tolist()})
        calibration.append({"leads": leads, **fitted})
        metric = challenge_metric(known, logits >= values)
        report[count] = {"challenge": round(metric, 4), "brier": {name: round(s, 5) for name, s in scores.items()}}
        print(f"{count} leads: challenge metric {metric:.4f}, temperature {fitted['temperature']}, Brier "
              + ", ".join(f"{name} {s:.5f}" for name, s in scores.items()), flush=True)  # fmt: skip
    return thresholds, calibration, report


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m training.decide", description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path, help="safetensors with config in its metadata")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--name", help="of the weights; default: the output's file name")
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder that holds train/train.npz")
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    checkpoint = read_checkpoint(args.checkpoint)
    config = checkpoint["config"]
    tensors = {name: tensor.float() for name, tensor in checkpoint["state_dict"].items()}
    model = FastLeadAttention(config, len(CLASSES))
    from_state_dict(model, tensors)
    provenance = checkpoint["provenance"]
    bounds = provenance["recipe"]["training"]["positive_weight"]
    thresholds, calibration, report = decide(model.eval(), config, args.data, bounds)
    provenance = {**provenance, "decision": report}
    args.output.parent.mkdir(parents=True, exist_ok=True)
    write_weights(
        args.output, tensors, config, name=args.name or args.output.stem,
        thresholds=thresholds, calibration=calibration, provenance=provenance,
    )  # fmt: skip
    print(f"wrote {args.output}")


if __name__ == "__main__":
    main()
