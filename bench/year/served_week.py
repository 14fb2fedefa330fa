"""A model server that answers a week of the year over HTTP, and leaves its own log of it in the store."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
ROWS_MAX = 1000
START_SECONDS_MAX = 60
END_SECONDS_MAX = 60


class Refused(Exception):
    """The server answered, but not with scores."""


class ServedWeek:
    """`log`: model, version, instance. `digest`: of the model's ONNX file in the store. `inputs`: name and type of each feature."""

    def __init__(self, log: dict[str, str], digest: str, inputs: list[dict[str, str]], store_uri: str) -> None:
        self._model, self._inputs = log["model"], inputs
        self._folder = TemporaryDirectory(prefix="ratchet-served-week-")
        folder = Path(self._folder.name)
        self._clock, self._log_folder, self._errors = folder / "clock", folder / log["segment"], folder / "stderr"
        self._port = _free_port()
        config = {
            "name": log["instance"],
            "model": log["model"],
            "version": log["version"],
            "host": "127.0.0.1",
            "port": self._port,
            "artifact": {"format": "onnx", "digest": digest},
            "artifactPath": str(folder / "artifact"),
            "features": [{"name": given["name"], "type": given["type"], "nullable": given["type"] == "number"} for given in inputs],
            "rowsMax": ROWS_MAX,
            "keyHeader": None,
            "logFolder": str(self._log_folder),
            "storeUri": store_uri,
            "shipSecondsMax": END_SECONDS_MAX,
        }
        (folder / "config.json").write_text(json.dumps(config))
        environment = {**os.environ, "RATCHET_SERVE_CONFIG": str(folder / "config.json"), "RATCHET_YEAR_CLOCK": str(self._clock)}
        environment["PYTHONPATH"] = str(HERE.parent.parent / "steps")
        with open(self._errors, "wb") as errors:
            self._process = subprocess.Popen([sys.executable, str(HERE / "dated_server.py")], env=environment, stderr=errors, stdout=errors)
        self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)

    def __enter__(self) -> Self:
        deadline = time.monotonic() + START_SECONDS_MAX
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self._process.kill()
                raise RuntimeError(f"a model server: expected it to become ready, found: {self._errors.read_text()[-500:]}")
            time.sleep(0.02)
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the server as a drained one ends. @throws RuntimeError its log is not in the store as a whole"""
        self._connection.close()
        self._process.terminate()
        try:
            code = self._process.wait(END_SECONDS_MAX + 10)
            left = os.listdir(self._log_folder)
            words = self._errors.read_text()[-500:]
        finally:
            self._process.kill()
            self._folder.cleanup()
        if code != 0 or left:
            raise RuntimeError(f"a model server: expected its end with all of its log shipped, found status {code}, left {left}: {words}")

    def ask(self, request_id: str, at: pd.Timestamp, rows: pd.DataFrame) -> np.ndarray:
        """Scores, [rows], logged with the time `at`. @throws Refused"""
        self._clock.write_text(at.tz_convert("UTC").isoformat())
        body = json.dumps({"id": request_id, "inputs": [_tensor(given, rows[given["name"]]) for given in self._inputs]})
        self._connection.request("POST", f"/v2/models/{self._model}/infer", body, {"content-type": "application/json", "x-ratchet-arm": "champion"})
        response = self._connection.getresponse()
        content = response.read()
        if response.status != 200:
            raise Refused(f"{response.status}: {content[:300]!r}")
        return np.array(json.loads(content)["outputs"][0]["data"], dtype=np.float64)

    def _is_ready(self) -> bool:
        try:
            self._connection.request("GET", "/v2/health/ready")
            response = self._connection.getresponse()
            response.read()
            return response.status == 200
        except OSError:
            self._connection.close()
            return False


def _tensor(given: dict[str, str], column: pd.Series) -> dict[str, Any]:
    values = column.astype(object).where(column.notna(), None).tolist()
    if given["type"] == "number":
        values = [None if value is None else float(value) for value in values]
    datatype = "FP64" if given["type"] == "number" else "BYTES"
    return {"name": given["name"], "datatype": datatype, "shape": [len(values)], "data": values}


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
