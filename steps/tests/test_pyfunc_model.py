"""A model that does not convert to ONNX: packed, judged and served like any other."""

import numpy as np
import pandas as pd
import pytest

from ratchet_steps import pyfunc_model, trainer
from ratchet_steps.contract import StepFailure
from ratchet_steps.scoring import open_scorer, score_frame

INPUTS = [{"name": "size", "type": "number"}, {"name": "wind", "type": "number"}, {"name": "kind", "type": "category"}]


@pytest.fixture
def neighbours(tmp_path):
    """A trainer whose model no converter of ours knows: neighbours of the row among those of its kind."""
    import mlflow.sklearn
    from mlflow.models import infer_signature
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    def train(training: trainer.Training) -> trainer.Trained:
        rows = training.frame[training.frame[training.label].notna()]
        names = [feature["name"] for feature in training.features]
        encode = make_column_transformer(
            (OneHotEncoder(handle_unknown="ignore"), ["kind"]), (SimpleImputer(), ["size", "wind"]), remainder="drop"
        )
        fitted = make_pipeline(encode, KNeighborsClassifier(25, algorithm="brute")).fit(rows[names], rows[training.label].astype(int))
        folder = tmp_path / f"model-{len(list(tmp_path.glob('model-*')))}"
        signature = infer_signature(rows[names].head(5))
        mlflow.sklearn.save_model(fitted, str(folder), signature=signature, pyfunc_predict_fn="predict_proba", pip_requirements=["scikit-learn"], serialization_format="cloudpickle")
        return trainer.Trained(pyfunc_model.pack(str(folder)), len(rows), {})

    return train


@pytest.fixture
def job(taken, data):
    files = [file for file in taken["dataset"]["files"] if file["part"] == "train"]
    return {
        "stage": "train", "datasetDigest": taken["datasetDigest"], "files": files, "features": data["features"],
        "label": data["label"], "timeColumn": data["timeColumn"], "config": {}, "seed": 1,
        "environment": {"lockDigest": "sha256:" + "0" * 64, "architecture": "any"},
    }  # fmt: skip


def test_the_same_training_twice_gives_the_same_packed_model(store, job, neighbours):
    first, second = trainer.train_job(job, neighbours), trainer.train_job(job, neighbours)
    assert first == second
    assert first["model"]["format"] == "pyfunc" and sorted(first["model"]["inputs"], key=str) == sorted(INPUTS, key=str)


def test_it_scores_rows_with_nulls_and_unseen_categories(store, job, neighbours, make_rows):
    model = trainer.train_job(job, neighbours)["model"]
    rows = make_rows().head(50).assign(kind="never seen")
    scores = score_frame(open_scorer(store.get(model["digest"]), model["inputs"], "challenger"), rows, "challenger")
    assert len(scores) == 50 and 0 < scores.mean() < 1


def packed(tmp_path, signature=None):
    import mlflow.pyfunc

    class Constant(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):
            return np.full(len(model_input), 0.5)

    mlflow.pyfunc.save_model(str(tmp_path / "saved"), python_model=Constant(), signature=signature, pip_requirements=["mlflow"])
    return pyfunc_model.pack(str(tmp_path / "saved"))


def test_one_without_a_signature_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(StepFailure, match="challenger: MLflow cannot load the model file: expected a signature with named inputs.*infer_signature"):
        open_scorer(packed(tmp_path), None, "challenger")


def test_an_input_that_cannot_be_null_is_refused_by_name(tmp_path):
    from mlflow.models import infer_signature

    content = packed(tmp_path, infer_signature(pd.DataFrame({"size": np.array([1, 2], dtype=np.int64)})))
    with pytest.raises(StepFailure, match="input size: expected double, float or string in the signature, found long"):
        open_scorer(content, None, "challenger")


def test_other_inputs_than_declared_are_refused(tmp_path):
    from mlflow.models import infer_signature

    content = packed(tmp_path, infer_signature(pd.DataFrame({"size": [1.0]})))
    with pytest.raises(StepFailure, match=r"expected the model's inputs to be kind \(category\), .* found size \(number\)"):
        open_scorer(content, INPUTS, "challenger")


def test_a_damaged_file_is_refused(tmp_path):
    from mlflow.models import infer_signature

    content = packed(tmp_path, infer_signature(pd.DataFrame({"size": [1.0]})))
    with pytest.raises(StepFailure, match="MLflow cannot load the model file"):
        open_scorer(content[: len(content) // 2], None, "challenger")


def test_a_folder_that_is_no_model_is_not_packed(tmp_path):
    with pytest.raises(ValueError, match="expected the folder of an MLflow model, with a file MLmodel, found none"):
        pyfunc_model.pack(str(tmp_path))
