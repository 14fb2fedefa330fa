"""An MLflow model folder as one file, for models that do not convert to ONNX: the same folder gives the same bytes.

Inputs are those of the folder's signature: `double` or `float` for numbers (NaN = null), `string` for categories ('' = null).
Loading one runs the trainer's own code: MLflow unpickles it.
"""

import io
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

FORMAT = "pyfunc"
MAGIC = b"PK\x03\x04"
DESCRIPTION = "MLmodel"
TYPES = {"double": "number", "float": "number", "string": "category"}
# What MLflow writes anew with every save, and no prediction depends on.
OF_THE_RUN = ("run_id", "utc_time_created", "model_uuid", "model_id", "artifact_path", "model_size_bytes")


class PyfuncModel(NamedTuple):
    """`inputs`: [{name, type}] of the signature; `score(columns)`: one array [rows] per input -> float64 [rows]."""

    inputs: list[dict[str, str]]
    score: Callable[[dict[str, np.ndarray]], np.ndarray]


def pack(folder: str) -> bytes:
    """The folder that `mlflow.<flavor>.save_model` wrote, as the bytes of a model file. @throws ValueError: no such folder."""
    root = Path(folder)
    if not (root / DESCRIPTION).is_file():
        raise ValueError(f"{folder}: expected the folder of an MLflow model, with a file {DESCRIPTION}, found none")
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
            name = path.relative_to(root).as_posix()
            content = _without_run(path.read_text("utf-8")) if name == DESCRIPTION else path.read_bytes()
            archive.writestr(zipfile.ZipInfo(name), content)  # ZipInfo's time is always 1980
    return sink.getvalue()


def load(content: bytes) -> PyfuncModel:
    """@throws ValueError: no packed MLflow model with a signature that can be served; says what is wrong."""
    import mlflow.pyfunc
    import pandas as pd

    folder = tempfile.TemporaryDirectory(prefix="ratchet-pyfunc-")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder.name)
    loaded = mlflow.pyfunc.load_model(folder.name)
    inputs = _inputs(loaded.metadata.get_input_schema())

    def score(columns: dict[str, np.ndarray]) -> np.ndarray:
        _ = folder  # its files are there for as long as the model is
        answer = loaded.predict(pd.DataFrame({wanted["name"]: columns[wanted["name"]] for wanted in inputs}))
        if isinstance(answer, pd.DataFrame) and "probability" in answer.columns:
            answer = answer["probability"]
        values = np.asarray(answer, dtype=np.float64)
        return values[:, -1] if values.ndim == 2 else values.reshape(-1)

    return PyfuncModel(inputs, score)


def _inputs(schema: Any) -> list[dict[str, str]]:
    if schema is None or not schema.has_input_names():
        raise ValueError("expected a signature with named inputs, found none: give save_model one by mlflow.models.infer_signature")
    inputs = []
    for name, kind in zip(schema.input_names(), schema.input_types(), strict=True):
        word = getattr(kind, "name", str(kind))
        if word not in TYPES:
            raise ValueError(f"input {name}: expected double, float or string in the signature, found {word}")
        inputs.append({"name": name, "type": TYPES[word]})
    return inputs


def _without_run(description: str) -> str:
    import yaml

    document = yaml.safe_load(description)
    return yaml.safe_dump({key: value for key, value in document.items() if key not in OF_THE_RUN}, sort_keys=True)
