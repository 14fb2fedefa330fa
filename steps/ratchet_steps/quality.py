"""What the values of a feature look like against the training snapshot: nulls, ranges, categories never seen, no change at all."""

from typing import Any

import numpy as np
import pandas as pd

BINS = 12
EXAMPLES_MAX = 5
# Of fewer values it is no wonder that they are the same.
CONSTANT_MIN = 30


def feature_quality(current: pd.DataFrame, reference: pd.DataFrame, features: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One document a feature. Shares are of all rows; ranges are the declared ones, else those of the snapshot."""
    return [_quality(current[feature["name"]], reference[feature["name"]], feature) for feature in features]


def _quality(current: pd.Series, reference: pd.Series, feature: dict[str, Any]) -> dict[str, Any]:
    known, learnt = current.dropna(), reference.dropna()
    number = feature["type"] == "number"
    outside = _outside(known, learnt, feature) if number else known.iloc[:0]
    unseen = known.iloc[:0] if number else known[~known.isin(set(learnt))]
    return {
        "feature": feature["name"],
        "type": feature["type"],
        "nullShare": _share(len(current) - len(known), len(current)),
        "nullShareReference": _share(len(reference) - len(learnt), len(reference)),
        "outOfRangeShare": _share(len(outside), len(current)),
        "unseenShare": _share(len(unseen), len(current)),
        "examples": [_plain(value) for value in pd.concat([outside, unseen]).value_counts().index[:EXAMPLES_MAX]],
        # One value where there were many: a sensor that hangs, a default that somebody filled in.
        "constant": bool(len(known) >= CONSTANT_MIN and known.nunique() == 1 and learnt.nunique() > 1),
        "histogram": _histogram(known, learnt) if number else _commonest(known, learnt),
    }


def _outside(known: pd.Series, learnt: pd.Series, feature: dict[str, Any]) -> pd.Series:
    low = feature.get("min", learnt.min() if len(learnt) else -np.inf)
    high = feature.get("max", learnt.max() if len(learnt) else np.inf)
    return known[(known < low) | (known > high)]


def _histogram(known: pd.Series, learnt: pd.Series) -> dict[str, Any]:
    """Shares in equal bins over the snapshot's 1st to 99th percentile; what lies beyond is in the first and last."""
    if learnt.empty or known.empty:
        return {"bins": [], "current": [], "reference": []}
    low, high = np.quantile(learnt, [0.01, 0.99])
    edges = np.linspace(low, high if high > low else low + 1, BINS + 1)
    inner = [np.clip(values, edges[0], edges[-1]) for values in (known, learnt)]
    current, before = (np.histogram(values, edges)[0] / len(values) for values in inner)
    return {"bins": [f"{edge:.4g}" for edge in edges[:-1]], "current": _rounded(current), "reference": _rounded(before)}


def _commonest(known: pd.Series, learnt: pd.Series) -> dict[str, Any]:
    """Shares of the categories that were commonest in the snapshot, then of those that are commonest now."""
    if learnt.empty or known.empty:
        return {"bins": [], "current": [], "reference": []}
    now, before = known.value_counts(normalize=True), learnt.value_counts(normalize=True)
    names = list(dict.fromkeys([*before.index[: BINS - 3], *now.index[:3]]))
    return {
        "bins": [str(name)[:40] for name in names],
        "current": _rounded([float(now.get(name, 0.0)) for name in names]),
        "reference": _rounded([float(before.get(name, 0.0)) for name in names]),
    }


def _rounded(shares: Any) -> list[float]:
    return [round(float(share), 5) for share in shares]


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _plain(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, (int, float)) else str(value)[:60]
