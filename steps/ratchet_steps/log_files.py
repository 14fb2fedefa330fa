"""The prediction log and the labels, as Parquet files by date and hour: `<kind>/<model>/<date>/<hour>/<file>.parquet`.

A file that compaction made (`all-….parquet`) names in its metadata the files that it stands for: those are passed over, also
where they still lie there or come again, so that nothing is read twice whenever compaction dies.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .object_store import ObjectStore

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
COMPACTED = "all-"
REPLACES = b"ratchet.replaces"


class FilesChanged(Exception):
    """A file went while it was read: compacted or past retention. Listing again finds what stands for it."""


def hour_of(key: str) -> str:
    """`2013-07-01/06` of a key, or of a time in its form."""
    return "/".join(key.split("/")[2:4])


def list_hours(store: ObjectStore, kind: str, model: str, start_ms: int, end_ms: int) -> dict[str, list[str]]:
    """The keys of each hour that overlaps [start_ms, end_ms), in order; hours without files are not there."""
    hours: dict[str, list[str]] = {}
    first, last = _hour_text(start_ms), _hour_text(end_ms - 1)
    for day_ms in range(start_ms - start_ms % DAY_MS, end_ms, DAY_MS):
        for key in store.list_named(f"{kind}/{model}/{_hour_text(day_ms)[:10]}/"):
            if key.endswith(".parquet") and first <= hour_of(key) <= last:
                hours.setdefault(hour_of(key), []).append(key)
    return hours


def fetch_hours(store: ObjectStore, hours: dict[str, list[str]], folder: Path) -> dict[str, Path]:
    """Where the files of these hours can be read, by key, without those that others stand for. @throws FilesChanged"""
    live: dict[str, Path] = {}
    for keys in hours.values():
        here = {key: fetch(store, key, folder) for key in keys}
        live |= {key: here[key] for key in live_keys(here)}
    return live


def live_keys(here: dict[str, Path]) -> list[str]:
    """Of one hour's files: those that no compacted one stands for, by name or by standing for all that they stand for."""
    stands_for = {key: replaces(path) for key, path in here.items() if is_compacted(key)}
    replaced = {name for names in stands_for.values() for name in names}
    narrower = {key for key, names in stands_for.items() if any(names < others for others in stands_for.values())}
    return [key for key in here if key.rpartition("/")[2] not in replaced and key not in narrower]


def fetch(store: ObjectStore, key: str, folder: Path) -> Path:
    """The file itself where the store is a folder, else a copy. @throws FilesChanged"""
    path = store.path_of(key)
    if path is not None:
        if not path.exists():
            raise FilesChanged(key)
        return path
    content = store.get_named(key)
    if content is None:
        raise FilesChanged(key)
    copy = folder / key.replace("/", "_")
    copy.write_bytes(content)
    return copy


def is_compacted(key: str) -> bool:
    return key.rpartition("/")[2].startswith(COMPACTED)


def replaces(path: Path) -> set[str]:
    """The names of the files that a compacted one stands for; one that is torn stands for none. @throws FilesChanged"""
    schema = _schema(path)
    metadata: dict[bytes, Any] = (schema.metadata if schema is not None else None) or {}
    return set(json.loads(metadata.get(REPLACES, b"[]")))


def is_torn(path: Path) -> bool:
    """Whether it is no whole Parquet file: those end with what they hold. @throws FilesChanged"""
    return _schema(path) is None


def _schema(path: Path) -> Any:
    import pyarrow
    import pyarrow.parquet as pq

    try:
        return pq.read_schema(path)
    except FileNotFoundError:
        raise FilesChanged(str(path)) from None
    except (pyarrow.ArrowInvalid, OSError):
        return None


def _hour_text(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d/%H")
