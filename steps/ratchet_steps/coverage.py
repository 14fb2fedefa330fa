"""Which rows got a label: overall, by the challenger's score, by month. A gap there makes quality a guess."""

from typing import Any

import numpy as np
import pandas as pd

from .paired import local_time


def label_coverage(frame: pd.DataFrame, label: str, scores: np.ndarray, time_column: str, time_zone: str) -> dict[str, Any]:
    """Shares in 0..1. Deciles go from the lowest to the highest scores; equal scores stay together."""
    labelled = frame[label].notna().to_numpy()
    edges = np.unique(np.quantile(scores, np.linspace(0, 1, 11)[1:-1]))
    decile = np.searchsorted(edges, scores, "right")
    month = local_time(frame, time_column, time_zone).dt.strftime("%Y-%m").to_numpy()
    return {
        "overall": float(labelled.mean()),
        "byScoreDecile": [float(labelled[decile == number].mean()) for number in np.unique(decile)],
        "byMonth": [{"month": str(name), "coverage": float(labelled[month == name].mean())} for name in np.unique(month)],
    }
