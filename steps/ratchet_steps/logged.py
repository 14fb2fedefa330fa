"""Predictions as the model servers logged them, over a window of time: only the hours that were asked for are read."""

import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from .contract import StepFailure
from .log_files import HOUR_MS, FilesChanged, fetch_hours, list_hours
from .object_store import ObjectStore
from .times import parse_time

ROWS_MAX = 1_000_000
TRIES_MAX = 4
BASE = ("id", "row", "time", "version", "instance", "arm", "key", "output", "latencyMs")


class Logged(NamedTuple):
    """`frame`: id, row, time (UTC), version, instance, arm, key, output, latencyMs and the features by name; by time.

    `counts`: rows (before any were left out), files, filesUnreadable, duplicates (the same id and row of one version),
    hours, hoursWithRows, sampledOneIn (1: all rows were looked at).
    """

    frame: pd.DataFrame
    counts: dict[str, int]


def read_predictions(store: ObjectStore, model: str, window: dict[str, str], features: list[dict[str, Any]]) -> Logged:
    """Predictions with start <= time < end. A file that cannot be read is counted, and keeps none of the others from being read.

    @throws StepFailure StoreUnavailable: files go faster than they can be read.
    """
    start, end = parse_time(window["start"], "window.start"), parse_time(window["end"], "window.end")
    start_ms, end_ms = (round(time.timestamp() * 1000) for time in (start, end))
    frames, files, unreadable = _read(store, model, start_ms, end_ms, features)
    frame = pd.concat(frames, ignore_index=True) if frames else _empty(features)
    frame = frame[(frame["time"] >= start) & (frame["time"] < end)].sort_values(["time", "id", "row"], kind="stable", ignore_index=True)
    again = frame.duplicated(["id", "row", "version"])
    one_in = max(1, -(-int((~again).sum()) // ROWS_MAX))
    counts = {
        "rows": len(frame),
        "files": files,
        "filesUnreadable": unreadable,
        "duplicates": int(again.sum()),
        "hours": -(-(end_ms - start_ms // HOUR_MS * HOUR_MS) // HOUR_MS),
        "hoursWithRows": int(frame["time"].dt.floor("h").nunique()),
        "sampledOneIn": one_in,
    }
    return Logged(frame[~again].iloc[::one_in].reset_index(drop=True), counts)


def _read(
    store: ObjectStore, model: str, start_ms: int, end_ms: int, features: list[dict[str, Any]]
) -> tuple[list[pd.DataFrame], int, int]:
    for _ in range(TRIES_MAX):
        with tempfile.TemporaryDirectory(prefix="ratchet-log-") as folder:
            try:
                paths = fetch_hours(store, list_hours(store, "predictions", model, start_ms, end_ms), Path(folder))
                found = [_file(path, features) for path in paths]
            except (FilesChanged, FileNotFoundError):
                continue
            frames = [frame for frame in found if frame is not None]
            return [frame for frame in frames if len(frame)], len(found), len(found) - len(frames)
    raise StepFailure("StoreUnavailable", f"prediction log of {model}: files went while they were read, {TRIES_MAX} times")


def _file(path: str, features: list[dict[str, Any]]) -> pd.DataFrame | None:
    try:
        return _typed(pq.read_table(path).to_pandas(), features)
    except FileNotFoundError:
        raise
    except Exception as error:
        print(f"a file of the prediction log was left out: {' '.join(str(error).split())[:200]}", flush=True)
        return None


def _typed(found: pd.DataFrame, features: list[dict[str, Any]]) -> pd.DataFrame:
    """A file of all nulls has no types of its own, and an older one may lack a feature: nulls then."""
    frame = pd.DataFrame({name: found[name] for name in ("id", "row", "version", "instance", "arm", "key")})
    frame["time"] = pd.to_datetime(found["time"], utc=True, format="ISO8601")
    for name in ("output", "latencyMs"):
        frame[name] = found[name].astype("float64")
    return with_features(frame, found, features, "feature_")


def with_features(frame: pd.DataFrame, found: pd.DataFrame, features: list[dict[str, Any]], prefix: str) -> pd.DataFrame:
    """`frame` with the declared features out of `found`, in their types; null where a feature was not logged."""
    for feature in features:
        values = found.get(prefix + feature["name"])
        if feature["type"] == "number":
            frame[feature["name"]] = np.nan if values is None else pd.to_numeric(values, errors="coerce").astype("float64")
        else:
            frame[feature["name"]] = None if values is None else values.astype(object).where(values.notna(), None)
    return frame


def _empty(features: list[dict[str, Any]]) -> pd.DataFrame:
    return _typed(pd.DataFrame({name: pd.Series(dtype=object) for name in BASE}), features)
