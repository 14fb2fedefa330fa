"""Counts of what a server does, in Prometheus' text format. One thread writes, any may read."""

import hashlib
import json
import os
from bisect import bisect_left

# As LATENCY_EDGES_MS of src/domain/latency-edges.ts; a test holds the two together.
EDGES_MS = json.loads(open(os.path.join(os.path.dirname(__file__), "latency_edges_ms.json"), encoding="utf-8").read())
# Name -> kind and help, of src/domain/metric-definitions.ts; written by `npm run docs`, a test holds the two together.
DEFINITIONS = json.loads(open(os.path.join(os.path.dirname(__file__), "metric_definitions.json"), encoding="utf-8").read())
BINS = 20
KEYS_MAX = 1_000_000


class Series:
    """Units (requests, or callers) and what became of them."""

    def __init__(self) -> None:
        self.units = 0
        self.errors = 0
        self.latency = [0] * (len(EDGES_MS) + 1)
        self.latency_sum = 0.0
        self.scores = [0] * BINS
        self.score_sum = 0.0

    def count(self, latency_ms: float) -> None:
        self.units += 1
        self.latency[bisect_left(EDGES_MS, latency_ms)] += 1
        self.latency_sum += latency_ms

    def count_score(self, score: float) -> None:
        self.scores[min(BINS - 1, max(0, int(score * BINS)))] += 1
        self.score_sum += score


class Metrics:
    """`requests`: each request. `keys`: each caller once, by the first that it asks and by whether it ever saw an error."""

    def __init__(self) -> None:
        self.requests = Series()
        self.keys = Series()
        self.ready = False
        self.logged = 0
        self.dropped = 0
        self._seen: set[bytes] = set()
        self._failed: set[bytes] = set()
        self._scored: set[bytes] = set()

    def observe(self, *, ok: bool, latency_ms: float, scores: list[float], key: str | None) -> None:
        self.requests.count(latency_ms)
        if not ok:
            self.requests.errors += 1
        for score in scores:
            self.requests.count_score(score)
        if key is not None:
            self._observe_key(hashlib.blake2b(key.encode(), digest_size=8).digest(), ok, latency_ms, scores)

    def _observe_key(self, key: bytes, ok: bool, latency_ms: float, scores: list[float]) -> None:
        if key not in self._seen and len(self._seen) < KEYS_MAX:
            self._seen.add(key)
            self.keys.count(latency_ms)
        if key not in self._seen:
            return
        if not ok and key not in self._failed:
            self._failed.add(key)
            self.keys.errors += 1
        if scores and key not in self._scored:
            self._scored.add(key)
            self.keys.count_score(scores[0])

    def text(self) -> str:
        lines = [f"ratchet_serve_ready {int(self.ready)}"]
        lines += _lines("ratchet_serve_requests_total", "ratchet_serve_errors_total", "ratchet_serve_", self.requests)
        lines += _lines("ratchet_serve_keys_total", "ratchet_serve_keys_with_errors_total", "ratchet_serve_key_", self.keys)
        lines += [
            f"ratchet_serve_predictions_logged_total {self.logged}",
            f"ratchet_serve_predictions_dropped_total {self.dropped}",
        ]
        return "\n".join(_described(lines)) + "\n"


def _described(lines: list[str]) -> list[str]:
    """With what each metric means before its first line. `x_bucket`, `x_sum` and `x_count` are the histogram `x`."""
    described: list[str] = []
    last = ""
    for line in lines:
        name = line.split("{")[0].split(" ")[0]
        family = name if name in DEFINITIONS else name.rpartition("_")[0]
        if family != last:
            described += [f"# HELP {family} {DEFINITIONS[family]['help']}", f"# TYPE {family} {DEFINITIONS[family]['kind']}"]
            last = family
        described.append(line)
    return described


def _lines(units: str, errors: str, prefix: str, series: Series) -> list[str]:
    lines = [f"{units} {series.units}", f"{errors} {series.errors}"]
    total = 0
    for edge, count in zip([*EDGES_MS, None], series.latency, strict=True):
        total += count
        lines.append(f'{prefix}latency_seconds_bucket{{le="{"+Inf" if edge is None else repr(edge / 1000)}"}} {total}')
    lines += [f"{prefix}latency_seconds_sum {series.latency_sum / 1000!r}", f"{prefix}latency_seconds_count {total}"]
    lines += [f'{prefix}scores_total{{bin="{index}"}} {count}' for index, count in enumerate(series.scores)]
    return [*lines, f"{prefix}score_sum {series.score_sum!r}"]
