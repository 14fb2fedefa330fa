"""A model server as a process, and a model small enough to know its answers."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ratchet_steps.digest import digest_of_bytes
from ratchet_steps.onnx_export import with_metadata

STEPS = Path(__file__).resolve().parent.parent
FEATURES = [
    {"name": "size", "type": "number", "nullable": False},
    {"name": "wind", "type": "number", "nullable": True},
    {"name": "kind", "type": "category", "nullable": False},
]


def a_model(**metadata: str) -> bytes:
    """probability = sigmoid(size), or 0.5 where wind is null: enough to see that nulls arrive as NaN."""
    nodes = [
        helper.make_node("Sigmoid", ["size"], ["squashed"]),
        helper.make_node("IsNaN", ["wind"], ["unknown"]),
        helper.make_node("Where", ["unknown", "half", "squashed"], ["probability"]),
    ]
    half = numpy_helper.from_array(np.array(0.5, dtype=np.float32), "half")
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 1]) for name in ("size", "wind")]
    graph = helper.make_graph(nodes, "m", inputs, [helper.make_tensor_value_info("probability", TensorProto.FLOAT, [None, 1])], [half])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return with_metadata(model.SerializeToString(), metadata)


class Server:
    """A running server, and what can be asked of it."""

    def __init__(self, folder: Path, content: bytes | None = None, environment: dict[str, str] | None = None, **change: object) -> None:
        content = content or a_model()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "model.onnx").write_bytes(content)
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self.port = listener.getsockname()[1]
        artifact = {"format": "onnx", "digest": digest_of_bytes(content), "bytes": len(content), "inputs": []}
        self.config = {
            "name": "m-1", "model": "m", "version": "m-1+x", "host": "127.0.0.1", "port": self.port, "artifact": artifact,
            "artifactPath": str(folder / "model.onnx"), "features": FEATURES, "rowsMax": 5, "keyHeader": "x-user",
            "logFolder": str(folder / "log"), "storeUri": None, **change,
        }  # fmt: skip
        (folder / "config.json").write_text(json.dumps(self.config))
        self.environment = {**os.environ, "PYTHONPATH": str(STEPS), "RATCHET_SERVE_CONFIG": str(folder / "config.json"), **(environment or {})}
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen([sys.executable, "-m", "ratchet_serve"], env=self.environment, stderr=subprocess.PIPE, text=True)

    def until_ready(self) -> "Server":
        end = time.monotonic() + 180
        while time.monotonic() < end and self.process.poll() is None:
            try:
                if self.get("/v2/health/ready")[0] == 200:
                    return self
            except OSError:
                time.sleep(0.02)
        raise AssertionError(f"not ready: {self.process.poll()} {self.process.stderr.read() if self.process.poll() else ''}")

    def get(self, path: str) -> tuple[int, str]:
        return self._ask(urllib.request.Request(f"http://127.0.0.1:{self.port}{path}"))

    def infer(self, document: object, headers: dict[str, str] | None = None, model: str = "m") -> tuple[int, dict]:
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/v2/models/{model}/infer", body, headers or {}, method="POST")
        status, text = self._ask(request)
        return status, json.loads(text)

    def metric(self, name: str) -> float:
        lines = dict(line.rsplit(" ", 1) for line in self.get("/metrics")[1].strip().split("\n"))
        return float(lines[name])

    def _ask(self, request: urllib.request.Request) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(request, timeout=120) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def end(self, how: int = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(90)


def tensors(**columns: list) -> dict:
    kinds = {feature["name"]: feature["type"] for feature in FEATURES}
    datatype = {"number": "FP64", "category": "BYTES"}
    inputs = [
        {"name": name, "shape": [len(data)], "datatype": datatype[kinds.get(name, "number")], "data": data} for name, data in columns.items()
    ]
    return {"inputs": inputs}


GOOD = tensors(size=[0.0, 2.0], wind=[1.0, None], kind=["a", "b"])
