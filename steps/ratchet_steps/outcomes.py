"""What became of predictions: rows of the join of log and labels, as monitoring needs them."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from .label_join import JoinRequest, LabelJoin, open_join
from .labelled_days import labelled_days
from .logged import with_features
from .object_store import ObjectStore
from .times import parse_time

COHORT_ROWS_MAX = 500_000


class Outcomes(NamedTuple):
    """`frame`: time (UTC), id, row, key, version, output, label (0, 1 or NaN), the features, kpi_<name>; each row asked once.

    `counts` as of the join; ownDecision: labels that exist because our own output decided so; propensities: labels that say with
    which chance. `torn`: files that could not be read. `days`: {startMs, endMs, predictions, labelled, censored} of each day.
    `one_in`: of so many rows one is in `frame`.
    """

    frame: pd.DataFrame
    counts: dict[str, int]
    kpis: list[str]
    torn: list[str]
    days: list[dict[str, int]]
    one_in: int


def read_outcomes(store: ObjectStore, job: dict[str, Any], window: dict[str, str], rows_max: int = COHORT_ROWS_MAX) -> Outcomes:
    """Predictions of the window, with what was known of them at the end of the monitored window."""
    start_ms, end_ms, as_of_ms = (_ms(time) for time in (window["start"], window["end"], job["window"]["end"]))
    with open_join(store, JoinRequest(job["model"], start_ms, end_ms, as_of_ms, with_features=True)) as join:
        found = _rows(join, job["version"], rows_max)
        own = int((found["policy"] == "ownDecision").sum())
        # Of the rows of `frame`, as the share of them is what counts.
        censored = int(found["censored"].fillna(False).astype(bool).sum())
        counts = {**join.counts, "censored": censored, "ownDecision": own, "propensities": int(found["propensity"].notna().sum())}
        one_in = _one_in(join, rows_max)
        kpis, torn = list(join.kpis), list(join.torn)
        days = _days(join, start_ms, end_ms, job["data"]["timeZone"])
    frame = pd.DataFrame({name: found[name] for name in ("id", "row", "key", "version", "output")})
    frame["time"] = pd.to_datetime(found["timeMs"], unit="ms", utc=True)
    label = found["label"].astype("float64")
    frame["label"] = label.where(label.isin([0.0, 1.0]), np.nan)
    for name in kpis:
        frame[f"kpi_{name}"] = found[f"kpi_{name}"].astype("float64")
    return Outcomes(with_features(frame, found, job["data"]["features"], "feature_"), counts, kpis, torn, days, one_in)


def _days(join: LabelJoin, start_ms: int, end_ms: int, time_zone: str) -> list[dict[str, int]]:
    names = ("startMs", "predictions", "labelled", "censored")
    found = labelled_days(join, start_ms, end_ms, time_zone, None)
    return [{**{name: int(day[name]) for name in names}, "endMs": min(int(day["endMs"]), end_ms)} for day in found]


def _rows(join: LabelJoin, version: str, rows_max: int) -> pd.DataFrame:
    """A mirrored request was asked once. Of too many rows a part, chosen by id: the same part each time."""
    return join.execute(
        """SELECT * FROM joined WHERE hash(id) % $oneIn = 0
        QUALIFY row_number() OVER (PARTITION BY id, "row" ORDER BY (version = $version) DESC, timeMs, instance) = 1
        ORDER BY timeMs, id, "row" """,
        {"oneIn": _one_in(join, rows_max), "version": version},
    ).df()


def _one_in(join: LabelJoin, rows_max: int) -> int:
    return max(1, -(-join.counts["predictions"] // rows_max))


def _ms(time: str) -> int:
    return round(parse_time(time, "window").timestamp() * 1000)
