"""Holds a refit (trained on all rows) against its judged sibling on the holdout's rows, and probes it.

Only the refit has been trained on them: one that explains them no better has learnt something else.
"""

from typing import Any

import numpy as np
import pandas as pd

from .answers import offline_answers
from .contract import report_progress, run_job
from .dataset import read_manifest, read_part
from .object_store import open_store
from .paired import block_numbers, compact_blocks, paired_differences
from .probes import probe
from .scoring import open_scorer, score_frame


def agree(job: dict[str, Any]) -> dict[str, Any]:
    """AgreeInput -> AgreeOutput. @throws StepFailure InputInvalid, ColumnMissing, EvidenceMissing."""
    store, data, spec = open_store(), job["data"], job["evaluation"]
    report_progress(1, 2, "scoring the refit and its sibling")
    holdout = read_part(store, read_manifest(store, job["datasetDigest"]), "holdout")
    scorers = {arm: open_scorer(store.get(job[arm]["model"]["digest"]), job[arm]["model"]["inputs"], arm) for arm in ("refit", "sibling")}
    refit, sibling = (score_frame(scorers[arm], holdout, arm) for arm in ("refit", "sibling"))
    labelled = holdout[data["label"]["column"]].notna().to_numpy()
    labels = holdout[data["label"]["column"]].to_numpy(dtype=np.float64)[labelled]
    blocks = compact_blocks(block_numbers(holdout, spec["resampleBy"], data["timeColumn"], data["timeZone"])[labelled], spec["seed"])
    report_progress(2, 2, "probes")
    return {
        "rows": len(holdout),
        "rankCorrelation": rank_correlation(refit, sibling),
        "meanAbsoluteDifference": float(np.abs(refit - sibling).mean()),
        "differences": paired_differences(
            spec["metrics"], labels, refit[labelled], sibling[labelled], blocks, spec["replicates"], spec["seed"]
        ),
        "probes": probe(scorers["refit"], scorers["sibling"], holdout, data["features"], "refit"),
        **offline_answers(scorers["refit"], holdout, refit),
    }


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's, ties at their mean rank. 0 where one of the two never changes its answer: that agrees with nothing."""
    ranks = np.column_stack([pd.Series(first).rank().to_numpy(), pd.Series(second).rank().to_numpy()])
    if len(ranks) < 2 or (ranks.std(axis=0) == 0).any():
        return 0.0
    return float(np.corrcoef(ranks, rowvar=False)[0, 1])


if __name__ == "__main__":
    run_job(("agree",), ("datasetDigest", "data", "evaluation", "refit", "sibling"), agree)
