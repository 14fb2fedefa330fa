"""Scores challenger, champion, frozen anchor, a simple baseline and the base rate on the same later rows.

It only counts, scores and resamples; what that means is decided by the judge in src/domain/decide.
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from .answers import offline_answers
from .baseline import logistic_scores
from .contract import StepFailure, report_progress, run_job
from .coverage import label_coverage
from .dataset import read_manifest, read_part
from .latency import single_row_latency
from .metrics import all_metrics, calibration
from .object_store import ObjectStore, open_store
from .paired import block_numbers, compact_blocks, paired_differences
from .probes import probe
from .scoring import Scorer, open_scorer, score_frame
from .slices import slice_results
from .times import parse_time


class Arm(NamedTuple):
    """A model on the holdout. `fair`: trained on none of it. `scorer` is null for arms that are no model file."""

    scorer: Scorer | None
    scores: np.ndarray
    train_end: str
    fair: bool
    latency: dict[str, float] | None


def evaluate(job: dict[str, Any]) -> dict[str, Any]:
    """EvaluateInput -> EvaluateOutput. @throws StepFailure InputInvalid, ColumnMissing, WindowEmpty, EvidenceMissing."""
    store, data, spec = open_store(), job["data"], job["evaluation"]
    report_progress(1, 5, "reading rows")
    manifest = read_manifest(store, job["datasetDigest"])
    holdout, train = read_part(store, manifest, "holdout"), read_part(store, manifest, "train")
    window = next(file["window"] for file in manifest["files"] if file["part"] == "holdout")
    label = data["label"]["column"]
    labelled = holdout[label].notna().to_numpy()
    if not labelled.any():
        raise StepFailure(
            "WindowEmpty",
            f"no row of the holdout {window['start']} – {window['end']} has a label; expected some after {data['label']['delayHours']} h",
        )

    report_progress(2, 5, f"scoring {len(holdout)} rows")
    models = {
        name: _model_arm(store, job[name], holdout, window["start"], name) for name in ("challenger", "champion", "anchor") if job[name]
    }
    arms = {**models, **_simple_arms(train, holdout, data, spec, window["start"])}
    labels = holdout[label].to_numpy(dtype=np.float64)[labelled]
    scores = {name: arm.scores[labelled] for name, arm in arms.items()}

    report_progress(3, 5, f"comparing by {spec['resampleBy']}")
    blocks = block_numbers(holdout, spec["resampleBy"], data["timeColumn"], data["timeZone"])[labelled]
    fair = {name: arms["challenger"].fair and arm.fair for name, arm in arms.items()}
    differences = {name: _differences(spec, labels, scores, name, blocks, fair) for name in ("champion", "anchor", "baseRate")}

    report_progress(4, 5, "slices")
    slices = slice_results(
        holdout[labelled], labels, scores["challenger"], scores.get("champion"), fair.get("champion", False), blocks, spec
    )

    report_progress(5, 5, "probes")
    champion = arms["champion"].scorer if "champion" in arms else None
    return {
        "holdout": window,
        "rows": len(holdout),
        "labelledRows": int(labelled.sum()),
        "labelCoverage": label_coverage(holdout, label, arms["challenger"].scores, data["timeColumn"], data["timeZone"]),
        "arms": {
            name: _arm_result(arms[name], labels, scores[name]) if name in arms else None
            for name in ("challenger", "champion", "anchor", "baseline", "baseRate")
        },
        "differences": {**differences, "baseRate": differences["baseRate"] or {}},
        "slices": slices,
        "probes": probe(arms["challenger"].scorer, champion, holdout, data["features"], "challenger", (job["champion"] or {}).get("features", [])),
        **offline_answers(arms["challenger"].scorer, holdout, arms["challenger"].scores),
    }


def _model_arm(store: ObjectStore, arm: dict[str, Any], holdout: pd.DataFrame, holdout_start: str, name: str) -> Arm:
    scorer = open_scorer(store.get(arm["model"]["digest"]), arm["model"]["inputs"], name)
    scores = score_frame(scorer, holdout, name)
    fair = parse_time(arm["trainEnd"], f"{name}.trainEnd") <= parse_time(holdout_start, "holdout.start")
    return Arm(scorer, scores, arm["trainEnd"], fair, single_row_latency(scorer, holdout, name))


def _simple_arms(train: pd.DataFrame, holdout: pd.DataFrame, data: dict[str, Any], spec: dict[str, Any], train_end: str) -> dict[str, Arm]:
    """The base rate of the training part for every row and, where asked for, logistic regression."""
    label = data["label"]["column"]
    if train[label].notna().sum() == 0:
        raise StepFailure("WindowEmpty", "no row of the training part has a label: there is no base rate to compare with")
    arms = {"baseRate": Arm(None, np.full(len(holdout), float(train[label].mean())), train_end, True, None)}
    if spec["baseline"] == "logistic":
        scores = logistic_scores(train, holdout, data["features"], label, spec["seed"])
        if scores is not None:
            arms["baseline"] = Arm(None, scores, train_end, True, None)
    return arms


def _differences(
    spec: dict[str, Any], labels: np.ndarray, scores: dict[str, np.ndarray], other: str, blocks: np.ndarray, fair: dict[str, bool]
) -> dict[str, Any] | None:
    if other not in scores or not fair[other]:
        return None
    compact = compact_blocks(blocks, spec["seed"])
    return paired_differences(spec["metrics"], labels, scores["challenger"], scores[other], compact, spec["replicates"], spec["seed"])


def _arm_result(arm: Arm, labels: np.ndarray, scores: np.ndarray) -> dict[str, Any]:
    return {
        "metrics": all_metrics(labels, scores),
        "calibration": calibration(labels, scores),
        "latencyMs": arm.latency,
        "bytes": arm.scorer.bytes if arm.scorer else None,
        "trainEnd": arm.train_end,
    }


if __name__ == "__main__":
    run_job(("evaluate",), ("datasetDigest", "data", "evaluation", "challenger", "champion", "anchor"), evaluate)
