import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from ratchet_steps import tracking, trainer
from ratchet_steps.contract import StepFailure
from ratchet_steps.onnx_export import ordinals, with_raw_inputs
from ratchet_steps.scoring import feeds_of, open_scorer


@pytest.fixture
def job(train_input):
    """A TrainInput on the training part."""
    return train_input({"depth": 3})


def forest(training: trainer.Training) -> trainer.Trained:
    """A small scikit-learn model through the same export as any other."""
    from skl2onnx import to_onnx
    from sklearn.ensemble import RandomForestClassifier

    rows = training.frame[training.frame[training.label].notna()]
    categories = {"kind": ["a", "b", "c"]}
    matrix = np.nan_to_num(ordinals(rows, training.features, categories), nan=-1)
    model = RandomForestClassifier(5, max_depth=training.config["depth"], random_state=training.seed).fit(
        matrix, rows[training.label].astype(int)
    )
    converted = to_onnx(model, matrix[:1], options={"zipmap": False}, target_opset={"": 15, "ai.onnx.ml": 3})
    return trainer.Trained(with_raw_inputs(converted, training.features, categories), len(rows), {"depth": 3.0, "nothing": float("nan")})


def test_a_training_leaves_a_model_by_digest(store, job):
    output = trainer.train_job(job, forest)
    assert output["rows"] == 475
    assert output["trainWindow"] == {"start": "2024-01-01T05:00:00.000Z", "end": "2024-01-21T05:00:00.000Z"}
    assert output["metrics"] == {"depth": 3.0}
    assert output["mlflowRunId"] is None
    assert {each["name"]: each["type"] for each in output["model"]["inputs"]} == {"size": "number", "wind": "number", "kind": "category"}
    assert len(store.get(output["model"]["digest"])) == output["model"]["bytes"]


def test_the_same_training_twice_gives_the_same_model_digest(store, job):
    assert trainer.train_job(job, forest) == trainer.train_job(job, forest)


def test_a_refit_learns_from_all_parts(store, job, taken):
    output = trainer.train_job({**job, "stage": "refit", "files": taken["dataset"]["files"]}, forest)
    assert output["trainWindow"]["end"] == "2024-02-10T05:00:00.000Z" and output["rows"] == 950


@pytest.mark.parametrize(
    ("trained", "words"),
    [
        (trainer.Trained(b"no model", 10, {}), "the trained model: the model file cannot be loaded"),
        (trainer.Trained(b"", 10, {}), "the trained model: the model file cannot be loaded"),
        (trainer.Trained(b"x", 0, {}), "found no row with a label"),
    ],
)
def test_a_trainer_without_a_model_is_no_success(store, job, trained, words):
    with pytest.raises(StepFailure, match=words):
        trainer.train_job(job, lambda training: trained)


def test_categories_become_ordinals_and_null_and_unseen_become_missing(job, make_rows):
    """Inside the graph exactly as outside: the identity of the third column shows through a hand-made classifier."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    pick = numpy_helper.from_array(np.array([[0, 0], [0, 0], [1, 1]], dtype=np.float32), "pick")
    zero = [helper.make_node("IsNaN", ["x"], ["nan"]), helper.make_node("Where", ["nan", "minus", "x"], ["y"])]
    minus = numpy_helper.from_array(np.array(-1, dtype=np.float32), "minus")
    graph = helper.make_graph(
        [*zero, helper.make_node("MatMul", ["y", "pick"], ["probabilities"])],
        "pick",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 3])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, 2])],
        [pick, minus],
    )
    model = with_raw_inputs(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)]), job["features"], {"kind": ["a", "b"]})
    assert onnx.load_from_string(model).graph.name == "ratchet"
    rows = make_rows(days=1, per_day=4).assign(kind=["b", "a", "never seen", None])
    scorer = open_scorer(model, None, "test")
    assert scorer.score(feeds_of(rows, scorer.inputs, "test")).tolist() == [1, 0, -1, -1]
    assert np.nan_to_num(ordinals(rows, job["features"], {"kind": ["a", "b"]})[:, 2], nan=-1).tolist() == [1, 0, -1, -1]


@pytest.fixture
def mlflow_server(monkeypatch):
    """mlflow_server(status, body): a server that says this once and from then on that it does not know us; gives what was asked."""
    servers = []

    def start(status: int, body: dict) -> list[str]:
        asked: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                first = len(asked) == 1
                content = json.dumps(body if first else {"error_code": "UNAUTHENTICATED", "message": "who are you"}).encode()
                self.send_response(status if first else 401)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_POST = do_GET

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{server.server_port}")
        return asked

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "body", "requests"),
    [
        (400, {"error_code": "BAD_REQUEST", "message": "QueuePool limit of size 5 overflow 10 reached"}, 2),
        (503, {"error_code": "TEMPORARILY_UNAVAILABLE", "message": "later"}, 2),
        (400, {"error_code": "INVALID_PARAMETER_VALUE", "message": "no such thing"}, 1),
        (401, {"error_code": "UNAUTHENTICATED", "message": "who are you"}, 1),
    ],
    ids=["full connection pool", "unavailable", "refused", "unknown caller"],
)
def test_mlflow_in_trouble_is_asked_again_where_that_may_help_and_never_loses_a_training(mlflow_server, capsys, status, body, requests):
    asked = mlflow_server(status, body)
    assert tracking.log_training({}, {}, {}, {}) is None
    assert len(asked) == requests
    assert "MLflow: the training is not tracked" in capsys.readouterr().err


def test_mlflow_that_is_down_never_loses_a_training(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    assert tracking.log_training({}, {}, {}, {}, budget_seconds=1) is None


def test_mlflow_that_is_down_for_a_minute_has_the_training_afterwards(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    now = [0.0]
    monkeypatch.setattr(tracking.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(tracking.time, "sleep", lambda seconds: now.append(now.pop() + seconds))

    def log_once(*_):
        if now[0] < 60:
            raise ConnectionError("refused")
        return "run"

    monkeypatch.setattr(tracking, "_log_once", log_once)
    assert tracking.log_training({}, {}, {}, {}) == "run"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # inside MLflow
def test_a_retried_job_goes_on_with_the_run_of_its_first_try(tmp_path, monkeypatch):
    from mlflow.tracking import MlflowClient

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    monkeypatch.setenv("RATCHET_JOB_NAME", "flights-c1-train-a1")
    monkeypatch.setenv("RATCHET_MODEL", "flights")
    written = [{"eta": 0.1}, {"auc": 0.7}, {"ratchet.modelDigest": "sha256:1"}, {"model.onnx": b"model"}]
    client = MlflowClient()
    begun = client.create_run(
        client.create_experiment("flights", artifact_location=str(tmp_path / "artifacts")), tags={tracking.JOB_TAG: "flights-c1-train-a1"}
    )
    first = tracking.log_training(*written)  # finds the run that a killed try left half-written
    assert first == begun.info.run_id
    assert tracking.log_training(*written) == first
    monkeypatch.setenv("RATCHET_JOB_NAME", "flights-c1-train-a2")
    second = tracking.log_training(*written)
    assert second not in (None, first)
    run = client.get_run(second)
    assert (run.info.run_name, run.info.status) == ("flights-c1-train-a2", "FINISHED")
    assert (run.data.params, run.data.metrics) == ({"eta": "0.1"}, {"auc": 0.7})
    assert run.data.tags["ratchet.modelDigest"] == "sha256:1"
    assert [each.path for each in client.list_artifacts(second)] == ["model.onnx"]
    assert len(client.search_runs([run.info.experiment_id])) == 2
