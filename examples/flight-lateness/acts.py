"""Prints the figures of README.md: runs the real steps on the flights, without the loop around them.

python examples/flight-lateness/acts.py        (in Ratchet's Python environment; about a minute)
"""

import math
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import yaml

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent / "steps")]
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.pop("MLFLOW_TRACKING_URI", None)

# (name, holdout, end of the window): local midnights; labels are mature a day after the end.
WINDOWS = {
    "april": ("2013-03-04T00:00:00-05:00", "2013-04-01T00:00:00-04:00"),
    "july": ("2013-06-03T00:00:00-04:00", "2013-07-01T00:00:00-04:00"),
    "august": ("2013-07-04T00:00:00-04:00", "2013-08-01T00:00:00-04:00"),
}


def main() -> None:
    """Four acts: the first champion, a better challenger, a spoiled one, an honest one; then one that fears nulls."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["RATCHET_STORE_URI"] = f"file://{folder}"
        spec = yaml.safe_load((HERE / "model.yaml").read_text())["spec"]
        april, july, august = (snapshot(spec, *WINDOWS[month]) for month in WINDOWS)

        first = train(spec, april)
        tell("2013-04-01  first champion", evaluate(spec, april, first, None))
        better = train(spec, july)
        tell("2013-07-01  better challenger", evaluate(spec, july, better, first))
        spoiled = train(spec, august, lateRowsWeight=4)
        tell("2013-08-01  spoiled (late rows × 4)", evaluate(spec, august, spoiled, better))
        tell("2013-08-01  honest", evaluate(spec, august, train(spec, august), better))
        fearful = evaluate(spec, july, train(spec, july, refuseNull="temp"), first)
        tell("2013-07-01  refuses null temp", fearful)
        for probe in fearful["probes"]:
            if not probe["passed"]:
                print(f"    probe failed: {probe['name']}: {probe['detail'][:90]}")


def snapshot(spec: dict[str, Any], holdout_start: str, end: str) -> dict[str, Any]:
    from ratchet_steps.snapshot import snapshot as take

    data = spec["data"]
    return take(
        {"stage": "snapshot", "data": data, "window": {"start": data["window"]["start"], "end": end}, "holdoutStart": holdout_start}
    )


def train(spec: dict[str, Any], taken: dict[str, Any], **changes: Any) -> dict[str, Any]:
    from train import train as fit

    from ratchet_steps.trainer import train_job

    files = [file for file in taken["dataset"]["files"] if file["part"] == "train"]
    job = {
        "stage": "train",
        "datasetDigest": taken["datasetDigest"],
        "files": files,
        "features": spec["data"]["features"],
        "label": spec["data"]["label"],
        "timeColumn": spec["data"]["timeColumn"],
        "config": {**spec["trainer"]["config"], **changes},
        "seed": spec["trainer"]["seed"],
    }
    return train_job(job, fit)


def evaluate(spec: dict[str, Any], taken: dict[str, Any], challenger: dict[str, Any], champion: dict[str, Any] | None) -> dict[str, Any]:
    from ratchet_steps.evaluate import evaluate as judge_rows

    def arm(trained: dict[str, Any] | None) -> dict[str, Any] | None:
        return trained and {"model": trained["model"], "trainEnd": trained["trainWindow"]["end"]}

    defaults = {"replicates": 2000, "seed": 20_130_101, "baseline": "logistic"}
    job = {
        "stage": "evaluate",
        "datasetDigest": taken["datasetDigest"],
        "data": spec["data"],
        "evaluation": {**defaults, **spec["evaluation"]},
        "challenger": arm(challenger),
        "champion": arm(champion),
        "anchor": None,
    }
    return judge_rows(job)


def tell(title: str, result: dict[str, Any]) -> None:
    arm = result["arms"]["challenger"]
    gap = arm["calibration"]["meanPrediction"] - arm["calibration"]["rate"]
    print(
        f"{title}: {result['labelledRows']} rows, AUC {arm['metrics']['auc']:.3f}, log-loss {arm['metrics']['logLoss']:.3f}, gap {gap:+.3f}"
    )
    against = result["differences"]["champion"]
    if against:
        before = result["arms"]["champion"]["metrics"]
        print(f"    champion AUC {before['auc']:.3f}; ΔAUC {interval(against['auc'])}; Δlog-loss {interval(against['logLoss'])}")


def interval(difference: dict[str, Any]) -> str:
    """95%, two-sided: Student's t over the blocks, as the judge does it."""
    from scipy.stats import t

    rows = np.array(difference["blockRows"])
    if difference["kind"] == "mean":
        residuals = np.array(difference["blockSums"]) - rows * difference["delta"]
        error = math.sqrt((residuals**2).sum()) / rows.sum()
    else:
        error = float(np.std(difference["replicates"], ddof=1))
    reach = t.ppf(0.975, len(rows) - 1) * math.sqrt(len(rows) / (len(rows) - 1)) * error
    return f"{difference['delta']:+.3f} [{difference['delta'] - reach:+.3f}, {difference['delta'] + reach:+.3f}]"


if __name__ == "__main__":
    main()
