"""How long one row takes, as a model server would ask: one at a time, on one thread."""

import time

import numpy as np
import pandas as pd

from .scoring import Scorer, feeds_of

ROWS = 300
WARM_UP = 20


def single_row_latency(scorer: Scorer, frame: pd.DataFrame, arm: str) -> dict[str, float]:
    """p50 and p99 in milliseconds over some 300 rows."""
    feeds = feeds_of(frame.head(ROWS), scorer.inputs, arm)
    rows = len(next(iter(feeds.values())))
    taken = []
    for index in [*range(min(WARM_UP, rows)), *range(rows)]:
        one = {name: values[index : index + 1] for name, values in feeds.items()}
        begin = time.perf_counter()
        scorer.score(one)
        taken.append((time.perf_counter() - begin) * 1000)
    measured = taken[min(WARM_UP, rows) :]
    return {"p50": round(float(np.quantile(measured, 0.5)), 4), "p99": round(float(np.quantile(measured, 0.99)), 4)}
