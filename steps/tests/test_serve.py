"""The model server as a process: what it answers, refuses, counts and keeps."""

import json
import signal
import threading
import time
from pathlib import Path

import pytest
from model_server import GOOD, STEPS, Server, a_model, tensors

from ratchet_serve.metrics import EDGES_MS
from ratchet_steps.digest import digest_of_bytes


@pytest.fixture
def server(tmp_path):
    running = Server(tmp_path / "server").until_ready()
    yield running
    running.end(signal.SIGKILL)


def test_it_answers_what_the_model_says_and_a_null_is_no_number(server):
    status, answer = server.infer(GOOD)
    assert status == 200
    assert answer["model_version"] == "m-1+x"
    assert answer["outputs"] == [{"name": "probability", "datatype": "FP64", "shape": [2], "data": [0.5, 0.5]}]
    assert server.infer(tensors(size=[2.0], kind=["a"]))[1]["outputs"][0]["data"] == [0.5], "a nullable feature may be left out"
    assert server.infer(tensors(size=[2.0], wind=[0.0], kind=["a"]))[1]["outputs"][0]["data"][0] == pytest.approx(0.880797)


@pytest.mark.parametrize(
    ("document", "status", "words"),
    [
        (b"{", 400, "body: expected JSON"),
        (b'{"inputs": [{"name": "size", "shape": [1], "datatype": "FP64", "data": [NaN]}]}', 400, "NaN is no JSON value"),
        (b"[" * 100_000, 400, "body: expected JSON"),
        (b'{"inputs": [{"name": "size", "shape": [1], "datatype": "FP64", "data": [1' + b"0" * 400 + b"]}]}", 400, "expected a number"),
        ({}, 400, "inputs: expected a list of tensors"),
        (tensors(wind=[1.0], kind=["a"]), 400, "inputs: expected a tensor for the feature size, found none"),
        (tensors(size=[1.0], kind=["a"], age=[3]), 400, "inputs[2] age: expected one of size, wind, kind"),
        (tensors(size=[None], kind=["a"]), 400, "inputs[0] size, data[0]: expected a value, found null"),
        (tensors(size=["big"], kind=["a"]), 400, 'inputs[0] size, data[0]: expected a number, found "big"'),
        (tensors(size=[1.0], kind=[3]), 400, "inputs[1] kind, data[0]: expected text, found 3"),
        (tensors(size=[1.0, 2.0], kind=["a"]), 400, "inputs[1] kind: expected 2 values as in the first input, found 1"),
        ({"inputs": [{"name": "size", "shape": [2], "datatype": "FP64", "data": [1]}]}, 400, "inputs[0] size, shape: expected [1]"),
        ({"inputs": [{"name": "size", "shape": [1], "datatype": "BYTES", "data": ["1"]}]}, 400, "expected datatype FP64"),
        (tensors(size=[1.0] * 6, kind=["a"] * 6), 413, "expected at most 5 rows, found 6"),
    ],
)
def test_what_is_wrong_is_refused_by_name(server, document, status, words):
    found, answer = server.infer(document)
    assert (found, words in answer["error"]) == (status, True), answer


def test_another_model_is_not_here(server):
    assert server.infer(GOOD, model="other")[0] == 404
    assert server.get("/v2/models/other")[0] == 404
    assert json.loads(server.get("/v2/models/m")[1])["versions"] == ["m-1+x"]


def test_it_counts_requests_and_each_caller_once(server):
    for user, document in [("u1", GOOD), ("u1", GOOD), ("u2", GOOD), ("u2", {}), ("u2", {})]:
        server.infer(document, {"x-user": user})
    server.infer(GOOD)
    assert server.metric("ratchet_serve_requests_total") == 6
    assert server.metric("ratchet_serve_errors_total") == 2
    assert server.metric("ratchet_serve_keys_total") == 2
    assert server.metric("ratchet_serve_keys_with_errors_total") == 1
    assert server.metric('ratchet_serve_scores_total{bin="10"}') == 8
    assert server.metric('ratchet_serve_key_scores_total{bin="10"}') == 2
    assert server.metric('ratchet_serve_latency_seconds_bucket{le="+Inf"}') == 6


def test_who_asks_is_what_the_router_says_before_the_header_that_it_was_started_with(server):
    for key, user in [("k1", "u1"), ("k1", "u2"), ("k2", "u2")]:
        server.infer(GOOD, {"x-ratchet-key": key, "x-user": user})
    assert server.metric("ratchet_serve_keys_total") == 2



def test_the_edges_are_those_of_the_analysis():
    source = (STEPS.parent / "src" / "domain" / "latency-edges.ts").read_text()
    numbers = source.split("LATENCY_EDGES_MS", 1)[1].split("= [", 1)[1].split("]", 1)[0].replace("_", "")
    assert [float(number) for number in numbers.replace("\n", " ").split(",") if number.strip()] == EDGES_MS


