"""Cheap models that stand beside the others, on the same raw features: logistic regression, and boosted trees for a fresh refit."""

from typing import Any

import numpy as np
import pandas as pd

ROWS_MAX = 20_000
CATEGORIES_MAX = 50
REFIT_ROWS_MAX = 100_000


def logistic_scores(train: pd.DataFrame, holdout: pd.DataFrame, features: list[dict[str, Any]], label: str, seed: int) -> np.ndarray | None:
    """P(label) for the holdout's rows, float64 [rows]; null where the training part has one class only.

    Numbers: median for null plus a flag, scaled; categories: one-hot of the commonest. At most 20,000 rows are learnt from.
    """
    rows = train[train[label].notna()]
    if rows[label].nunique() < 2:
        return None
    if len(rows) > ROWS_MAX:
        rows = rows.sample(ROWS_MAX, random_state=seed)
    from sklearn.linear_model import LogisticRegression

    encode = _encoder(rows, features)
    model = LogisticRegression(C=1.0, max_iter=60, tol=1e-3, solver="lbfgs")
    model.fit(encode(rows), rows[label].to_numpy(dtype=np.int64))
    return model.predict_proba(encode(holdout))[:, 1]


def _encoder(rows: pd.DataFrame, features: list[dict[str, Any]]) -> Any:
    numbers = [feature["name"] for feature in features if feature["type"] == "number"]
    categories = [feature["name"] for feature in features if feature["type"] == "category"]
    medians = {name: float(np.nan_to_num(rows[name].median())) for name in numbers}
    scales = {name: float(rows[name].std()) or 1.0 for name in numbers}
    commonest = {name: list(rows[name].value_counts().sort_index().nlargest(CATEGORIES_MAX).index) for name in categories}

    def encode(frame: pd.DataFrame) -> np.ndarray:
        columns = []
        for name in numbers:
            values = frame[name].to_numpy(dtype=np.float64)
            scale = scales[name] if np.isfinite(scales[name]) else 1.0
            columns += [(np.nan_to_num(values, nan=medians[name]) - medians[name]) / scale, np.isnan(values)]
        for name in categories:
            values = frame[name].to_numpy(dtype=object)
            columns += [values == category for category in commonest[name]]
        return np.column_stack([column.astype(np.float32) for column in columns])

    return encode


def refit_scores(learnt: pd.DataFrame, rows: pd.DataFrame, features: list[dict[str, Any]], label: str, seed: int) -> np.ndarray | None:
    """P(label) for `rows` by boosted trees that were fitted to `learnt` just now; null where that has one class only.

    Histogram gradient boosting: a second or two for 100,000 rows, nulls and categories as they are, honest probabilities.
    """
    known = learnt[learnt[label].notna()]
    if known[label].nunique() < 2:
        return None
    if len(known) > REFIT_ROWS_MAX:
        known = known.sample(REFIT_ROWS_MAX, random_state=seed)
    from sklearn.ensemble import HistGradientBoostingClassifier

    encode, categorical = _tree_encoder(known, features)
    leaf = max(20, min(100, len(known) // 100))
    model = HistGradientBoostingClassifier(
        max_iter=150, learning_rate=0.06, max_leaf_nodes=15, min_samples_leaf=leaf, categorical_features=categorical, random_state=seed
    )
    model.fit(encode(known), known[label].to_numpy(dtype=np.int64))
    return model.predict_proba(encode(rows))[:, 1]


def _tree_encoder(rows: pd.DataFrame, features: list[dict[str, Any]]) -> tuple[Any, list[bool]]:
    """Categories by number, commonest first; rare, unseen and null ones are missing values."""
    numbers = {
        feature["name"]: {value: number for number, value in enumerate(rows[feature["name"]].value_counts().sort_index().nlargest(200).index)}
        for feature in features
        if feature["type"] == "category"
    }

    def encode(frame: pd.DataFrame) -> np.ndarray:
        columns = [
            frame[feature["name"]].map(numbers[feature["name"]]) if feature["name"] in numbers else frame[feature["name"]]
            for feature in features
        ]
        return np.column_stack([column.to_numpy(dtype=np.float64, na_value=np.nan) for column in columns])

    return encode, [feature["name"] in numbers for feature in features]
