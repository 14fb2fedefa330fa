"""Faults that are planted in a model file, for tests and the demo: they act only where RATCHET_SERVE_EXAMPLE_FAULTS=1.

They act on requests that came through the router (it says for which arm): a server that is proven is asked directly.
"""

import os
import random
import threading
import time
from collections.abc import Mapping

PREFIX = "ratchet.example."
NAMES = ("slow_under_load_ms", "latency_ms", "error_share", "shift", "crash_after")


class Faults:
    """What a model file's metadata plants; nothing without the switch."""

    def __init__(self, metadata: Mapping[str, str], environment: Mapping[str, str] = os.environ) -> None:
        is_on = environment.get("RATCHET_SERVE_EXAMPLE_FAULTS") == "1"
        self._values = {name: float(metadata[PREFIX + name]) for name in NAMES if is_on and PREFIX + name in metadata}
        self._lock = threading.Lock()
        self._under_way = 0
        self._answered = 0
        self._random = random.Random(20130101)

    @property
    def are_planted(self) -> bool:
        return bool(self._values)

    def arrived(self) -> None:
        """A request is under way from here to `left`."""
        self._under_way += 1

    def left(self) -> None:
        self._under_way -= 1

    def before(self) -> None:
        """Delays, or ends the process. @throws RuntimeError where this request is to fail."""
        delay_ms = self._values.get("latency_ms", 0)
        if delay_ms:
            time.sleep(delay_ms / 1000)
        if "slow_under_load_ms" in self._values and self._under_way > 1:
            with self._lock:
                time.sleep(self._values["slow_under_load_ms"] / 1000)
        self._answered += 1
        if self._answered >= self._values.get("crash_after", float("inf")):
            os._exit(70)
        if self._random.random() < self._values.get("error_share", 0):
            raise RuntimeError("a planted error")

    def shifted(self, score: float) -> float:
        return min(1.0, max(0.0, score + self._values.get("shift", 0)))
