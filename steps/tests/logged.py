"""A prediction log and labels written by hand, for tests of what reads them."""

import io
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq

from ratchet_steps.label_join import JoinRequest, open_join

HOUR = 3_600_000
DAY = 24 * HOUR
START = int(datetime(2024, 5, 1, tzinfo=UTC).timestamp() * 1000)


def stamp(time_ms):
    return datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec="milliseconds")


def parquet(rows, metadata=None):
    table = pa.Table.from_pylist(rows)
    sink = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(metadata) if metadata else table, sink)
    return sink.getvalue()


def prediction(id, time_ms=START, row=0, output=0.5, instance="m-7", **features):
    shared = {"version": "3", "instance": instance, "arm": None, "key": None, "latencyMs": 1.0}
    return {"id": id, "row": row, "time": stamp(time_ms), "output": output, **shared, **{f"feature_{name}": value for name, value in features.items()}}


def label(id, value, received_ms=START + DAY, row=0, observed_ms=None, censored=False, source="a", position=0, **kpis):
    known = {"observedAtMs": observed_ms or received_ms, "receivedAtMs": received_ms, "policy": None, "propensity": None}
    named = {f"kpi_{name}": number for name, number in kpis.items()}
    return {"id": id, "row": row, "value": value, "censored": censored, "source": source, "position": position, **known, **named}


class Log:
    """predictions(rows), labels(rows): one file each, in the hour of the first row."""

    def __init__(self, store):
        self.store, self.files = store, 0

    def put(self, kind, rows, time_ms, name=None, metadata=None):
        self.files += 1
        key = f"{kind}/m/{stamp(time_ms)[:10]}/{stamp(time_ms)[11:13]}/{name or f'f-{self.files:03d}'}.parquet"
        self.store.put_named(key, parquet(rows, metadata))
        return key

    def predictions(self, *rows):
        at = datetime.fromisoformat(rows[0]["time"])
        return self.put("predictions", rows, int(at.timestamp() * 1000))

    def labels(self, *rows):
        return self.put("labels", rows, rows[0]["receivedAtMs"])


def joined(log, start=START, end=START + DAY, as_of=START + 100 * DAY, select='id, "row", label', with_features=False):
    with open_join(log.store, JoinRequest("m", start, end, as_of, with_features)) as join:
        return sorted(join.query(f"SELECT {select} FROM joined").fetchall()), join.counts, join.conflicts
