"""Drift of features by Evidently: normed Wasserstein distance for numbers, Jensen-Shannon distance for categories."""

import os
from typing import Any

import numpy as np
import pandas as pd

ROWS_MAX = 5_000
ROWS_MIN = 30
SEED = 20_130_101


def feature_drift(
    current: pd.DataFrame, reference: pd.DataFrame, features: list[dict[str, Any]], statistic_max: float
) -> tuple[list[dict[str, Any]], list[str]]:
    """DriftedColumns, and the columns that could not be measured (fewer than 30 values on one side).

    Both sides are sampled to at most 5,000 rows: enough to tell a distance of .1, and it takes a second.
    """
    current, reference = _sample(current), _sample(reference)
    names = [feature["name"] for feature in features]
    thin = [name for name in names if min(current[name].notna().sum(), reference[name].notna().sum()) < ROWS_MIN]
    measured = [feature for feature in features if feature["name"] not in thin]
    return (_measure(current, reference, measured, statistic_max) if measured else []), thin


def _sample(frame: pd.DataFrame) -> pd.DataFrame:
    return frame if len(frame) <= ROWS_MAX else frame.sample(ROWS_MAX, random_state=SEED)


def _measure(current: pd.DataFrame, reference: pd.DataFrame, features: list[dict[str, Any]], statistic_max: float) -> list[dict[str, Any]]:
    os.environ.setdefault("DO_NOT_TRACK", "1")
    # Seven seconds: only where there is something to compare. A Report of it computes the same numbers, and draws each column besides.
    from evidently.legacy.calculations.stattests import jensenshannon_stat_test, wasserstein_stat_test
    from evidently.legacy.core import ColumnType

    measured = []
    for kind, column_type, test in (("number", ColumnType.Numerical, wasserstein_stat_test), ("category", ColumnType.Categorical, jensenshannon_stat_test)):
        for name in (feature["name"] for feature in features if feature["type"] == kind):
            before, now = (frame[name].replace([-np.inf, np.inf], np.nan).dropna() for frame in (reference, current))
            statistic = float(test(before, now, column_type, statistic_max).drift_score)
            measured.append({"column": name, "test": test.name, "statistic": statistic, "threshold": statistic_max, "drifted": statistic > statistic_max})
    return measured
