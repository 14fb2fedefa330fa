"""A model that was served: its prediction log as the servers write it, and labels as they come in."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ratchet_serve.shipper import _by_hour, _parquet

MODEL = "tested"
VERSION = "tested-9+data.aaaaaaaa"
TRAIN_END = "2024-01-21T05:00:00.000Z"


def logged(rows: pd.DataFrame, scores: np.ndarray, version: str = VERSION, instance: str = "tested-9") -> list[dict[str, Any]]:
    """Entries as a server appends them. `rows`: at, id, size, wind, kind."""
    entries = []
    for row, score in zip(rows.to_dict("records"), scores, strict=True):
        features = {name: None if pd.isna(row[name]) else row[name] for name in ("size", "wind", "kind")}
        time = row["at"].isoformat(timespec="milliseconds")
        entry = {"id": f"p{row['id']}", "row": 0, "time": time, "version": version, "instance": instance, "arm": "champion"}
        entries.append({**entry, "key": None, "features": features, "output": float(score), "latencyMs": 2.5})
    return entries


def ship(store: Any, entries: list[dict[str, Any]], name: str = "a") -> None:
    for (date, hour), group in _by_hour(entries).items():
        store.put_named(f"predictions/{MODEL}/{date}/{hour}/{name}.parquet", _parquet(json.loads(json.dumps(group))))


def put_labels(store: Any, rows: pd.DataFrame, delay_hours: float = 20, name: str = "l", **columns: Any) -> None:
    """Labels of `rows` (at, id, bad; null: none comes), each received `delay_hours` after its row."""
    known = rows[rows["bad"].notna()]
    received = pd.Series([round(time.timestamp() * 1000) for time in known["at"] + pd.Timedelta(hours=delay_hours)], dtype="int64")
    frame = pd.DataFrame(
        {
            "id": [f"p{id}" for id in known["id"]],
            "row": np.zeros(len(known), dtype=np.int32),
            "value": known["bad"].to_numpy(),
            "observedAtMs": received,
            "receivedAtMs": received,
            "censored": False,
            "policy": pd.Series([None] * len(known), dtype=object),
            "propensity": np.full(len(known), np.nan),
            "source": name,
            "position": np.arange(len(known), dtype=np.int32),
            **columns,
        }
    )
    hours = pd.to_datetime(frame["receivedAtMs"], unit="ms", utc=True)
    for (date, hour), group in frame.groupby([hours.dt.strftime("%Y-%m-%d"), hours.dt.strftime("%H")]):
        table = pa.Table.from_pandas(group, preserve_index=False)
        table = table.set_column(table.schema.get_field_index("policy"), "policy", table["policy"].cast(pa.string()))
        path = f"labels/{MODEL}/{date}/{hour}/{name}.parquet"
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink)
        store.put_named(path, sink.getvalue().to_pybytes())
