"""A small world for the steps: a store in a temporary folder, rows with a known law, a model written by hand."""

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"
sys.path[:0] = [str(Path(__file__).resolve().parent.parent), str(Path(__file__).resolve().parent)]

import numpy as np
import pandas as pd
import pytest
from logged import Log
from onnx import TensorProto, helper, numpy_helper

from ratchet_steps.object_store import open_store


@pytest.fixture
def store(tmp_path, monkeypatch):
    """The object store that the steps find in their environment."""
    uri = f"file://{tmp_path / 'store'}"
    monkeypatch.setenv("RATCHET_STORE_URI", uri)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return open_store(uri)


@pytest.fixture
def data() -> dict[str, Any]:
    """A DataSpec: one number, one nullable number with a time of knowledge, one category."""
    return {
        "source": {"kind": "python", "entrypoint": "source_of_test:load", "files": ["source_of_test.py"]},
        "timeColumn": "at",
        "timeZone": "America/New_York",
        "keyColumns": ["at", "id"],
        "window": {"days": 40, "holdoutDays": 20, "rowsMin": 100},
        "label": {"column": "bad", "delayHours": 24, "policy": "independent"},
        "features": [
            {"name": "size", "type": "number", "nullable": False, "min": -10, "max": 10},
            {"name": "wind", "type": "number", "nullable": True, "availableAt": "wind_at"},
            {"name": "kind", "type": "category", "nullable": False},
        ],
    }


