"""Brings ended segments of the prediction log to the object store, as Parquet by date and hour.

Asked again it writes the same name: a segment is shipped once, however often its process dies in between.
"""

import io
import json
import os
import sys
import threading
import time
from typing import Any

DISK_BYTES_MAX = 1024 * 1024 * 1024
LOOK_SECONDS = 1.0


class Shipper:
    """@param on_dropped told how many predictions were given up; @param ship_seconds_max how long its end may wait for the store"""

    def __init__(self, folder: str, store_uri: str | None, model: str, instance: str, on_dropped: Any, ship_seconds_max: int = 8) -> None:
        self._folder, self._store_uri, self._model, self._on_dropped = folder, store_uri, model, on_dropped
        self._instance = f"{instance}-{os.path.basename(folder.rstrip('/'))}"
        self._last_words = ""
        self._ship_seconds_max = ship_seconds_max
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._ship_all, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ships what is left; where the store is away, tries again as long as it may."""
        self._ending.set()
        self._thread.join(self._ship_seconds_max)

    def _ship_all(self) -> None:
        while True:
            ends = self._ending.wait(LOOK_SECONDS)
            is_shipped = self._ship_ended()
            self._keep_room()
            if ends and is_shipped:
                return
            if ends:
                time.sleep(LOOK_SECONDS)

    def _ship_ended(self) -> bool:
        """False: the store is away, later."""
        names = [name for name in sorted(os.listdir(self._folder)) if name.endswith(".jsonl")]
        return self._store_uri is None or all(self._ship(os.path.join(self._folder, name)) for name in names)

    def _ship(self, path: str) -> bool:
        try:
            entries = self._entries(path)
            given_up = 0
            for (date, hour), group in _by_hour(entries).items():
                stem = os.path.basename(path).split(".")[0]
                key = f"predictions/{self._model}/{date}/{hour}/{self._instance}-{stem}.parquet"
                content, kept = _parquet_of_what_fits(group)
                given_up += len(group) - kept
                if content is not None:
                    _create(self._store_uri or "", key, content)
            os.remove(path)
            if given_up:
                self._on_dropped(given_up)
            return True
        except Exception as error:
            words = f"{os.path.basename(path)} was not shipped: {' '.join(str(error).split())[:300]}"
            if words != self._last_words:
                print(words, file=sys.stderr, flush=True)
            self._last_words = words
            return False

    def _entries(self, path: str) -> list[dict[str, Any]]:
        """A line that cannot be read must not keep all others from being shipped."""
        entries = []
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                try:
                    entries.append(json.loads(line))
                except ValueError:
                    self._on_dropped(1)
        return entries

    def _keep_room(self) -> None:
        paths = [os.path.join(self._folder, name) for name in sorted(os.listdir(self._folder)) if name.endswith(".jsonl")]
        total = sum(os.path.getsize(path) for path in paths)
        while paths and total > DISK_BYTES_MAX:
            oldest = paths.pop(0)
            total -= os.path.getsize(oldest)
            with open(oldest, "rb") as file:
                self._on_dropped(file.read().count(b"\n"))
            os.remove(oldest)


def _by_hour(entries: list[dict[str, Any]]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for entry in entries:
        groups.setdefault((entry["time"][:10], entry["time"][11:13]), []).append(entry)
    return groups


def _parquet_of_what_fits(entries: list[dict[str, Any]]) -> tuple[bytes | None, int]:
    """A file, and how many entries it holds. What has no place in one must keep nothing else from being shipped."""
    content = _parquet_or_none(entries)
    if content is not None:
        return content, len(entries)
    good = [entry for entry in entries if _parquet_or_none([entry]) is not None]
    content = _parquet_or_none(good) if good else None
    return content, 0 if content is None else len(good)


def _parquet_or_none(entries: list[dict[str, Any]]) -> bytes | None:
    import pyarrow as pa

    try:
        return _parquet(entries)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError, UnicodeError) as error:
        print(f"{len(entries)} predictions have no place in a file together: {' '.join(str(error).split())[:300]}", file=sys.stderr, flush=True)
        return None


def _parquet(entries: list[dict[str, Any]]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = sorted({name for entry in entries for name in entry["features"]})
    table: dict[str, Any] = {name: [_storable(entry.get(name)) for entry in entries] for name in ("id", "row", "time", "version", "instance", "arm", "key", "output", "latencyMs")}
    for name in names:
        table[f"feature_{name}"] = [_storable(entry["features"].get(name), is_number=True) for entry in entries]
    sink = io.BytesIO()
    pq.write_table(pa.table(table), sink)
    return sink.getvalue()


def _storable(value: Any, is_number: bool = False) -> Any:
    """Numbers are doubles, as the model and JSON have them: of whole ones some are larger than Parquet's. Half a surrogate is no text."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if is_number and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


def _create(store_uri: str, key: str, content: bytes) -> None:
    from ratchet_steps.object_store import open_store

    open_store(store_uri).put_named(key, content)  # the same segment is the same bytes under the same name
