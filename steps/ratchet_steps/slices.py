"""The same comparison inside every slice. Slices only veto, so they need less precision than the whole."""

from typing import Any

import numpy as np
import pandas as pd

from .contract import StepFailure
from .metrics import all_metrics
from .paired import BLOCKS_MAX, compact_blocks, paired_differences

SLICES_MAX = 200
REPLICATES_MIN = 600  # the judge asks for 500, and a tenth may be left out
NUMBERS_MAX = 60_000
"""Over all slices together: replicates, and blocks; the result of an evaluation stays near a megabyte."""


def slice_results(
    frame: pd.DataFrame,
    labels: np.ndarray,
    challenger: np.ndarray,
    champion: np.ndarray | None,
    champion_fair: bool,
    blocks: np.ndarray,
    spec: dict[str, Any],
) -> list[dict[str, Any]]:
    """SliceResults on the labelled rows. @throws StepFailure InputInvalid: no such column, or too many values."""
    slices = [(by["by"], value, rows) for by in spec["slices"] for value, rows in _values(frame, by["by"])]
    replicates = max(REPLICATES_MIN, min(spec["replicates"], NUMBERS_MAX // max(1, len(slices))))
    blocks_max = max(50, min(BLOCKS_MAX, NUMBERS_MAX // 4 // max(1, len(slices))))
    found = []
    for by, value, rows in slices:
        differences = {}
        if champion is not None and champion_fair:
            compact = compact_blocks(blocks[rows], spec["seed"], blocks_max)
            differences = paired_differences(
                spec["metrics"], labels[rows], challenger[rows], champion[rows], compact, replicates, spec["seed"]
            )
        found.append(
            {
                "by": by,
                "value": value,
                "rows": int(rows.sum()),
                "rate": float(labels[rows].mean()),
                "challenger": all_metrics(labels[rows], challenger[rows]),
                "champion": None if champion is None else all_metrics(labels[rows], champion[rows]),
                "differences": differences,
            }
        )
    return found


def _values(frame: pd.DataFrame, by: str) -> list[tuple[str, np.ndarray]]:
    if by not in frame.columns:
        raise StepFailure("InputInvalid", f"evaluation.slices: expected a column of the dataset, found {by!r}")
    values = frame[by].astype(object).where(frame[by].notna(), "null").astype(str).to_numpy()
    names = np.unique(values)
    if len(names) > SLICES_MAX:
        raise StepFailure(
            "InputInvalid",
            f"evaluation.slices: column {by} has {len(names)} values; expected at most {SLICES_MAX}: slice by a column of groups",
        )
    return [(str(name), values == name) for name in names]