@pytest.fixture
def make_rows():
    """make_rows(days, per_day, seed): P(bad) rises with size; every 20th label is missing, every 10th wind is null."""

    def make(days: int = 40, per_day: int = 25, seed: int = 1) -> pd.DataFrame:
        random = np.random.default_rng(seed)
        count = days * per_day
        at = pd.Timestamp("2024-01-01T05:00:00Z") + pd.to_timedelta(np.arange(count) * (86_400 // per_day), unit="s")
        size = random.normal(size=count)
        bad = (random.random(count) < 1 / (1 + np.exp(1 - 1.5 * size))).astype("float64")
        bad[::20] = np.nan
        wind = random.normal(size=count)
        wind[::10] = np.nan
        kinds = random.choice(["a", "b", "c"], count)
        return pd.DataFrame(
            {"at": at, "id": np.arange(count), "size": size, "wind": wind, "wind_at": at - pd.Timedelta(hours=1), "kind": kinds, "bad": bad}
        )

    return make


@pytest.fixture
def snapshot_job(data):
    """A SnapshotInput for the rows above: 40 days, of which 20 are the holdout."""
    window = {"start": "2024-01-01T05:00:00.000Z", "end": "2024-02-10T05:00:00.000Z"}
    return {"stage": "snapshot", "data": data, "window": window, "holdoutStart": "2024-01-21T05:00:00.000Z"}


@pytest.fixture
def source(tmp_path, monkeypatch):
    """source(rows): makes `source_of_test:load` answer with these rows, in a working folder of its own."""
    folder = tmp_path / "job"
    folder.mkdir()
    monkeypatch.chdir(folder)

    def put(rows: pd.DataFrame) -> Path:
        rows.to_pickle(folder / "rows.pickle")
        (folder / "source_of_test.py").write_text(
            "import pandas\n\n\ndef load(start, end):\n    return pandas.read_pickle('rows.pickle')\n"
        )
        return folder

    yield put
    sys.modules.pop("source_of_test", None)
    sys.path[:] = [path for path in sys.path if path != str(folder)]


@pytest.fixture
def taken(store, source, make_rows, snapshot_job):
    """The snapshot of the rows above: a SnapshotOutput."""
    from ratchet_steps.snapshot import snapshot

    source(make_rows())
    return snapshot(snapshot_job)


@pytest.fixture
def train_input(taken, data):
    """train_input(config, ...): a TrainInput on the snapshot's training part."""
    files = [file for file in taken["dataset"]["files"] if file["part"] == "train"]

    def make(config: dict[str, Any], **change: Any) -> dict[str, Any]:
        return {
            "stage": "train",
            "datasetDigest": taken["datasetDigest"],
            "files": files,
            "features": data["features"],
            "label": data["label"],
            "timeColumn": data["timeColumn"],
            "config": config,
            "seed": 1,
            "environment": {"lockDigest": "sha256:" + "0" * 64, "architecture": "any"},
            **change,
        }

    return make


@pytest.fixture
def logistic_model(store):
    """logistic_model(slope, intercept, ...): P = σ(intercept + slope · size), with a category and a nullable number as inputs.

    `refuse_null_wind`: fails at run time on a null wind. `scale`: what every answer is multiplied by.
    """

    def make(
        slope: float = 1.5,
        intercept: float = -1.0,
        inputs: tuple[str, ...] = ("size", "wind", "kind"),
        refuse_null_wind: bool = False,
        scale: float = 1.0,
    ) -> dict[str, Any]:
        numbers = {"slope": slope, "intercept": intercept, "scale": scale, "nothing": 0.0, "one": 1.0}
        initializers = [numpy_helper.from_array(np.array([value], dtype=np.float32), name) for name, value in numbers.items()]
        nodes = [helper.make_node("Mul", ["size", "slope"], ["sloped"]), helper.make_node("Add", ["sloped", "intercept"], ["logit"])]
        last = "logit"
        if refuse_null_wind:
            nodes += [
                helper.make_node("IsNaN", ["wind"], ["wind.null"]),
                helper.make_node("Cast", ["wind.null"], ["wind.index"], to=TensorProto.INT64),
                helper.make_node("Gather", ["nothing", "wind.index"], ["wind.zero"], axis=0),
                helper.make_node("Add", [last, "wind.zero"], ["guarded"]),
            ]
            last = "guarded"
        nodes += [helper.make_node("Sigmoid", [last], ["p"]), helper.make_node("Mul", ["p", "scale"], ["probability"])]
        types = {"kind": TensorProto.STRING}
        graph = helper.make_graph(
            nodes,
            "test",
            [helper.make_tensor_value_info(name, types.get(name, TensorProto.FLOAT), [None, 1]) for name in inputs],
            [helper.make_tensor_value_info("probability", TensorProto.FLOAT, [None, 1])],
            initializers,
        )
        content = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8).SerializeToString()
        declared = [{"name": name, "type": "category" if name == "kind" else "number"} for name in inputs]
        return {"format": "onnx", "digest": store.put(content), "bytes": len(content), "inputs": declared}

    return make


@pytest.fixture
def s3(tmp_path, monkeypatch):
    """A real S3 server over a folder, where the set-up could build one."""
    cache = Path(os.environ.get("RATCHET_CACHE") or Path.home() / ".cache" / "ratchet")
    programs = [path for path in cache.glob("versitygw-*/versitygw") if os.access(path, os.X_OK)]
    if not programs:
        pytest.skip("no S3 server here: versitygw is built by the set-up where there is Go")
    (tmp_path / "s3" / "bucket").mkdir(parents=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test-only")
    arguments = [
        str(programs[0]),
        "--access",
        "test",
        "--secret",
        "test-only",
        "--port",
        f"127.0.0.1:{port}",
        "posix",
        "--sidecar",
        str(tmp_path / "sidecar"),
        str(tmp_path / "s3"),
    ]
    (tmp_path / "sidecar").mkdir()
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.05)
    yield "s3://bucket/some/prefix"
    process.kill()
    process.wait()
    shutil.rmtree(tmp_path / "s3")


@pytest.fixture
def log(request, store):
    """The log and the labels of the model `m`, in a folder, or by indirect parameter in a bucket."""
    return Log(open_store(request.getfixturevalue("s3")) if getattr(request, "param", "folder") == "bucket" else store)
