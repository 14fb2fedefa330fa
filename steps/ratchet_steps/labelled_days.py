"""What became known of each day's predictions: a cohort is all predictions of a day, never only those with a label.

Where arms are compared: pairs are rows that both arms answered (a mirror's copy has the id of its original), and a named number
speaks only of rows that one arm alone answered, for else it is not known whose answer brought it about. Where callers stay with an arm, a caller is what is drawn at random: each is counted once, on one day of
`caller_groups`, by the mean of that day's rows. Else those who are there every day would be witnesses every day.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from .contract import StepFailure
from .label_join import LabelJoin
from .metrics import PROBABILITY_MIN

EPOCH = date(1970, 1, 1)


class Comparison(NamedTuple):
    """Instances by arm (challenger, champion, baseline), and the named numbers with their bounds: {name: (min, max)}.

    caller_groups: of so many groups of callers, one speaks on each day, in turn; None: each row speaks for itself.
    """

    arms: dict[str, list[str]]
    kpis: dict[str, tuple[float, float]]
    caller_groups: int | None = None


def labelled_days(join: LabelJoin, start_ms: int, end_ms: int, time_zone: str, comparison: Comparison | None) -> list[dict[str, Any]]:
    """A row per day that has predictions: {day, startMs, endMs, predictions, labelled, censored, ownDecision, pairs, arms};
    ownDecision: rows whose label exists only because our own output decided so. Days begin in `time_zone`, the first where the asked time does; the last one ends at its midnight, for before it no day is over."""
    _make_days(join, start_ms, end_ms, time_zone)
    rows = join.query(
        """SELECT day, d.startMs, d.endMs, count(*), count(label), count(*) FILTER (WHERE censored), count(*) FILTER (WHERE policy = 'ownDecision')
        FROM joined JOIN days d ON timeMs >= d.startMs AND timeMs < d.endMs GROUP BY ALL ORDER BY day"""
    ).fetchall()
    names = ("day", "startMs", "endMs", "predictions", "labelled", "censored", "ownDecision")
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
    # Beyond the bounds counts as at them: one order of millions must not decide.
    numbers = {name: f'least({high!r}, greatest({low!r}, "kpi_{name}"))' for name, (low, high) in comparison.kpis.items() if name in known}
    alone = """SELECT * FROM (SELECT *, count(DISTINCT side) OVER (PARTITION BY id, "row") AS sides FROM answered)
        JOIN days ON timeMs >= startMs AND timeMs < endMs WHERE sides = 1"""
    groups = comparison.caller_groups
    sql = _of_rows(alone, numbers) if groups is None else _of_callers(alone, numbers, groups)
    found: dict[str, dict[str, Any]] = {}
    for day, side, predictions, *rest in join.query(sql).fetchall():
        each = {name: dict(zip(("labelled", "mean", "callers"), rest[3 * at : 3 * at + 3], strict=True)) for at, name in enumerate(numbers)}
        found.setdefault(day, {})[side] = {"predictions": predictions, "kpis": each}
    return found


def _of_rows(alone: str, numbers: dict[str, str]) -> str:
    means = ", ".join(f"""count("kpi_{name}"), avg({number}) FILTER (WHERE "kpi_{name}" IS NOT NULL), NULL""" for name, number in numbers.items())
    return f"SELECT day, side, count(*), {means} FROM ({alone}) GROUP BY day, side"


def _of_callers(alone: str, numbers: dict[str, str], groups: int) -> str:
    own = ", ".join(
        f"""count("kpi_{name}") AS "labelled_{name}", avg({number}) FILTER (WHERE "kpi_{name}" IS NOT NULL) AS "mean_{name}" """
        for name, number in numbers.items()
    )
    means = ", ".join(f"""sum("labelled_{name}")::BIGINT, avg("mean_{name}"), count("mean_{name}")""" for name in numbers)
    # By the caller's name alone, so that whoever reads has the same groups; and by another hash than the one that chooses the arm.
    has_turn = f"key IS NOT NULL AND ('0x' || md5(key)[1:8])::BIGINT % {groups} = number % {groups}"
    return f"""SELECT day, side, sum(predictions)::BIGINT, {means} FROM (
          SELECT day, side, count(*) AS predictions, {own} FROM ({alone} AND {has_turn}) GROUP BY day, side, key
        ) GROUP BY day, side"""


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
    join.execute("CREATE OR REPLACE TABLE days (day VARCHAR, number INTEGER, startMs BIGINT, endMs BIGINT)")
    for after in range((last - first).days + 1):
        day = first + timedelta(days=after)
        begins, ends = max(start_ms, _midnight_ms(day, zone)), _midnight_ms(day + timedelta(days=1), zone)
        join.execute("INSERT INTO days VALUES (?, ?, ?, ?)", [day.isoformat(), (day - EPOCH).days, begins, ends])


def _midnight_ms(day: date, zone: ZoneInfo) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp() * 1000)
