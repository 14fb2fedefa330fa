"""What a candidate answered before it is served: rows to ask again of its servers, and how its scores are spread."""

from typing import Any

import numpy as np
import pandas as pd

from .scoring import Scorer

ROWS_MAX = 32
BINS = 20


def offline_answers(scorer: Scorer, frame: pd.DataFrame, scores: np.ndarray) -> dict[str, Any]:
    """`served`: some rows with the model's answers, those with nulls among them; `scoreHistogram`: of all rows, 20 bins of [0, 1]."""
    names = [wanted["name"] for wanted in scorer.inputs]
    positions = _positions(frame[names].isna().any(axis=1).to_numpy())
    histogram, _ = np.histogram(np.clip(scores, 0, 1), bins=BINS, range=(0, 1))
    rows = [
        {wanted["name"]: _json(frame[wanted["name"]].iloc[position], wanted["type"]) for wanted in scorer.inputs} for position in positions
    ]
    return {
        "served": {"rows": rows, "scores": [float(scores[position]) for position in positions]},
        "scoreHistogram": [int(count) for count in histogram],
    }


def _positions(has_null: np.ndarray) -> list[int]:
    """Spread over the rows: half of them with nulls, as far as there are any."""
    with_null = np.flatnonzero(has_null)
    spread = np.linspace(0, len(has_null) - 1, min(ROWS_MAX // 2, len(has_null))).astype(int)
    nulls = with_null[np.linspace(0, len(with_null) - 1, min(ROWS_MAX // 2, len(with_null))).astype(int)] if len(with_null) else []
    return sorted({int(position) for position in [*spread, *nulls]})


def _json(value: Any, kind: str) -> float | str | None:
    """As a caller would send it: a number as the model's float32 has it, a missing value as null."""
    if pd.isna(value):
        return None
    return float(np.float32(value)) if kind == "number" else str(value)
