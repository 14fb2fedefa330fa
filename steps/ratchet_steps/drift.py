"""Drift of features by Evidently: normed Wasserstein distance for numbers, Jensen-Shannon distance for categories."""

import os
from typing import Any

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
    from evidently import DataDefinition, Dataset, Report  # five seconds: only where there is something to compare
    from evidently.metrics import ValueDrift

    numbers = [feature["name"] for feature in features if feature["type"] == "number"]
    categories = [feature["name"] for feature in features if feature["type"] == "category"]
    definition = DataDefinition(numerical_columns=numbers, categorical_columns=categories)
    methods = {name: "wasserstein" for name in numbers} | {name: "jensenshannon" for name in categories}
    report = Report([ValueDrift(column=name, method=method, threshold=statistic_max) for name, method in methods.items()])
    columns = list(methods)
    result = report.run(
        Dataset.from_pandas(current[columns], data_definition=definition),
        Dataset.from_pandas(reference[columns], data_definition=definition),
    ).dict()
    statistics = {metric["config"]["column"]: float(metric["value"]) for metric in result["metrics"]}
    return [
        {
            "column": name,
            "test": methods[name],
            "statistic": statistics[name],
            "threshold": statistic_max,
            "drifted": statistics[name] > statistic_max,
        }
        for name in columns
    ]
