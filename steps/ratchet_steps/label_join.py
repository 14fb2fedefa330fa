"""Predictions with what became known of them: the one join of the log and the labels, over the asked hours alone.

A label is taken by what was known at `as_of`: received and observed by then. One that was observed before its prediction, by
more than clocks differ, is a leak or means another prediction: it is counted, and not used. Of several labels of one row the
first received counts; others that say something else are conflicts. A label without a prediction in these hours is counted,
and kept where it lies. An id that stands for several predictions with different answers names none of them: its rows get no
label.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from .contract import StepFailure
from .log_files import HOUR_MS, FilesChanged, fetch_hours, is_torn, list_hours
from .object_store import ObjectStore

# A label is observed and received after its prediction was logged, but for the clocks of two machines.
SKEW_MS = HOUR_MS
EXAMPLES_MAX = 10
TRIES_MAX = 4

BASE = ("id", "row", "time", "version", "instance", "arm", "key", "output", "latencyMs")
EMPTY = {
    "predictions": 'id VARCHAR, "row" BIGINT, time VARCHAR, version VARCHAR, instance VARCHAR, arm VARCHAR, key VARCHAR, output DOUBLE, latencyMs DOUBLE',
    "labels": (
        'id VARCHAR, "row" INTEGER, value DOUBLE, observedAtMs BIGINT, receivedAtMs BIGINT, censored BOOLEAN, policy VARCHAR, '
        "propensity DOUBLE, source VARCHAR, position INTEGER"
    ),
}


class JoinRequest(NamedTuple):
    model: str
    """Predictions of [start_ms, end_ms), milliseconds since 1970."""
    start_ms: int
    end_ms: int
    """What was received or observed later is not known yet."""
    as_of_ms: int
    """Whether the columns feature_<name> are wanted."""
    with_features: bool = False


class LabelJoin(NamedTuple):
    """`query(sql)` (a relation) and `execute(sql, parameters)` over the table `joined`: a row per prediction of each instance, with timeMs, the columns of the log, and
    label (null: not known), censored, observedAtMs, receivedAtMs, policy, propensity, kpi_<name>.

    counts: predictions, labelled, censored, repeated (the same answer logged again), ambiguousIds, unmatchedLabels,
    conflicts, observedBefore (labels observed before their prediction was made, and therefore not used).
    conflicts: examples, each {id, row, field, first, other}. kpis: the names that came with labels.
    torn: the keys of files that cannot be read; what they held is missing.
    """

    query: Callable[[str], duckdb.DuckDBPyRelation]
    execute: Callable[..., duckdb.DuckDBPyConnection]
    counts: dict[str, int]
    conflicts: list[dict[str, Any]]
    kpis: list[str]
    torn: list[str]


@contextmanager
def open_join(store: ObjectStore, request: JoinRequest) -> Iterator[LabelJoin]:
    """@throws StepFailure StoreUnavailable: the files change faster than they can be read"""
    with tempfile.TemporaryDirectory(prefix="ratchet-join-") as name:
        for tries in range(1, TRIES_MAX + 1):
            folder = Path(name) / str(tries)
            folder.mkdir()
            connection = duckdb.connect(str(folder / "join.duckdb"))
            try:
                join = _join(connection, store, request, folder)
            except (FilesChanged, duckdb.IOException) as error:
                connection.close()
                if tries == TRIES_MAX:
                    raise StepFailure("StoreUnavailable", f"prediction log of {request.model}: files went while they were read: {error}") from error
                continue
            try:
                yield join
            finally:
                connection.close()
            return


def _join(connection: duckdb.DuckDBPyConnection, store: ObjectStore, request: JoinRequest, folder: Path) -> LabelJoin:
    connection.execute("SET threads = 2; SET preserve_insertion_order = false")
    predictions = fetch_hours(store, list_hours(store, "predictions", request.model, request.start_ms, request.end_ms), folder)
    received_until = max(request.as_of_ms + 1, request.start_ms)
    labels = fetch_hours(store, list_hours(store, "labels", request.model, request.start_ms - SKEW_MS, received_until), folder)
    torn = [key for key, path in {**predictions, **labels}.items() if is_torn(path)]
    _read_predictions(connection, [str(path) for key, path in predictions.items() if key not in torn], request)
    kpis = _read_labels(connection, [str(path) for key, path in labels.items() if key not in torn], request)
    connection.execute(
        """CREATE TABLE joined AS SELECT p.* EXCLUDE (isAmbiguous, repeats), l.* EXCLUDE (id, "row", isConflict)
        FROM predictions p LEFT JOIN labels l ON p.id = l.id AND p."row" = l."row" AND NOT p.isAmbiguous"""
    )
    return LabelJoin(connection.sql, connection.execute, _counts(connection), _conflicts(connection, kpis), kpis, torn)


def _read_predictions(connection: duckdb.DuckDBPyConnection, paths: list[str], request: JoinRequest) -> None:
    source = _parquet(connection, "predictions", paths)
    columns = [row[0] for row in connection.sql(f"DESCRIBE SELECT * FROM {source}").fetchall()]
    wanted = [name for name in columns if name in BASE or (request.with_features and name.startswith("feature_"))]
    # A column that is null throughout has no type of its own in Parquet.
    typed = {"row": "BIGINT", "output": "DOUBLE", "latencyMs": "DOUBLE"}
    cast = ", ".join(f'"{name}"::{typed.get(name, "VARCHAR")} AS "{name}"' if name in BASE else _quoted(name) for name in wanted)
    cast += "".join(f', NULL::{typed.get(name, "VARCHAR")} AS "{name}"' for name in BASE if name not in columns)  # other servers log less
    connection.execute(
        f"""CREATE TABLE predictions AS
        SELECT *, min(output) OVER w IS DISTINCT FROM max(output) OVER w AS isAmbiguous, count(*) OVER w - 1 AS repeats
        FROM (SELECT {cast}, epoch_ms(strptime(left(time, 23), '%Y-%m-%dT%H:%M:%S.%f')) AS timeMs FROM {source})
        WHERE timeMs >= $start AND timeMs < $end
        WINDOW w AS (PARTITION BY id, "row", instance)
        QUALIFY row_number() OVER (PARTITION BY id, "row", instance ORDER BY timeMs) = 1""",
        {"start": request.start_ms, "end": request.end_ms},
    )


def _read_labels(connection: duckdb.DuckDBPyConnection, paths: list[str], request: JoinRequest) -> list[str]:
    source = _parquet(connection, "labels", paths)
    columns = [row[0] for row in connection.sql(f"DESCRIBE SELECT * FROM {source}").fetchall()]
    kpis = sorted(name.removeprefix("kpi_") for name in columns if name.startswith("kpi_"))
    first = "first({0} ORDER BY receivedAtMs, source, position) FILTER (WHERE {1})"
    # Of the rows that say the truth where there are any, else of all.
    known = "(value IS NOT NULL OR NOT hasValue)"
    chosen = ", ".join(f"{first.format(name, known)} AS {name}" for name in ("observedAtMs", "receivedAtMs", "policy", "propensity"))
    numbers = "".join(f", {first.format(_quoted(f'kpi_{name}'), _quoted(f'kpi_{name}') + ' IS NOT NULL')} AS {_quoted(f'kpi_{name}')}" for name in kpis)
    differ = " OR ".join(f"min({column}) <> max({column})" for column in ("value", *(_quoted(f"kpi_{name}") for name in kpis)))
    connection.execute(
        f"""CREATE TABLE received AS
        SELECT l.*, coalesce(observedAtMs < firstMs - {SKEW_MS}, false) AS isTooEarly,
          bool_or(value IS NOT NULL) OVER (PARTITION BY id, "row", isTooEarly) AS hasValue
        FROM {source} l LEFT JOIN (SELECT id, "row", min(timeMs) AS firstMs FROM predictions GROUP BY id, "row") USING (id, "row")
        WHERE receivedAtMs <= $as_of AND observedAtMs <= $as_of""",
        {"as_of": request.as_of_ms},
    )
    connection.execute(
        f"""CREATE TABLE labels AS
        SELECT id, "row", {first.format("value", "value IS NOT NULL")} AS label, bool_or(censored) AND NOT bool_or(hasValue) AS censored,
          {chosen}{numbers}, {differ} AS isConflict
        FROM received WHERE NOT isTooEarly GROUP BY id, "row" """
    )
    return kpis


def _counts(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    names = ("predictions", "labelled", "censored")
    found = connection.execute("SELECT count(*), count(label), count(*) FILTER (WHERE censored) FROM joined").fetchone()
    others = connection.execute(
        """SELECT (SELECT coalesce(sum(repeats), 0) FROM predictions), (SELECT count(DISTINCT id) FROM predictions WHERE isAmbiguous),
        (SELECT count(*) FROM labels l WHERE NOT EXISTS (FROM predictions p WHERE p.id = l.id AND p."row" = l."row")),
        (SELECT count(*) FROM labels WHERE isConflict),
        (SELECT count(*) FROM received WHERE isTooEarly)"""
    ).fetchone()
    rest = ("repeated", "ambiguousIds", "unmatchedLabels", "conflicts", "observedBefore")
    return {name: int(value) for name, value in zip((*names, *rest), (*(found or ()), *(others or ())), strict=True)}


def _conflicts(connection: duckdb.DuckDBPyConnection, kpis: list[str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for field, column, kept in [("value", "value", "label"), *((f"values.{name}", f"kpi_{name}", f"kpi_{name}") for name in kpis)]:
        rows = connection.execute(
            f"""SELECT l.id, l."row", l.{_quoted(kept)}, first(r.{_quoted(column)} ORDER BY r.receivedAtMs, r.source, r.position)
            FROM labels l JOIN received r ON r.id = l.id AND r."row" = l."row" AND NOT r.isTooEarly
            WHERE l.isConflict AND r.{_quoted(column)} <> l.{_quoted(kept)}
            GROUP BY ALL ORDER BY ALL LIMIT {EXAMPLES_MAX}"""
        ).fetchall()
        found += [{"id": id, "row": row, "field": field, "first": first, "other": other} for id, row, first, other in rows]
    return found[:EXAMPLES_MAX]


def _parquet(connection: duckdb.DuckDBPyConnection, kind: str, paths: list[str]) -> str:
    connection.execute(f"CREATE TABLE no_{kind} ({EMPTY[kind]})")
    if not paths:
        return f"no_{kind}"
    listed = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
    return f"read_parquet([{listed}], union_by_name = true)"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
