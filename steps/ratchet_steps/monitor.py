"""Looks at a window of the prediction log, and at what became of the predictions whose labels are mature by now.

It only counts, measures and scores; what that means is decided by the judgement in src/domain/decide/monitor.
"""

from typing import Any

import numpy as np
import pandas as pd

from .contract import report_progress, run_job
from .dataset import read_files, read_manifest
from .decay import LABEL, decay, kpi_means
from .drift import feature_drift
from .logged import read_predictions
from .metrics import all_metrics
from .object_store import ObjectStore, open_store
from .outcomes import read_outcomes
from .quality import feature_quality
from .scoring import Scorer, open_scorer, score_frame
from .skew import answer_skew, feature_skew
from .times import iso_time, parse_time, start_of_day

OUTPUT = {"name": "output", "type": "number"}
BINS = 20
TORN_MAX = 20


def monitor(job: dict[str, Any]) -> dict[str, Any]:
    """MonitorInput -> MonitorOutput. @throws StepFailure InputInvalid, ColumnMissing, EvidenceMissing, EvidenceCorrupt."""
    store, data = open_store(), job["data"]
    report_progress(1, 4, "reading the prediction log")
    logged = read_predictions(store, job["model"], job["window"], data["features"])
    traffic = logged.frame.drop_duplicates(["id", "row"]).reset_index(drop=True)  # a mirrored request was asked once
    served = logged.frame[logged.frame["version"] == job["version"]].reset_index(drop=True)
    report_progress(2, 4, "reading the training snapshot")
    manifest = read_manifest(store, job["datasetDigest"])
    snapshot = read_files(store, manifest["files"])
    holdout = [file for file in manifest["files"] if file["part"] == "holdout"]
    scorer = open_scorer(store.get(job["champion"]["model"]["digest"]), job["champion"]["model"]["inputs"], "champion")

    report_progress(3, 4, f"comparing {len(traffic)} predictions with {len(snapshot)} rows of training")
    columns, thin = feature_drift(traffic, snapshot, data["features"], job["drift"]["statisticMax"]) if len(traffic) else ([], [])
    learnt_scores = score_frame(scorer, read_files(store, holdout) if holdout else snapshot, "champion")

    report_progress(4, 4, "scoring rows with mature labels")
    return {
        "window": job["window"],
        "log": logged.counts,
        "versions": [{"version": str(name), "rows": int(rows)} for name, rows in logged.frame["version"].value_counts().sort_index().items()],
        "trafficRows": len(traffic),
        "servedRows": len(served),
        "drift": {"columns": columns, "thin": thin},
        "predictions": _prediction_drift(served, learnt_scores, job["drift"]["predictionStatisticMax"]),
        "quality": feature_quality(traffic, snapshot, data["features"]) if len(traffic) else [],
        "skew": {
            "answers": answer_skew(scorer, served),
            "features": _feature_skew(store, job),
        },
        "latencyMs": _latency(served),
        **_outcomes(store, job, scorer, snapshot),
    }


def _feature_skew(store: ObjectStore, job: dict[str, Any]) -> dict[str, Any] | None:
    """On the last days that a snapshot has, as long as the monitored window: those of the window itself are in no snapshot yet.

    null: there is no snapshot, or too little was logged on these days.
    """
    if job["latestDatasetDigest"] is None:
        return None
    files = read_manifest(store, job["latestDatasetDigest"])["files"]
    end = max(parse_time(file["window"]["end"], "window.end") for file in files)
    length = parse_time(job["window"]["end"], "window.end") - parse_time(job["window"]["start"], "window.start")
    begin = start_of_day(end - length, job["data"]["timeZone"])
    window = {"start": iso_time(begin.to_pydatetime()), "end": iso_time(end)}
    logged = read_predictions(store, job["model"], window, job["data"]["features"]).frame.drop_duplicates(["id", "row"])
    if logged.empty:
        return None
    learnt = read_files(store, [file for file in files if parse_time(file["window"]["end"], "window.end") > begin])
    learnt = learnt[learnt[job["data"]["timeColumn"]] >= begin]
    found = feature_skew(logged.reset_index(drop=True), learnt, job["data"], job["drift"]["statisticMax"])
    return found and {**found, "window": window}


