"""Every prediction, appended to files without making its caller wait; what is written survives the death of the process.

A line is a JSON object. The open segment is `<number>.open`; a full or old one becomes `<number>.jsonl`, for the shipper.
"""

import json
import os
import queue
import threading
import time
from typing import Any

SEGMENT_BYTES = 8 * 1024 * 1024
SEGMENT_SECONDS = 60
QUEUE_MAX = 100_000
BATCH_SECONDS = 0.02


class PredictionLog:
    """@param on_logged told how many predictions were written; @param on_dropped how many were not"""

    def __init__(self, folder: str, on_logged: Any, on_dropped: Any, seconds: float = SEGMENT_SECONDS) -> None:
        os.makedirs(folder, exist_ok=True)
        self._folder, self._on_logged, self._on_dropped, self._seconds = folder, on_logged, on_dropped, seconds
        self._queue: queue.Queue[dict[str, Any] | None] = queue.Queue(QUEUE_MAX)
        # After every number given before, also where the shipper has left none of them: a name is used once.
        self._number = max(_recover(folder) + 1, time.time_ns() // 1_000_000)
        self._file: int | None = None
        self._bytes = 0
        self._opened = 0.0
        self._thread = threading.Thread(target=self._write_all, daemon=True)
        self._thread.start()

    def append(self, prediction: dict[str, Any]) -> None:
        """Never waits. Where the disk is slower than the callers, what does not fit is dropped and counted."""
        try:
            self._queue.put_nowait(prediction)
        except queue.Full:
            self._on_dropped(1)

    def close(self) -> None:
        """Writes what was handed over and ends the segment."""
        self._queue.put(None)
        self._thread.join(10)

    def _write_all(self) -> None:
        ends = False
        while not ends:
            batch, ends = self._take()
            if batch:
                self._write(batch)
            if self._file is not None and (ends or self._bytes > SEGMENT_BYTES or time.monotonic() - self._opened > self._seconds):
                self._end_segment()

    def _take(self) -> tuple[list[dict[str, Any]], bool]:
        batch: list[dict[str, Any]] = []
        try:
            entry = self._queue.get(timeout=min(1.0, self._seconds))
            if entry is None:
                return batch, True
            batch.append(entry)
            time.sleep(BATCH_SECONDS)
            while len(batch) < 5000:
                entry = self._queue.get_nowait()
                if entry is None:
                    return batch, True
                batch.append(entry)
        except queue.Empty:
            pass
        return batch, False

    def _write(self, batch: list[dict[str, Any]]) -> None:
        content = "".join(json.dumps(entry, separators=(",", ":")) + "\n" for entry in batch).encode()
        try:
            if self._file is None:
                self._file = os.open(self._path("open"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
                self._bytes, self._opened = 0, time.monotonic()
            try:
                view = memoryview(content)
                while view:
                    view = view[os.write(self._file, view) :]
            except OSError:
                os.ftruncate(self._file, self._bytes)  # no torn line in the middle
                raise
            self._bytes += len(content)
            self._on_logged(len(batch))
        except OSError:
            self._on_dropped(len(batch))  # a full disk keeps nobody from an answer

    def _end_segment(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
            os.rename(self._path("open"), self._path("jsonl"))
            self._number += 1

    def _path(self, kind: str) -> str:
        return os.path.join(self._folder, f"{self._number:015d}.{kind}")


def _recover(folder: str) -> int:
    """Ends what a killed process left open, without its torn last line. @returns the greatest number"""
    greatest = 0
    for name in sorted(os.listdir(folder)):
        stem, _, kind = name.partition(".")
        if not stem.isdigit():
            continue
        greatest = max(greatest, int(stem))
        if kind == "open":
            path = os.path.join(folder, name)
            with open(path, "rb+") as file:
                content = file.read()
                file.truncate(content.rfind(b"\n") + 1)
            os.rename(path, os.path.join(folder, f"{stem}.jsonl"))
    return greatest
