"""Scores rows with a model file, ONNX or a packed MLflow model, through the raw features by name."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from . import pyfunc_model
from .contract import StepFailure

OUTPUT = "probability"
BATCH_ROWS = 8192

Feeds = dict[str, np.ndarray]


class Scorer(NamedTuple):
    """A loaded model. `inputs`: [{name, type}] as the model file has them; `score(feeds)` -> float64 [rows], unchecked."""

    inputs: list[dict[str, str]]
    bytes: int
    score: Callable[[Feeds], np.ndarray]


def open_scorer(content: bytes, declared: list[dict[str, str]] | None, arm: str) -> Scorer:
    """Loads a model file on one thread. @throws StepFailure InputInvalid: not loadable, other inputs than declared, no output `probability`."""
    scorer = _open_pyfunc(content, arm) if format_of(content) == pyfunc_model.FORMAT else _open_onnx(content, arm)
    if declared is not None and sorted(scorer.inputs, key=_name) != sorted(declared, key=_name):
        raise StepFailure("InputInvalid", f"{arm}: expected the model's inputs to be {_named(declared)}, found {_named(scorer.inputs)}")
    return scorer


def format_of(content: bytes) -> str:
    """What a model file is: onnx or pyfunc."""
    return pyfunc_model.FORMAT if content.startswith(pyfunc_model.MAGIC) else "onnx"


def _open_pyfunc(content: bytes, arm: str) -> Scorer:
    try:
        model = pyfunc_model.load(content)
    except Exception as error:
        raise StepFailure("InputInvalid", f"{arm}: MLflow cannot load the model file: {' '.join(str(error).split())[:500]}") from error
    return Scorer(model.inputs, len(content), lambda feeds: model.score({name: values.reshape(-1) for name, values in feeds.items()}))


def _open_onnx(content: bytes, arm: str) -> Scorer:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what fails is said once, by the exception
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise StepFailure(
            "InputInvalid", f"{arm}: the model file cannot be loaded by ONNX Runtime: {' '.join(str(error).split())[:500]}"
        ) from error
    inputs = [{"name": found.name, "type": _input_type(found.name, found.type, arm)} for found in session.get_inputs()]
    if OUTPUT not in [found.name for found in session.get_outputs()]:
        raise StepFailure(
            "InputInvalid", f"{arm}: expected an output named {OUTPUT}, found {[found.name for found in session.get_outputs()]}"
        )

    def score(feeds: Feeds) -> np.ndarray:
        return np.asarray(session.run([OUTPUT], feeds)[0], dtype=np.float64).reshape(-1)

    return Scorer(inputs, len(content), score)


def feeds_of(frame: pd.DataFrame, inputs: list[dict[str, str]], arm: str) -> Feeds:
    """The rows as a model's input tensors, [N, 1] each. @throws StepFailure ColumnMissing."""
    feeds = {}
    for wanted in inputs:
        name = wanted["name"]
        if name not in frame.columns:
            raise StepFailure("ColumnMissing", f"{arm}: the model needs the column {name}, which the dataset does not have")
        if wanted["type"] == "number":
            feeds[name] = frame[name].to_numpy(dtype=np.float32, na_value=np.nan).reshape(-1, 1)
        else:
            feeds[name] = frame[name].astype(object).where(frame[name].notna(), "").to_numpy(dtype=object).reshape(-1, 1)
    return feeds


def score_frame(scorer: Scorer, frame: pd.DataFrame, arm: str) -> np.ndarray:
    """P(label) for every row, float64 [rows]. @throws StepFailure InputInvalid: the model fails or answers no probability."""
    feeds = feeds_of(frame, scorer.inputs, arm)
    parts = []
    for begin in range(0, len(frame), BATCH_ROWS):
        try:
            parts.append(scorer.score({name: values[begin : begin + BATCH_ROWS] for name, values in feeds.items()}))
        except Exception as error:
            raise StepFailure("InputInvalid", f"{arm}: scoring failed: {' '.join(str(error).split())[:500]}") from error
    scores = np.concatenate(parts) if parts else np.empty(0)
    if len(scores) != len(frame) or not is_probability(scores):
        raise StepFailure("InputInvalid", f"{arm}: expected {len(frame)} probabilities in [0, 1], found {describe_scores(scores)}")
    return scores


def is_probability(scores: np.ndarray) -> bool:
    """All finite and in [0, 1]."""
    return bool(np.isfinite(scores).all() and (scores >= 0).all() and (scores <= 1).all())


def describe_scores(scores: np.ndarray) -> str:
    """For messages: how many, and between which."""
    finite = scores[np.isfinite(scores)]
    span = f"between {finite.min():.6g} and {finite.max():.6g}" if len(finite) else "none of them finite"
    return f"{len(scores)} answers, {span}, {len(scores) - len(finite)} not finite"


def _input_type(name: str, onnx_type: str, arm: str) -> str:
    types = {"tensor(float)": "number", "tensor(string)": "category"}
    if onnx_type not in types:
        raise StepFailure("InputInvalid", f"{arm}: input {name}: expected tensor(float) or tensor(string), found {onnx_type}")
    return types[onnx_type]


def _name(wanted: dict[str, str]) -> str:
    return wanted["name"]


def _named(inputs: list[dict[str, str]]) -> str:
    return ", ".join(f"{wanted['name']} ({wanted['type']})" for wanted in sorted(inputs, key=_name))
