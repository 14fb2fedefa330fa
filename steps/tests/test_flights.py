import json
import os
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import yaml

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "flight-lateness"


@pytest.fixture(scope="module")
def spec():
    return yaml.safe_load((EXAMPLE / "model.yaml").read_text())["spec"]


@pytest.fixture(scope="module")
def example():
    """The example's modules, imported as a job would: from its folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(EXAMPLE))
        patch.chdir(EXAMPLE)
        yield
        for name in ("flights", "train", "spoiled"):
            sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def january(example, spec, tmp_path_factory):
    """The input of a short training on a snapshot of two weeks."""
    from ratchet_steps.snapshot import snapshot

    data = {**spec["data"], "window": {**spec["data"]["window"], "rowsMin": 1}}
    window = {"start": "2013-01-01T00:00:00-05:00", "end": "2013-01-15T00:00:00-05:00"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RATCHET_STORE_URI", f"file://{tmp_path_factory.mktemp('store')}")
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        taken = snapshot({"stage": "snapshot", "data": data, "window": window, "holdoutStart": "2013-01-11T00:00:00-05:00"})
        yield {
            "stage": "train",
            "datasetDigest": taken["datasetDigest"],
            "files": [file for file in taken["dataset"]["files"] if file["part"] == "train"],
            "features": spec["data"]["features"],
            "label": spec["data"]["label"],
            "timeColumn": spec["data"]["timeColumn"],
            "config": {**spec["trainer"]["config"], "rounds": 20},
            "seed": spec["trainer"]["seed"],
        }


def test_the_first_holdout_has_the_pinned_rows(example, spec):
    from flights import load

    rows = load(datetime.fromisoformat("2013-03-04T00:00:00-05:00"), datetime.fromisoformat("2013-04-01T00:00:00-04:00"))
    assert (len(rows), rows["late"].notna().sum()) == (26198, 25297)
    known = rows["weather_observed_at"].notna()
    assert (rows.loc[known, "weather_observed_at"] < rows.loc[known, "scheduled_departure_at"]).all()
    assert not [column for column in rows.columns if column.startswith(("dep_", "arr_", "air_"))]
    assert {feature["name"] for feature in spec["data"]["features"]} <= set(rows.columns)


def test_a_holiday_in_the_weather_record_stays_null(example):
    from flights import load

    rows = load(datetime.fromisoformat("2013-07-02T00:00:00-04:00"), datetime.fromisoformat("2013-07-03T00:00:00-04:00"))
    gone = rows[rows["temp"].isna()]
    assert len(gone) == 42 and set(gone["origin"]) == {"EWR"}


def test_the_reference_trainer_is_reproducible_and_refuses_nothing(january):
    from train import train

    from ratchet_steps.trainer import train_job

    first, second = train_job(january, train), train_job(january, train)
    assert first["model"]["digest"] == second["model"]["digest"]
    assert first["metrics"]["trainLogLoss"] < 0.5
    assert train_job({**january, "seed": 8}, train)["model"]["digest"] != first["model"]["digest"]


def test_two_jobs_anywhere_give_the_same_model(january, tmp_path):
    digests = []
    for hash_seed in ("1", "2"):
        folder = tmp_path / hash_seed
        shutil.copytree(EXAMPLE, folder / "job")
        (folder / "input.json").write_text(json.dumps(january))
        environment = {
            **os.environ,
            "PYTHONHASHSEED": hash_seed,
            "PYTHONPATH": str(EXAMPLE.parents[1] / "steps"),
            "RATCHET_INPUT": str(folder / "input.json"),
            "RATCHET_OUTPUT": str(folder / "output.json"),
        }
        subprocess.run([sys.executable, "train.py"], cwd=folder / "job", env=environment, check=True)
        digests.append(json.loads((folder / "output.json").read_text())["model"]["digest"])
    assert digests[0] == digests[1]


def test_the_onnx_file_says_what_xgboost_says_for_nulls_and_unseen_categories(january, monkeypatch):
    import train as reference
    import xgboost

    asked = []
    monkeypatch.setattr(reference, "require_agreement", lambda model, rows, predicted: asked.append((model, rows, predicted)))
    boosters = []
    fit = xgboost.train
    monkeypatch.setattr(xgboost, "train", lambda *a, **k: boosters.append(fit(*a, **k)) or boosters[-1])
    from ratchet_steps.onnx_export import ordinals
    from ratchet_steps.scoring import feeds_of, open_scorer
    from ratchet_steps.trainer import train_job

    train_job(january, reference.train)
    model, rows, _ = asked[0]
    odd = rows.head(50).assign(temp=np.nan, carrier="??", dest=None)
    scorer = open_scorer(model, None, "test")
    categories = {name: sorted(rows[name].dropna().unique()) for name in ("carrier", "origin", "dest")}
    expected = boosters[0].predict(xgboost.DMatrix(ordinals(odd, january["features"], categories)))
    found = scorer.score(feeds_of(odd, scorer.inputs, "test"))
    assert np.abs(found - expected).max() < 1e-5


def test_disagreement_of_the_converted_model_ends_the_training(january):
    import train as reference

    from ratchet_steps.dataset import read_files
    from ratchet_steps.object_store import open_store
    from ratchet_steps.trainer import train_job

    output = train_job(january, reference.train)
    store = open_store()
    rows = read_files(store, january["files"]).head(10)
    with pytest.raises(RuntimeError, match="differs from XGBoost by"):
        reference.require_agreement(store.get(output["model"]["digest"]), rows, np.zeros(10))


def test_the_spoils_are_what_they_claim_to_be(january):
    from train import train

    from ratchet_steps.dataset import read_files
    from ratchet_steps.object_store import open_store
    from ratchet_steps.scoring import feeds_of, open_scorer
    from ratchet_steps.trainer import train_job

    def mean_of(**config: object) -> tuple[float, object]:
        output = train_job({**january, "config": {**january["config"], **config}}, train)
        scorer = open_scorer(open_store().get(output["model"]["digest"]), None, "test")
        rows = read_files(open_store(), january["files"]).dropna(subset=["temp"])
        return float(scorer.score(feeds_of(rows, scorer.inputs, "test")).mean()), scorer

    honest, _ = mean_of()
    assert mean_of(lateRowsWeight=4)[0] > honest + 0.15
    fearful, scorer = mean_of(refuseNull="temp")
    assert fearful == pytest.approx(honest, abs=1e-6)
    rows = read_files(open_store(), january["files"]).head(3).assign(temp=[30.0, np.nan, 40.0])
    with pytest.raises(Exception, match="(?i)out of|bounds"):
        scorer.score(feeds_of(rows, scorer.inputs, "test"))


def test_the_example_needs_only_what_travels_with_it(spec, tmp_path):
    """Only the files that the model file names are in the job's folder."""
    for name in {*spec["data"]["source"]["files"], *spec["trainer"]["files"]}:
        (tmp_path / name).write_bytes((EXAMPLE / name).read_bytes())
    steps = str(Path(__file__).resolve().parent.parent)
    code = "import flights, train, spoiled; print(flights.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": steps, "PATH": "", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(tmp_path))
