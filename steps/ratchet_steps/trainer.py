"""What a trainer in Python needs: `run(train)`, where `train(training) -> Trained`.

def train(training):
    rows = training.frame[training.frame[training.label].notna()]
    ...
    return trainer.Trained(model=onnx_bytes, rows=len(rows), metrics={"trainAuc": 0.8})

if __name__ == "__main__":
    trainer.run(train)
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn

import pandas as pd

from .checkpoints import Checkpoints
from .contract import StepFailure, end_deferral, report_progress, run_job
from .dataset import read_files
from .digest import canonical_json, digest_of_bytes
from .object_store import open_store
from .scoring import format_of, open_scorer
from .tracking import log_training


class Training(NamedTuple):
    """What a trainer gets. `frame`: all rows, labels still null where unknown; `label`: the name of the label's column;
    `checkpoints`: for trainings that must survive their node.
    """

    frame: pd.DataFrame
    features: list[dict[str, Any]]
    label: str
    time_column: str
    config: dict[str, Any]
    seed: int
    checkpoints: Checkpoints


class Trained(NamedTuple):
    """What a trainer gives: the model file (see onnx_export, or pyfunc_model for what does not convert), the rows it learnt from, its own measures."""

    model: bytes
    rows: int
    metrics: dict[str, float]


def run(train: Callable[[Training], Trained]) -> NoReturn:
    """Runs a trainer under the job contract and leaves the process."""
    run_job(
        ("train", "refit"),
        ("datasetDigest", "files", "features", "label", "timeColumn", "config", "seed"),
        lambda job: train_job(job, train),
    )


def train_job(job: dict[str, Any], train: Callable[[Training], Trained]) -> dict[str, Any]:
    """TrainInput -> TrainOutput. @throws StepFailure InputInvalid: the trainer gave no model that can be served."""
    store = open_store()
    report_progress(1, 3, "reading rows")
    frame = read_files(store, job["files"])
    report_progress(2, 3, f"training on {len(frame)} rows")
    columns = job["features"], job["label"]["column"], job["timeColumn"]
    trained = train(Training(frame, *columns, job["config"], job["seed"], Checkpoints()))
    end_deferral()
    if trained.rows < 1:
        raise StepFailure("InputInvalid", "the trainer found no row with a label to learn from")
    metrics = {name: float(value) for name, value in trained.metrics.items() if math.isfinite(value)}
    model = {
        "format": format_of(trained.model),
        "digest": store.put(trained.model),
        "bytes": len(trained.model),
        "inputs": open_scorer(trained.model, None, "the trained model").inputs,
    }
    report_progress(3, 3, "writing the run to MLflow")
    return {
        "model": model,
        "rows": trained.rows,
        "trainWindow": {
            "start": min(file["window"]["start"] for file in job["files"]),
            "end": max(file["window"]["end"] for file in job["files"]),
        },
        "metrics": metrics,
        "mlflowRunId": log_training(
            params={**job["config"], "seed": job["seed"], "rows": trained.rows},
            metrics=metrics,
            tags={
                "ratchet.stage": job["stage"],
                "ratchet.modelDigest": model["digest"],
                "ratchet.datasetDigest": job["datasetDigest"],
                "ratchet.inputDigest": digest_of_bytes(canonical_json(job)),
            },
            artifacts={f"model.{'onnx' if model['format'] == 'onnx' else 'mlflow.zip'}": trained.model},
        ),
    }
