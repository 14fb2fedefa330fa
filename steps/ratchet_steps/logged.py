"""Predictions as the model servers logged them, over a window of time: only the hours that were asked for are read."""

import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from .contract import StepFailure
from .log_files import HOUR_MS, FilesChanged, fetch_hours, list_hours
from .object_store import ObjectStore
from .times import parse_time

ROWS_MAX = 1_000_000
TRIES_MAX = 4
BASE = {
    **{name: pa.string() for name in ("id", "version", "instance", "arm", "key")},
    "row": pa.int64(),
    "time": pa.timestamp("us", tz="UTC"),
    "output": pa.float64(),
    "latencyMs": pa.float64(),
}


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
    tables, files, unreadable = _read(store, model, start_ms, end_ms, features)
    # One frame of all files: a frame a file, with each column typed, took most of the time of a window of a week.
    found = pa.concat_tables([*tables, _typed(pa.table({name: pa.nulls(0) for name in BASE}), features)]).to_pandas()
    frame = with_features(found[list(BASE)].copy(), found, features, "feature_")
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
) -> tuple[list[pa.Table], int, int]:
    for _ in range(TRIES_MAX):
        with tempfile.TemporaryDirectory(prefix="ratchet-log-") as folder:
            try:
                paths = fetch_hours(store, list_hours(store, "predictions", model, start_ms, end_ms), Path(folder))
                found = [_file(key, path, features) for key, path in paths.items()]
            except (FilesChanged, FileNotFoundError):
                continue
            tables = [table for table in found if table is not None]
            return tables, len(found), len(found) - len(tables)
    raise StepFailure("StoreUnavailable", f"prediction log of {model}: files went while they were read, {TRIES_MAX} times")


def _file(key: str, path: Path, features: list[dict[str, Any]]) -> pa.Table | None:
    try:
        return _typed(pq.read_table(path), features)
    except FileNotFoundError:
        raise
    except Exception as error:
        print(f"{key} cannot be read and was left out: {' '.join(str(error).split())[:200]}", flush=True)
        return None


def _typed(found: pa.Table, features: list[dict[str, Any]]) -> pa.Table:
    """The columns of one file in the types of all: one of nulls only has none of its own, and an older file may lack a feature."""
    types = BASE | {f"feature_{feature['name']}": pa.float64() if feature["type"] == "number" else pa.string() for feature in features}
    columns = {name: _cast(found[name], type) if name in found.column_names or name in BASE else pa.nulls(len(found), type) for name, type in types.items()}
    return pa.table(columns)


def _cast(values: pa.ChunkedArray, type: pa.DataType) -> pa.ChunkedArray | pa.Array:
    """A feature that was logged as text where a number is declared: null where it is none."""
    if type == pa.float64() and pa.types.is_string(values.type):
        return pa.array(pd.to_numeric(values.to_pandas(), errors="coerce").to_numpy(dtype=np.float64), from_pandas=True)
    return values.cast(type, safe=False)


def with_features(frame: pd.DataFrame, found: pd.DataFrame, features: list[dict[str, Any]], prefix: str) -> pd.DataFrame:
    """`frame` with the declared features out of `found`, in their types; null where a feature was not logged."""
    for feature in features:
        values = found.get(prefix + feature["name"])
        if feature["type"] == "number":
            frame[feature["name"]] = np.nan if values is None else pd.to_numeric(values, errors="coerce").astype("float64")
        else:
            frame[feature["name"]] = None if values is None else values.astype(object).where(values.notna(), None)
    return frame
