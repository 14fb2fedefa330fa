"""Trains the flights model of April as the example does, and lays out what each server needs.

`python bench/peers/prepare.py <folder>`: model.onnx, a request in the Open Inference Protocol and one in MLflow's, the configuration
of `ratchet_serve`, a packed MLflow model around the same ONNX session; then asks the session alone and says how fast that is.
"""

import hashlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import yaml

root = Path(__file__).resolve().parent.parent.parent
example = root / "examples" / "flight-lateness"
sys.path.insert(0, str(example))
import acts  # noqa: E402  (brings the steps as well)

from ratchet_steps.dataset import read_part  # noqa: E402
from ratchet_steps.object_store import open_store  # noqa: E402

ROWS = 200
LOOP_SECONDS = 2


def main() -> None:
    folder = Path(sys.argv[1])
    os.environ["RATCHET_STORE_URI"] = f"file://{folder}/store"
    spec = yaml.safe_load((example / "model.yaml").read_text())["spec"]
    taken = acts.snapshot(spec, *acts.WINDOWS["april"])
    trained = acts.train(spec, taken)["model"]
    content = open_store().get(trained["digest"])
    (folder / "model.onnx").write_bytes(content)
    features = [{"name": f["name"], "type": f["type"], "nullable": f.get("nullable", False)} for f in spec["data"]["features"]]
    rows = read_part(open_store(), taken["dataset"], "holdout")[[f["name"] for f in features]].dropna().head(ROWS)
    row = rows.iloc[0].to_dict()
    (folder / "v2.json").write_text(json.dumps({"inputs": [tensor(f, row[f["name"]]) for f in features]}))
    (folder / "mlflow.json").write_text(json.dumps({"dataframe_records": [{name: plain(value) for name, value in row.items()}]}))
    config = {
        "name": "flights-1", "model": "flights", "version": "flights-1+bench", "host": "127.0.0.1", "port": 0,
        "artifact": {**trained, "digest": f"sha256:{hashlib.sha256(content).hexdigest()}"}, "artifactPath": str(folder / "model.onnx"),
        "features": features, "rowsMax": 1000, "keyHeader": None, "logFolder": str(folder / "log"), "storeUri": f"file://{folder}/store",
    }  # fmt: skip
    (folder / "ratchet.json").write_text(json.dumps(config))
    pack(folder)
    print(json.dumps(ask_alone(content, features, row)))


def tensor(feature: dict[str, Any], value: Any) -> dict[str, Any]:
    return {"name": feature["name"], "shape": [1], "datatype": "BYTES" if feature["type"] == "category" else "FP64", "data": [plain(value)]}


def plain(value: Any) -> Any:
    return value if isinstance(value, str) else float(value)


def pack(folder: Path) -> None:
    import mlflow.pyfunc

    code = Path(__file__).with_name("packed_model.py")
    mlflow.pyfunc.save_model(str(folder / "packed"), python_model=str(code), artifacts={"onnx": str(folder / "model.onnx")}, pip_requirements=[])


def ask_alone(content: bytes, features: list[dict[str, Any]], row: dict[str, Any]) -> dict[str, float]:
    """One row after the other, on one thread, without any server: what no server can be faster than."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    kinds = {f["name"]: f["type"] for f in features}
    feeds = {
        given.name: np.array([[row[given.name]]], dtype=object if kinds[given.name] == "category" else np.float32) for given in session.get_inputs()
    }
    taken_ms = []
    until = time.perf_counter() + LOOP_SECONDS
    while time.perf_counter() < until:
        started = time.perf_counter()
        session.run(["probability"], feeds)
        taken_ms.append((time.perf_counter() - started) * 1000)
    return {"p50Ms": float(np.percentile(taken_ms, 50)), "p99Ms": float(np.percentile(taken_ms, 99)), "perSecond": len(taken_ms) / LOOP_SECONDS}


if __name__ == "__main__":
    main()
