"""Ranking metrics for choosing between models during training.

The definitions are the challenge's (AUROC by trapezoids, AUPRC step-wise), per class, with unknown
labels left out. They only steer training; published figures come from the package's `evaluate`.

Legend: N records, K classes; labels are 1, 0 or NaN (unknown).
"""

from __future__ import annotations

import numpy as np

# A class with fewer positives says nothing about a model.
MIN_POSITIVES = 5


def ranked_counts(labels: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """True and false positives at each distinct threshold, from the highest score down."""
    order = np.argsort(-scores, kind="stable")
    labels, scores = labels[order], scores[order]
    last_of_tie = np.append(scores[1:] != scores[:-1], True)
    return np.cumsum(labels)[last_of_tie], np.cumsum(1 - labels)[last_of_tie]


def auroc(labels: np.ndarray, scores: np.ndarray) -> float:
    """Area under the ROC curve, labels [N] of 0 and 1; NaN when one of them is absent."""
    positives, negatives = labels.sum(), (1 - labels).sum()
    if not positives or not negatives:
        return float("nan")
    true, false = ranked_counts(labels, scores)
    return float(np.trapezoid(np.append(0, true) / positives, np.append(0, false) / negatives))


def auprc(labels: np.ndarray, scores: np.ndarray) -> float:
    """Step-wise area under precision-recall, labels [N] of 0 and 1; NaN without positives."""
    positives = labels.sum()
    if not positives:
        return float("nan")
    true, false = ranked_counts(labels, scores)
    recall_gained = np.diff(np.append(0, true)) / positives
    return float((recall_gained * true / (true + false)).sum())


def evaluate(labels: np.ndarray, scores: np.ndarray) -> dict:
    """Per-class and macro figures, labels and scores [N, K].

    The macro means cover the classes with at least MIN_POSITIVES positives (and one negative); `classes` says how many.
    """
    per_class: dict[int, tuple[float, float]] = {}
    for index in range(labels.shape[1]):
        known = ~np.isnan(labels[:, index])
        truth, score = labels[known, index], scores[known, index]
        if truth.sum() >= MIN_POSITIVES and (1 - truth).sum() > 0:
            per_class[index] = (auroc(truth, score), auprc(truth, score))
    macro = np.mean(list(per_class.values()), axis=0) if per_class else (float("nan"), float("nan"))
    return {"auroc": float(macro[0]), "auprc": float(macro[1]), "classes": len(per_class), "per_class": per_class}
