"""What became known of each day's predictions: a cohort is all predictions of a day, never only those with a label.

Where arms are compared: pairs are rows that both arms answered (a mirror's copy has the id of its original), and a named number
speaks only of rows that one arm alone answered, for else it is not known whose answer brought it about.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from .contract import StepFailure
from .label_join import LabelJoin
from .metrics import PROBABILITY_MIN


class Comparison(NamedTuple):
    """Instances by arm (challenger, champion, baseline), and the named numbers with their bounds: {name: (min, max)}."""

    arms: dict[str, list[str]]
    kpis: dict[str, tuple[float, float]]


def labelled_days(join: LabelJoin, start_ms: int, end_ms: int, time_zone: str, comparison: Comparison | None) -> list[dict[str, Any]]:
    """A row per day that has predictions: {day, startMs, endMs, predictions, labelled, censored, pairs, arms}; days begin in
    `time_zone`, the first where the asked time does; the last one ends at its midnight, for before it no day is over."""
    _make_days(join, start_ms, end_ms, time_zone)
    rows = join.query(
        """SELECT day, d.startMs, d.endMs, count(*), count(label), count(*) FILTER (WHERE censored)
        FROM joined JOIN days d ON timeMs >= d.startMs AND timeMs < d.endMs GROUP BY ALL ORDER BY day"""
    ).fetchall()
    names = ("day", "startMs", "endMs", "predictions", "labelled", "censored")
    days = [{**dict(zip(names, row, strict=True)), "pairs": None, "arms": {}} for row in rows]
    if comparison is None:
        return days
    _make_arms(join, comparison)
    pairs = _pairs(join)
    arms = _arms(join, comparison)
    return [{**day, "pairs": pairs.get(day["day"]), "arms": arms.get(day["day"], {})} for day in days]


def _pairs(join: LabelJoin) -> dict[str, dict[str, Any]]:
    of_truth = f"-ln(greatest(CASE WHEN label = 1 THEN output ELSE 1 - output END, {PROBABILITY_MIN}))"
    is_scored = "label IN (0, 1) AND isfinite(output)"
    rows = join.query(
        f"""WITH scored AS (
          SELECT *, CASE WHEN {is_scored} THEN {of_truth} END AS logLoss, CASE WHEN {is_scored} THEN (output - label) ** 2 END AS brier FROM answered
        ),
        pairs AS (
          SELECT o.timeMs, coalesce(c.censored, false) AND coalesce(o.censored, false) AS censored,
            c.logLoss - o.logLoss AS logLoss, c.brier - o.brier AS brier
          FROM scored c JOIN scored o ON c.id = o.id AND c."row" = o."row" AND c.side = 'challenger' AND o.side <> 'challenger'
        )
        SELECT day, count(*), count(logLoss), count(*) FILTER (WHERE censored), avg(logLoss), avg(brier)
        FROM pairs JOIN days ON timeMs >= startMs AND timeMs < endMs GROUP BY day"""
    ).fetchall()
    names = ("predictions", "labelled", "censored", "logLoss", "brier")
    return {day: dict(zip(names, rest, strict=True)) for day, *rest in rows}


def _arms(join: LabelJoin, comparison: Comparison) -> dict[str, dict[str, Any]]:
    known = [name for name in comparison.kpis if name in join.kpis]
    if not known:
        return {}
    bounds = {name: comparison.kpis[name] for name in known}
    # Beyond the bounds counts as at them: one order of millions must not decide.
    kpis = ", ".join(
        f"""count("kpi_{name}"),
        avg(least({bounds[name][1]!r}, greatest({bounds[name][0]!r}, "kpi_{name}"))) FILTER (WHERE "kpi_{name}" IS NOT NULL)"""
        for name in known
    )
    rows = join.query(
        f"""SELECT day, side, count(*), {kpis}
        FROM (SELECT *, count(DISTINCT side) OVER (PARTITION BY id, "row") AS sides FROM answered) JOIN days ON timeMs >= startMs AND timeMs < endMs
        WHERE sides = 1 GROUP BY day, side"""
    ).fetchall()
    found: dict[str, dict[str, Any]] = {}
    for day, side, predictions, *rest in rows:
        means = {name: {"labelled": rest[2 * at], "mean": rest[2 * at + 1]} for at, name in enumerate(known)}
        found.setdefault(day, {})[side] = {"predictions": predictions, "kpis": means}
    return found


def _make_arms(join: LabelJoin, comparison: Comparison) -> None:
    join.execute("CREATE OR REPLACE TABLE arms (side VARCHAR, name VARCHAR)")
    for side, names in comparison.arms.items():
        for name in names:
            join.execute("INSERT INTO arms VALUES (?, ?)", [side, name])
    join.execute("CREATE OR REPLACE TABLE answered AS SELECT j.*, a.side FROM joined j JOIN arms a ON j.instance = a.name")


def _make_days(join: LabelJoin, start_ms: int, end_ms: int, time_zone: str) -> None:
    try:
        zone = ZoneInfo(time_zone)
    except (KeyError, ValueError):
        raise StepFailure("InputInvalid", f"timeZone: expected an IANA time zone, found {time_zone!r}") from None
    first = datetime.fromtimestamp(start_ms / 1000, UTC).astimezone(zone).date()
    last = datetime.fromtimestamp((end_ms - 1) / 1000, UTC).astimezone(zone).date()
    join.execute("CREATE OR REPLACE TABLE days (day VARCHAR, startMs BIGINT, endMs BIGINT)")
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        begins, ends = max(start_ms, _midnight_ms(day, zone)), _midnight_ms(day + timedelta(days=1), zone)
        join.execute("INSERT INTO days VALUES (?, ?, ?)", [day.isoformat(), begins, ends])


def _midnight_ms(day: date, zone: ZoneInfo) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp() * 1000)