@pytest.mark.parametrize(
    ("change", "words"),
    [({"features": [{"name": "size", "type": "text"}]}, "field features[0]"), ({"port": "80"}, "field port"), ({"artifact": {"digest": "x"}}, "expected x")],
)
def test_a_wrong_configuration_is_one_sentence(tmp_path, change, words):
    server = Server(tmp_path, **change)
    assert server.process.wait(180) == 64
    assert words in server.process.stderr.read()


def logged(folder: Path) -> list[dict]:
    return [json.loads(line) for path in sorted((folder / "log").glob("*")) for line in path.read_text().splitlines()]


def test_what_is_counted_as_logged_survives_kill_9_once(tmp_path):
    server = Server(tmp_path / "server").until_ready()
    asked: list[str] = []
    ending = threading.Event()

    def ask(caller: int) -> None:
        for number in range(100_000):
            if ending.is_set():
                return
            try:
                asked.append(server.infer({**tensors(size=[1.0], kind=["a"]), "id": f"{caller}-{number}"})[1]["id"])
            except OSError:
                return

    callers = [threading.Thread(target=ask, args=(caller,)) for caller in range(4)]
    for caller in callers:
        caller.start()
    while (counted := server.metric("ratchet_serve_predictions_logged_total")) < 200:
        time.sleep(0.02)
    server.end(signal.SIGKILL)
    ending.set()
    for caller in callers:
        caller.join()
    server.start()
    server.until_ready()  # cuts off a torn last line
    ids = [entry["id"] for entry in logged(tmp_path / "server")]
    assert len(ids) >= counted
    assert len(ids) == len(set(ids)), "nothing twice"
    assert server.end() == 0


def test_told_to_end_it_ships_its_log_by_the_hour(tmp_path):
    import pyarrow.parquet as pq

    server = Server(tmp_path / "server", storeUri=f"file://{tmp_path / 'store'}", shipSecondsMax=60).until_ready()
    server.infer(GOOD, {"x-ratchet-arm": "challenger", "x-user": "u1"})
    assert server.end() == 0
    (file,) = (tmp_path / "store" / "predictions" / "m").glob("*/*/*.parquet")
    table = pq.read_table(file).to_pylist()
    assert [row["feature_wind"] for row in table] == [1.0, None]
    assert {key: table[1][key] for key in ("row", "version", "arm", "key", "output")} == {
        "row": 1, "version": "m-1+x", "arm": "challenger", "key": "u1", "output": 0.5,
    }  # fmt: skip
    assert logged(tmp_path / "server") == []
    server.start()
    server.until_ready().infer(GOOD)
    assert server.end() == 0
    assert len(list((tmp_path / "store" / "predictions" / "m").glob("*/*/*.parquet"))) == 2, "a name is used once"


def test_planted_faults_act_only_with_the_switch_and_through_the_router(tmp_path):
    content = a_model(**{"ratchet.example.shift": "0.3"})
    routed = {"x-ratchet-arm": "challenger"}
    one = tensors(size=[0.0], wind=[0.0], kind=["a"])
    plain = Server(tmp_path / "plain", content).until_ready()
    assert plain.infer(one, routed)[1]["outputs"][0]["data"] == [0.5]
    plain.end()
    planted = Server(tmp_path / "planted", content, {"RATCHET_SERVE_EXAMPLE_FAULTS": "1"}).until_ready()
    assert planted.infer(one)[1]["outputs"][0]["data"] == [0.5]
    assert planted.infer(one, routed)[1]["outputs"][0]["data"] == [0.8]
    planted.end()


def test_a_model_that_does_not_convert_is_served_by_mlflow(tmp_path):
    import mlflow.pyfunc
    import pandas as pd
    from mlflow.models import infer_signature

    from ratchet_steps import pyfunc_model

    class Tenth(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):
            return model_input["size"].fillna(5).to_numpy() / 10

    signature = infer_signature(pd.DataFrame({"size": [1.0], "kind": ["a"]}))
    mlflow.pyfunc.save_model(str(tmp_path / "saved"), python_model=Tenth(), signature=signature, pip_requirements=["mlflow"])
    content = pyfunc_model.pack(str(tmp_path / "saved"))
    artifact = {"format": "pyfunc", "digest": digest_of_bytes(content), "bytes": len(content), "inputs": []}
    server = Server(tmp_path / "server", content, artifact=artifact).until_ready()
    assert server.infer(tensors(size=[3.0], kind=["a"]))[1]["outputs"][0]["data"] == [pytest.approx(0.3)]
    assert json.loads(server.get("/v2/models/m")[1])["platform"] == "mlflow_pyfunc"
    server.end()
