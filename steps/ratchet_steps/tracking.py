"""Writes a training to MLflow. MLflow being down must not lose a training: it is tried for a while, then left out."""

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

# Our own loop decides how long to go on; MLflow's would wait for minutes.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

JOB_TAG = "ratchet.job"
BUDGET_SECONDS = 90.0  # more than a restart of MLflow takes


def log_training(
    params: dict[str, Any],
    metrics: dict[str, float],
    tags: dict[str, str],
    artifacts: dict[str, bytes],
    budget_seconds: float = BUDGET_SECONDS,
) -> str | None:
    """The id of the MLflow run of this job, or null where MLflow cannot be reached within `budget_seconds`.

    A retried job finds the run of its first try by the tag `ratchet.job` and goes on with it.
    """
    if not os.environ.get("MLFLOW_TRACKING_URI"):
        print("MLflow: MLFLOW_TRACKING_URI is not set; the training is not tracked", file=sys.stderr)
        return None
    from mlflow.tracking import MlflowClient  # takes seconds; no part of the time that MLflow is given

    deadline = time.monotonic() + budget_seconds
    pause = 0.5
    while True:
        try:
            return _log_once(MlflowClient(), params, metrics, tags, artifacts)
        except Exception as error:
            words = " ".join(str(error).split())[:300]
            if not _may_pass(error) or time.monotonic() + pause > deadline:
                print(f"MLflow: the training is not tracked: {type(error).__name__}: {words}", file=sys.stderr)
                return None
            print(f"MLflow: trying again in {pause:.1f} s: {type(error).__name__}: {words}", file=sys.stderr)
            time.sleep(pause)
            pause = min(2 * pause, 8.0)


def _may_pass(error: Exception) -> bool:
    """Whether waiting may help. A full connection pool comes as HTTP 400 (BAD_REQUEST), so the words decide too."""
    if "QueuePool" in str(error):
        return True
    status = getattr(error, "get_http_status_code", lambda: 503)()
    return status >= 500 or status in (408, 429)


def _log_once(client: Any, params: dict[str, Any], metrics: dict[str, float], tags: dict[str, str], artifacts: dict[str, bytes]) -> str:
    job = os.environ.get("RATCHET_JOB_NAME", "unnamed")
    experiment = _experiment(client, os.environ.get("RATCHET_MODEL", "ratchet"))
    run = _find_run(client, experiment, job)
    if run is not None and run.info.status == "FINISHED" and run.data.tags.items() >= tags.items():
        return run.info.run_id
    if run is None:
        run = client.create_run(experiment, run_name=job, tags={JOB_TAG: job, **tags})
    _fill(client, run.info.run_id, params, metrics, tags)
    with tempfile.TemporaryDirectory() as folder:
        for name, content in artifacts.items():
            path = Path(folder) / name
            path.write_bytes(content)
            client.log_artifact(run.info.run_id, str(path))
    client.set_terminated(run.info.run_id, "FINISHED")
    return run.info.run_id


def _experiment(client: Any, name: str) -> str:
    for _ in range(2):
        found = client.get_experiment_by_name(name)
        if found is not None:
            return found.experiment_id
        try:
            return client.create_experiment(name)
        except Exception as error:
            if "ALREADY_EXISTS" not in str(getattr(error, "error_code", "")):
                raise
    raise RuntimeError(f"experiment {name}: deleted in MLflow; restore it")


def _find_run(client: Any, experiment: str, job: str) -> Any:
    quoted = job.replace("'", "")
    found = client.search_runs(
        [experiment], filter_string=f"tags.`{JOB_TAG}` = '{quoted}'", max_results=1, order_by=["attributes.start_time ASC"]
    )
    return found[0] if found else None


def _fill(client: Any, run_id: str, params: dict[str, Any], metrics: dict[str, float], tags: dict[str, str]) -> None:
    from mlflow.entities import Metric, Param, RunTag

    now = int(time.time() * 1000)
    client.log_batch(
        run_id,
        metrics=[Metric(name, value, now, 0) for name, value in metrics.items()],
        params=[Param(name, str(value)[:6000]) for name, value in params.items()],
        tags=[RunTag(name, value) for name, value in tags.items()],
    )
