"""Step `logs`: of the log of predictions and of the labels, what is past its retention goes, and each ended hour becomes one file.

The compacted file is written, durable, before the first of its parts goes, and names them: whoever dies in between leaves
files that no reader takes twice, and the next run removes them. A part that comes again, or late, is no different.
"""

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from .contract import StepFailure, report_progress, run_job
from .digest import digest_of_bytes
from .log_files import COMPACTED, DAY_MS, HOUR_MS, REPLACES, FilesChanged, fetch, hour_of, is_torn, live_keys, replaces
from .object_store import ObjectStore, open_store

KINDS = ("predictions", "labels")
# Monitoring looks back so far in any case: at what the month used.
ANSWERED_DAYS = 35
# Servers write a segment for a minute, and may go on trying to ship it.
SETTLED_MS = HOUR_MS


def work(input: dict[str, Any]) -> dict[str, Any]:
    """@returns {predictions, labels: {expiredFiles, expiredHours, compactedHours, compactedFiles}, monitoring: {expiredFiles}}"""
    return tend_logs(open_store(), input["model"], input["nowMs"], input["retentionDays"], bool(input["isDeleting"]))


def tend_logs(store: ObjectStore, model: str, now_ms: int, retention_days: dict[str, int], is_deleting: bool) -> dict[str, Any]:
    """`retention_days`: by kind. Without `is_deleting` it only says what would be done."""
    found: dict[str, Any] = {}
    for kind in KINDS:
        hours = _all_hours(store, kind, model)
        oldest = _hour_text(now_ms - retention_days[kind] * DAY_MS)
        expired = {hour: keys for hour, keys in hours.items() if hour < oldest}
        ended = {hour: keys for hour, keys in hours.items() if oldest <= hour < _hour_text(now_ms - SETTLED_MS) and len(keys) > 1}
        if is_deleting:
            for key in (key for keys in expired.values() for key in keys):
                store.remove_named(key)
            for number, (hour, keys) in enumerate(ended.items()):
                report_progress(number, len(ended), f"{kind} of {hour}")
                try:
                    compact_hour(store, keys)
                except (pa.ArrowInvalid, pa.ArrowTypeError) as error:  # a feature that became another: its hour stays as it is, the others do not wait for it
                    print(f"{kind} of {hour} cannot become one file: {' '.join(str(error).split())[:200]}", flush=True)
        found[kind] = {
            "expiredHours": len(expired),
            "expiredFiles": sum(len(keys) for keys in expired.values()),
            "compactedHours": len(ended),
            "compactedFiles": sum(len(keys) for keys in ended.values()),
        }
    return {**found, "monitoring": {"expiredFiles": _tend_windows(store, model, now_ms, retention_days, is_deleting)}}


def _tend_windows(store: ObjectStore, model: str, now_ms: int, retention_days: dict[str, int], is_deleting: bool) -> int:
    """Judged windows and their reports go with the predictions that they are about; none that answers may still be held against.

    Counts of requests go when no window reaches back to them.
    """
    expired = [
        key
        for prefix, kept_days in (("monitoring", max(retention_days["predictions"], retention_days["answers"], ANSWERED_DAYS)), ("requests", ANSWERED_DAYS))
        for key in store.list_named(f"{prefix}/{model}/")
        if key.rpartition("/")[2] < _stamp(now_ms - kept_days * DAY_MS)
    ]
    for key in expired if is_deleting else []:
        store.remove_named(key)
    return len(expired)


def _stamp(time_ms: float) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")


def compact_hour(store: ObjectStore, keys: list[str]) -> None:
    """Leaves one file of an hour's, and torn ones where they lie, for a person to look at. @throws StepFailure StoreUnavailable: somebody else compacts it now."""
    with tempfile.TemporaryDirectory(prefix="ratchet-compact-") as name:
        folder = Path(name)
        try:
            fetched = {key: fetch(store, key, folder) for key in keys}
            here = {key: path for key, path in fetched.items() if not is_torn(path)}
            live = live_keys(here)
            if len(live) > 1:
                _write(store, {key: here[key] for key in live}, folder)
        except (FilesChanged, FileNotFoundError) as error:
            raise StepFailure("StoreUnavailable", f"{keys[0].rpartition('/')[0]}: files went while they were compacted: {error}") from error
    gone = live if len(live) > 1 else []
    for key in sorted({*here} - {*live} | {*gone}):
        store.remove_named(key)


def _write(store: ObjectStore, parts: dict[str, Path], folder: Path) -> None:
    names = sorted({key.rpartition("/")[2] for key in parts} | {name for path in parts.values() for name in replaces(path)})
    digest = digest_of_bytes("\n".join(names).encode()).removeprefix("sha256:")
    files = [pq.ParquetFile(path) for path in parts.values()]
    # What is null throughout one file has its type in another; what is whole numbers in one may have halves in another.
    schema = pa.unify_schemas([file.schema_arrow.remove_metadata() for file in files], promote_options="permissive")
    target = folder / "compacted.parquet"
    with pq.ParquetWriter(target, schema.with_metadata({REPLACES: json.dumps(names).encode()})) as writer:
        for file in files:
            for batch in file.iter_batches():
                writer.write_table(_aligned(pa.Table.from_batches([batch]), schema))
    store.put_named(f"{next(iter(parts)).rpartition('/')[0]}/{COMPACTED}{digest[:24]}.parquet", target.read_bytes())


def _aligned(table: pa.Table, schema: pa.Schema) -> pa.Table:
    columns = [table[field.name].cast(field.type) if field.name in table.column_names else pa.nulls(len(table), field.type) for field in schema]
    return pa.table(columns, schema=schema.remove_metadata())


def _all_hours(store: ObjectStore, kind: str, model: str) -> dict[str, list[str]]:
    hours: dict[str, list[str]] = {}
    for key in store.list_named(f"{kind}/{model}/"):
        if key.endswith(".parquet"):
            hours.setdefault(hour_of(key), []).append(key)
    return hours


def _hour_text(time_ms: float) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d/%H")


if __name__ == "__main__":
    run_job(("logs",), ("model", "nowMs", "retentionDays", "isDeleting"), work)
