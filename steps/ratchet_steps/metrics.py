"""Quality of one arm: AUC, log-loss, Brier score, calibration. Labels are 0 or 1, scores are probabilities."""

from typing import Any

import numpy as np

# Answers of exactly 0 or 1 would make one wrong row infinitely bad; this is one float32 step from 1.
PROBABILITY_MIN = 1e-7


def row_losses(metric: str, labels: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """The loss of each row, for the metrics that are means: logLoss (nats), brier."""
    if metric == "brier":
        return (scores - labels) ** 2
    clipped = np.clip(scores, PROBABILITY_MIN, 1 - PROBABILITY_MIN)
    return -np.where(labels == 1, np.log(clipped), np.log1p(-clipped))


def auc(labels: np.ndarray, scores: np.ndarray) -> float | None:
    """P(a positive scores above a negative), ties count half; null where one class is missing."""
    positives = np.sort(scores[labels == 1])
    negatives = np.sort(scores[labels == 0])
    if len(positives) == 0 or len(negatives) == 0:
        return None
    wins = np.searchsorted(negatives, positives, "left").sum() + np.searchsorted(negatives, positives, "right").sum()
    return float(wins / 2 / len(positives) / len(negatives))


def all_metrics(labels: np.ndarray, scores: np.ndarray) -> dict[str, float | None]:
    """auc, logLoss, brier; null where there is nothing to compute them from."""
    if len(labels) == 0:
        return {"auc": None, "logLoss": None, "brier": None}
    return {
        "auc": auc(labels, scores),
        "logLoss": float(row_losses("logLoss", labels, scores).mean()),
        "brier": float(row_losses("brier", labels, scores).mean()),
    }


def calibration(labels: np.ndarray, scores: np.ndarray, bins: int = 10) -> dict[str, Any]:
    """Mean prediction against rate, overall and in bins of equally many rows by score (equal scores stay together)."""
    edges = np.unique(np.quantile(scores, np.linspace(0, 1, bins + 1)[1:-1]))
    bin_of_row = np.searchsorted(edges, scores, "right")
    found = []
    for number in np.unique(bin_of_row):
        rows = bin_of_row == number
        found.append({"rows": int(rows.sum()), "meanPrediction": float(scores[rows].mean()), "rate": float(labels[rows].mean())})
    return {"meanPrediction": float(scores.mean()), "rate": float(labels.mean()), "bins": found}
