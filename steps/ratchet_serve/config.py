"""What a server is told by the file named in RATCHET_SERVE_CONFIG."""

import json
import os
from typing import Any, NamedTuple

VARIABLE = "RATCHET_SERVE_CONFIG"
# Where one file of configuration is for many servers: each has a folder of its own.
LOG_FOLDER_VARIABLE = "RATCHET_SERVE_LOG_FOLDER"
SHIP_SECONDS_MAX = 8


class ConfigError(Exception):
    """One sentence: the field, what was expected, what was found."""


class Feature(NamedTuple):
    name: str
    type: str
    nullable: bool


class Config(NamedTuple):
    name: str
    model: str
    version: str
    host: str
    port: int
    artifact: dict[str, Any]
    artifact_path: str
    features: list[Feature]
    rows_max: int
    key_header: str | None
    log_folder: str
    store_uri: str | None
    ship_seconds_max: int


def read_config(environment: dict[str, str] | os._Environ[str] = os.environ) -> Config:
    """@throws ConfigError"""
    path = environment.get(VARIABLE)
    if not path:
        raise ConfigError(f"environment variable {VARIABLE}: expected the path of a JSON file, found nothing")
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: expected a JSON file: {error}") from error
    if not isinstance(document, dict):
        raise ConfigError(f"{path}: expected an object, found {type(document).__name__}")
    return Config(
        name=_field(document, path, "name", str),
        model=_field(document, path, "model", str),
        version=_field(document, path, "version", str),
        host=_field(document, path, "host", str),
        port=_field(document, path, "port", int),
        artifact=_field(document, path, "artifact", dict),
        artifact_path=_field(document, path, "artifactPath", str),
        features=[_feature(entry, path, index) for index, entry in enumerate(_field(document, path, "features", list))],
        rows_max=_field(document, path, "rowsMax", int),
        key_header=_field(document, path, "keyHeader", (str, type(None))),
        log_folder=environment.get(LOG_FOLDER_VARIABLE) or _field(document, path, "logFolder", str),
        store_uri=_field(document, path, "storeUri", (str, type(None))),
        ship_seconds_max=_field(document, path, "shipSecondsMax", (int, type(None))) or SHIP_SECONDS_MAX,
    )


def _field(document: dict[str, Any], path: str, name: str, kind: Any) -> Any:
    value = document.get(name)
    if name not in document and not (isinstance(kind, tuple) and type(None) in kind):
        raise ConfigError(f"{path}, field {name}: expected a value, found nothing")
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ConfigError(f"{path}, field {name}: expected {getattr(kind, '__name__', 'text or null')}, found {value!r:.80}")
    return value


def _feature(entry: Any, path: str, index: int) -> Feature:
    if not isinstance(entry, dict) or entry.get("type") not in ("number", "category") or not isinstance(entry.get("name"), str):
        raise ConfigError(f"{path}, field features[{index}]: expected {{name, type: number or category, nullable}}, found {entry!r:.120}")
    return Feature(entry["name"], entry["type"], bool(entry.get("nullable")))
