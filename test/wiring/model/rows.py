"""Rows from a formula: 50 a day, the same for ever."""

from datetime import datetime

import numpy as np
import pandas as pd

ROWS_A_DAY = 50


def load(start: datetime, end: datetime) -> pd.DataFrame:
    """All rows with start <= at < end."""
    days = pd.date_range("2024-01-01", "2024-07-01", freq="D", tz="UTC")
    ids = np.arange(len(days) * ROWS_A_DAY)
    draw = np.random.default_rng(1)
    x = draw.normal(size=len(ids)).clip(-9, 9)
    kind = np.where(draw.random(len(ids)) < 0.5, "a", "b")
    chance = 1 / (1 + np.exp(-(1.5 * x + np.where(kind == "a", 0.5, -0.5))))
    at = days.repeat(ROWS_A_DAY) + pd.to_timedelta(ids % ROWS_A_DAY, unit="min")
    rows = pd.DataFrame({"at": at, "id": ids, "x": x, "kind": kind, "positive": (draw.random(len(ids)) < chance).astype("int8")})
    return rows[(rows["at"] >= start) & (rows["at"] < end)]