def _prediction_drift(served: pd.DataFrame, learnt: np.ndarray, statistic_max: float) -> dict[str, Any] | None:
    """The answers against those on the holdout of training, by the same distance as numbers; null: too few of them."""
    answers = served["output"].dropna()
    columns, _ = feature_drift(answers.to_frame("output"), pd.DataFrame({"output": learnt}), [OUTPUT], statistic_max)
    if not columns:
        return None
    histograms = [np.histogram(np.clip(values, 0, 1), BINS, (0, 1))[0] / len(values) for values in (answers.to_numpy(), learnt)]
    return {
        **columns[0],
        "mean": float(answers.mean()),
        "meanReference": float(learnt.mean()),
        "histogram": np.round(histograms[0], 5).tolist(),
        "histogramReference": np.round(histograms[1], 5).tolist(),
    }


def _latency(served: pd.DataFrame) -> dict[str, float] | None:
    values = served.drop_duplicates("id")["latencyMs"].dropna().to_numpy()
    if len(values) == 0:
        return None
    p50, p90, p99 = np.quantile(values, [0.5, 0.9, 0.99])
    return {"p50": float(p50), "p90": float(p90), "p99": float(p99)}


def _outcomes(store: ObjectStore, job: dict[str, Any], scorer: Scorer, snapshot: pd.DataFrame) -> dict[str, Any]:
    """The mature cohort against references, and what early labels say."""
    found: dict[str, Any] = {"cohort": None, "early": None, "labels": None, "kpis": []}
    if job["early"] is not None:
        early = read_outcomes(store, job, job["early"]).frame
        known = early[early[LABEL].notna()]
        scores = score_frame(scorer, known, "champion")
        found["early"] = {"rows": len(early), "labelledRows": len(known), "metrics": all_metrics(known[LABEL].to_numpy(), scores)}
    if job["cohort"] is not None:
        cohort = read_outcomes(store, job, job["cohort"])
        found["labels"] = {**cohort.counts, "torn": cohort.torn[:TORN_MAX], "days": cohort.days}
        found["kpis"] = kpi_means(cohort, job["evaluation"]["resampleBy"], job["data"]["timeZone"], job["evaluation"]["seed"])
        learnt, since = _learnt(store, job, snapshot)
        compared = decay(store, job, scorer, cohort.frame, learnt)
        found["cohort"] = compared and {**compared, "newRows": compared["labelledRows"] * cohort.one_in + since}
    return found


def _learnt(store: ObjectStore, job: dict[str, Any], snapshot: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Rows whose outcome was known before the cohort began: of the training snapshot, and of the log since then; how many of the latter."""
    data = job["data"]
    names = [feature["name"] for feature in data["features"]]
    before = snapshot[snapshot[data["timeColumn"]] < pd.Timestamp(job["cohort"]["start"])]
    parts = [before[names].assign(**{LABEL: before[data["label"]["column"]].astype("float64")})]
    one_in = 1
    if job["learnt"] is not None:
        known = read_outcomes(store, job, job["learnt"])
        one_in = known.one_in
        parts.append(known.frame[[*names, LABEL]])
    parts = [part[part[LABEL].notna()] for part in parts]
    since = len(parts[1]) * one_in if len(parts) > 1 else 0
    return (pd.concat([part for part in parts if len(part)], ignore_index=True) if any(map(len, parts)) else parts[0]), since


if __name__ == "__main__":
    run_job(("monitor",), ("model", "window", "data", "version", "champion", "datasetDigest", "drift", "evaluation"), monitor)
