"""A simple model that stands beside the others: logistic regression on the same raw features, trained on the same rows."""

from typing import Any

import numpy as np
import pandas as pd

ROWS_MAX = 20_000
CATEGORIES_MAX = 50


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
