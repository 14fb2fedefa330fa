"""Decay, relative: the served model against references that are scored on the same mature rows.

A month may be hard for every model. What tells that a model has grown old is that a cheap one, trained on what is known
by now, would have done better on the same rows; by blocks, as every comparison here.
"""

from typing import Any

import numpy as np
import pandas as pd

from .baseline import refit_scores
from .coverage import label_coverage
from .metrics import all_metrics, calibration
from .object_store import ObjectStore
from .outcomes import Outcomes
from .paired import block_numbers, compact_blocks, paired_differences
from .scoring import Scorer, open_scorer, score_frame

LABEL = "label"
REFIT_ROWS_MIN = 500


def decay(
    store: ObjectStore, job: dict[str, Any], scorer: Scorer, cohort: pd.DataFrame, learnt: pd.DataFrame
) -> dict[str, Any] | None:
    """`cohort`: every prediction of the mature cohort, with `label` null where none came. `learnt`: rows with features and
    `label` that were known before the cohort began. null: nothing was predicted.
    """
    if cohort.empty:
        return None
    spec, data = job["evaluation"], job["data"]
    every = score_frame(scorer, cohort, "champion")
    labelled = cohort[LABEL].notna().to_numpy()
    rows = cohort[labelled].reset_index(drop=True)
    labels = rows[LABEL].to_numpy(dtype=np.float64)
    found: dict[str, Any] = {
        "window": job["cohort"],
        "rows": len(cohort),
        "labelledRows": len(rows),
        "labelCoverage": label_coverage(cohort, LABEL, every, "time", data["timeZone"]),
        "learntRows": len(learnt),
        "blocks": None,
        "arms": {"served": None, "fresh": None, "anchor": None, "baseRate": None},
        "differences": {"fresh": None, "anchor": None, "baseRate": None},
    }
    if rows.empty:
        return found
    scores = {"served": every[labelled], **_references(store, job, rows, learnt)}
    by, blocks = _blocks(rows, spec["resampleBy"], data["timeZone"])
    compact = compact_blocks(blocks, spec["seed"])
    found["blocks"] = by
    for name, arm in scores.items():
        found["arms"][name] = {"metrics": all_metrics(labels, arm), "calibration": calibration(labels, arm)}
        if name != "served":
            found["differences"][name] = paired_differences(
                spec["metrics"], labels, scores["served"], arm, compact, spec["replicates"], spec["seed"]
            )
    return found


def _references(store: ObjectStore, job: dict[str, Any], rows: pd.DataFrame, learnt: pd.DataFrame) -> dict[str, np.ndarray]:
    """Scores of the references that can be had. The anchor must not have been trained on the cohort's days: the caller sees to it."""
    references: dict[str, np.ndarray] = {}
    if len(learnt):
        references["baseRate"] = np.full(len(rows), float(learnt[LABEL].mean()))
    if len(learnt) >= REFIT_ROWS_MIN:
        fresh = refit_scores(learnt, rows, job["data"]["features"], LABEL, job["evaluation"]["seed"])
        if fresh is not None:
            references["fresh"] = fresh
    if job["anchor"] is not None:
        anchor = open_scorer(store.get(job["anchor"]["model"]["digest"]), job["anchor"]["model"]["inputs"], "anchor")
        references["anchor"] = score_frame(anchor, rows, "anchor")
    return references


def _blocks(rows: pd.DataFrame, resample_by: str, time_zone: str) -> tuple[str, np.ndarray]:
    """A column that the log does not have is replaced by the caller's key, where all sent one, else by the day."""
    by = resample_by
    if by not in ("day", "row") and (by not in rows.columns or rows[by].isna().any()):
        by = "key" if rows["key"].notna().all() else "day"
    return by, block_numbers(rows, by, "time", time_zone)


def kpi_means(cohort: Outcomes, resample_by: str, time_zone: str, seed: int) -> list[dict[str, Any]]:
    """The mean of each number that came with labels, by blocks, so that its judge knows how far it may be off."""
    means = []
    for name in cohort.kpis:
        rows = cohort.frame[cohort.frame[f"kpi_{name}"].notna()].reset_index(drop=True)
        if rows.empty:
            continue
        values = rows[f"kpi_{name}"].to_numpy(dtype=np.float64)
        blocks = compact_blocks(_blocks(rows, resample_by, time_zone)[1], seed)
        sums = np.bincount(blocks, weights=values)
        mean = {"kind": "mean", "delta": float(values.mean()), "rows": len(values), "blockRows": np.bincount(blocks).tolist(), "blockSums": sums.tolist()}
        means.append({"name": name, "mean": mean})
    return means
