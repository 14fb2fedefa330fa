"""Training-serving skew: what the server was told and answered against what training saw, and what the model file answers."""

from typing import Any

import numpy as np
import pandas as pd

from .drift import ROWS_MIN, feature_drift
from .paired import local_time
from .scoring import Scorer, score_frame

ANSWER_DIFFERENCE_MAX = 1e-4
RELATIVE_MAX = 1e-5
ROWS_MAX = 50_000
DAY = "the local day"  # beside features, one of which may be called day


def answer_skew(scorer: Scorer, served: pd.DataFrame) -> dict[str, Any] | None:
    """The logged answers against those of the model file on the logged features; null: nothing was served."""
    if served.empty:
        return None
    rows = served.iloc[:: max(1, len(served) // ROWS_MAX)]
    differences = np.abs(score_frame(scorer, rows, "champion") - rows["output"].to_numpy(dtype=np.float64))
    differences = np.nan_to_num(differences, nan=1.0)
    return {
        "rows": len(rows),
        "differingShare": float((differences > ANSWER_DIFFERENCE_MAX).mean()),
        "differenceMax": float(differences.max()),
    }


def feature_skew(
    logged: pd.DataFrame, snapshot: pd.DataFrame | None, data: dict[str, Any], statistic_max: float
) -> dict[str, Any] | None:
    """Features as logged against those that a snapshot has.

    `method` keys: the same rows, by the one key column and the day, where callers sent it along. distribution: all rows of the days
    that both have from morning to evening, where they can be told apart by nothing better. null: no snapshot covers what was logged.
    """
    if snapshot is None or snapshot.empty or logged.empty:
        return None
    return _by_key(logged, snapshot, data) or _by_distribution(logged, snapshot, data, statistic_max)


def _by_key(logged: pd.DataFrame, snapshot: pd.DataFrame, data: dict[str, Any]) -> dict[str, Any] | None:
    if len(data["keyColumns"]) != 1 or logged["key"].notna().sum() == 0:
        return None
    names = [feature["name"] for feature in data["features"]]
    # Who comes several times a day may have changed in between: which row is which cannot be told.
    right = snapshot[names].assign(key=snapshot[data["keyColumns"][0]].map(str), **{DAY: _days(snapshot, data["timeColumn"], data)})
    asked = logged[logged["key"].notna()]
    left = asked[["key", *names]].assign(**{DAY: _days(asked, "time", data)})
    once = [part.drop_duplicates(["key", DAY], keep=False) for part in (left, right)]
    both = once[0].merge(once[1], on=["key", DAY], suffixes=(".logged", ".snapshot"))
    if both.empty:
        return None
    features = []
    for feature in data["features"]:
        differs = _differs(both[f"{feature['name']}.logged"], both[f"{feature['name']}.snapshot"], feature["type"])
        features.append({"feature": feature["name"], "differingShare": float(differs.mean()), "statistic": None, "threshold": None})
    return {"method": "keys", "rows": len(both), "features": features}


def _differs(logged: pd.Series, learnt: pd.Series, kind: str) -> np.ndarray:
    nulls = logged.isna().to_numpy() != learnt.isna().to_numpy()
    both = (logged.notna() & learnt.notna()).to_numpy()
    if kind == "category":
        return nulls | (both & (logged.to_numpy(dtype=object) != learnt.to_numpy(dtype=object)))
    a, b = logged.to_numpy(dtype=np.float64, na_value=0.0), learnt.to_numpy(dtype=np.float64, na_value=0.0)
    return nulls | (both & ~np.isclose(a, b, rtol=RELATIVE_MAX, atol=RELATIVE_MAX))


def _by_distribution(logged: pd.DataFrame, snapshot: pd.DataFrame, data: dict[str, Any], statistic_max: float) -> dict[str, Any] | None:
    days, learnt_days = _days(logged, "time", data), _days(snapshot, data["timeColumn"], data)
    asked, learnt = _hours(logged, "time", data).groupby(days), _hours(snapshot, data["timeColumn"], data).groupby(learnt_days)
    spans = pd.concat([asked.min(), learnt.min(), asked.max(), learnt.max()], axis=1, keys=["from", "learntFrom", "to", "learntTo"]).dropna()
    # Half a day that was logged is no sample of the whole.
    common = set(spans.index[(spans["from"] <= spans["learntFrom"] + 1) & (spans["to"] >= spans["learntTo"] - 1)])
    left, right = logged[days.isin(common)], snapshot[learnt_days.isin(common)]
    if min(len(left), len(right)) < ROWS_MIN:
        return None
    columns, _ = feature_drift(left, right, data["features"], statistic_max)
    features = [
        {"feature": column["column"], "differingShare": None, "statistic": column["statistic"], "threshold": column["threshold"]}
        for column in columns
    ]
    return {"method": "distribution", "rows": len(left), "features": features}


def _days(rows: pd.DataFrame, column: str, data: dict[str, Any]) -> pd.Series:
    return local_time(rows, column, data["timeZone"]).dt.date


def _hours(rows: pd.DataFrame, column: str, data: dict[str, Any]) -> pd.Series:
    return local_time(rows, column, data["timeZone"]).dt.hour
