"""The model behind a server: an ONNX file, or an MLflow pyfunc for what does not convert."""

import hashlib
import os
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .config import Config, ConfigError

OUTPUT = "probability"
Columns = dict[str, list[Any]]


class StoreAway(Exception):
    """The model cannot be fetched now; started again a server may get it."""


class Model(NamedTuple):
    """`inputs`: name -> number or category. `score(columns)`: a list per input -> float64 [rows]. `metadata`: of the file."""

    inputs: dict[str, str]
    score: Callable[[Columns], np.ndarray]
    metadata: dict[str, str]


def load_model(config: Config) -> Model:
    """@throws ConfigError: not the bytes of its digest, or not loadable. @throws StoreAway"""
    if config.artifact.get("format") == "pyfunc":
        return _load_pyfunc(config)
    return _load_onnx(config)


def _load_onnx(config: Config) -> Model:
    import onnxruntime

    content = _checked_bytes(config)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise ConfigError(f"{config.artifact_path}: ONNX Runtime cannot load it: {_words(error)}") from error
    inputs = {found.name: "category" if found.type == "tensor(string)" else "number" for found in session.get_inputs()}

    def score(columns: Columns) -> np.ndarray:
        feeds = {name: _tensor(columns[name], kind) for name, kind in inputs.items()}
        return np.asarray(session.run([OUTPUT], feeds)[0], dtype=np.float64).reshape(-1)

    return Model(inputs, score, dict(session.get_modelmeta().custom_metadata_map))


def _checked_bytes(config: Config) -> bytes:
    if not os.path.exists(config.artifact_path) and config.store_uri is not None:
        _fetch(config)
    try:
        with open(config.artifact_path, "rb") as file:
            content = file.read()
    except OSError as error:
        raise ConfigError(f"{config.artifact_path}: expected the model's file: {error}") from error
    found = f"sha256:{hashlib.sha256(content).hexdigest()}"
    if found != config.artifact.get("digest"):
        raise ConfigError(f"{config.artifact_path}: expected {config.artifact.get('digest')}, found {found}")
    return content


def _fetch(config: Config) -> None:
    """Brings the model from the object store to its path, where a server that is started again finds it. @throws StoreAway"""
    from ratchet_steps.contract import TEMPORARY_TYPES, StepFailure
    from ratchet_steps.object_store import open_store

    try:
        content = open_store(config.store_uri).get(str(config.artifact.get("digest")))
    except StepFailure as error:
        raise (StoreAway if error.type in TEMPORARY_TYPES else ConfigError)(f"{error.type}: {error}") from error
    os.makedirs(os.path.dirname(config.artifact_path), exist_ok=True)
    unfinished = f"{config.artifact_path}.{os.getpid()}.next"
    with open(unfinished, "wb") as file:
        file.write(content)
    os.replace(unfinished, config.artifact_path)


def _tensor(values: list[Any], kind: str) -> np.ndarray:
    """[rows, 1], as the evaluation feeds it: a null number is NaN, a null category the empty text."""
    if kind == "number":
        return np.array([np.nan if value is None else value for value in values], dtype=np.float32).reshape(-1, 1)
    return np.array(["" if value is None else value for value in values], dtype=object).reshape(-1, 1)


def _load_pyfunc(config: Config) -> Model:
    from ratchet_steps import pyfunc_model

    content = _checked_bytes(config)
    try:
        loaded = pyfunc_model.load(content)
    except Exception as error:
        raise ConfigError(f"{config.artifact_path}: MLflow cannot load it: {_words(error)}") from error
    inputs = {wanted["name"]: wanted["type"] for wanted in loaded.inputs}

    def score(columns: Columns) -> np.ndarray:
        return loaded.score({name: _tensor(columns[name], kind).reshape(-1) for name, kind in inputs.items()})

    return Model(inputs, score, {})


def _words(error: Exception) -> str:
    return " ".join(str(error).split())[:500]
