"""Freezes the rows of a window: one Parquet file per part and a manifest. The same window gives the same digest.

Rows whose label is null are kept: how many labels are missing, and where, is for the evaluation to say.
"""

from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from .columns import promised_types, to_table
from .contract import StepFailure, report_progress, run_job
from .dataset import put_part
from .object_store import open_store, put_document
from .source import load_rows
from .times import iso_time, parse_time


def snapshot(job: dict[str, Any]) -> dict[str, Any]:
    """SnapshotInput -> SnapshotOutput. @throws StepFailure WindowEmpty, WindowTruncated, ColumnMissing, ColumnTypeChanged."""
    data = job["data"]
    start, end = parse_time(job["window"]["start"], "window.start"), parse_time(job["window"]["end"], "window.end")
    holdout_start = parse_time(job["holdoutStart"], "holdoutStart")
    if not start < holdout_start < end:
        raise StepFailure(
            "InputInvalid", f"holdoutStart: expected it inside the window {_span(start, end)}, found {iso_time(holdout_start)}"
        )

    report_progress(1, 3, f"reading rows of {_span(start, end)}")
    rows = load_rows(data["source"], start, end, {*promised_types(data), *data["keyColumns"]})
    if rows.empty:
        raise StepFailure("WindowEmpty", f"data.source: expected rows in {_span(start, end)}, found none at all")
    table = _as_known(_rows_of_window(to_table(rows, data), data, start, end), data["label"], end)

    report_progress(2, 3, f"{table.num_rows} rows; checking that the window is whole")
    times = table.column(data["timeColumn"])
    first, last = pc.min(times).as_py(), pc.max(times).as_py()
    in_train = pc.less(times, pa.scalar(holdout_start, times.type))
    train, holdout = table.filter(in_train), table.filter(pc.invert(in_train))
    _refuse_truncated(data, table.num_rows, train.num_rows, holdout.num_rows, times, start, end, holdout_start)

    report_progress(3, 3, "storing files and manifest")
    store = open_store()
    manifest = {
        "files": [put_part(store, "train", train, start, holdout_start), put_part(store, "holdout", holdout, holdout_start, end)],
        "rows": table.num_rows,
        "columns": [{"name": field.name, "type": str(field.type)} for field in table.schema],
        "window": {"start": iso_time(start), "end": iso_time(end)},
        "timeRange": {"min": iso_time(first), "max": iso_time(last)},
    }
    return {"datasetDigest": put_document(store, manifest), "dataset": manifest}


def _rows_of_window(table: pa.Table, data: dict[str, Any], start: datetime, end: datetime) -> pa.Table:
    """Only start <= time < end, sorted by time, keys and then every other column: the source's order must not matter."""
    times = table.column(data["timeColumn"])
    if times.null_count:
        raise StepFailure("InputInvalid", f"column {data['timeColumn']}: expected a time in every row, found {times.null_count} nulls")
    inside = pc.and_(pc.greater_equal(times, pa.scalar(start, times.type)), pc.less(times, pa.scalar(end, times.type)))
    if not pc.any(inside).as_py():
        found = f"{table.num_rows} rows of {iso_time(pc.min(times).as_py())} to {iso_time(pc.max(times).as_py())}"
        raise StepFailure("WindowEmpty", f"data.source: expected rows in {_span(start, end)}, found {found}")
    table = table.filter(inside)
    first = [data["timeColumn"], *data["keyColumns"]]
    order = [*first, *(name for name in table.column_names if name not in first)]
    return table.take(pc.sort_indices(pa.table({name: _sortable(table[name]) for name in order}), [(name, "ascending") for name in dict.fromkeys(order)]))


def _sortable(values: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
    """Arrow puts lists, structs and their like in no order: they are ordered as text."""
    try:
        pa.table([values.slice(0, 1)] * 2, ["one", "other"]).sort_by([("one", "ascending"), ("other", "ascending")])
        return values
    except pa.ArrowException:
        return pa.array([str(value) for value in values.to_pylist()])


def _as_known(table: pa.Table, label: dict[str, Any], end: datetime) -> pa.Table:
    """Labels that were not known yet when those of the window were mature are null. @throws StepFailure InputInvalid."""
    if not label.get("observedAt"):
        return table
    values, times = table.column(label["column"]), table.column(label["observedAt"])
    timeless = pc.sum(pc.and_(pc.is_valid(values), pc.is_null(times))).as_py() or 0
    if timeless:
        raise StepFailure("InputInvalid", f"column {label['observedAt']}: expected a time for every label, found {timeless} labels without one")
    known_at = end + timedelta(hours=label["delayHours"])
    is_late = pc.fill_null(pc.greater(times, pa.scalar(known_at, times.type)), False)
    for name in (label["column"], label["observedAt"]):  # as if neither were there yet: the same window gives the same digest later
        at = table.column_names.index(name)
        column = table.column(name)
        table = table.set_column(at, table.schema.field(at), pc.if_else(is_late, pa.scalar(None, column.type), column))
    return table


def _refuse_truncated(
    data: dict[str, Any],
    rows: int,
    train_rows: int,
    holdout_rows: int,
    times: pa.ChunkedArray,
    start: datetime,
    end: datetime,
    holdout_start: datetime,
) -> None:
    rows_min = data["window"].get("rowsMin", 1)
    if rows < rows_min:
        raise StepFailure("WindowTruncated", f"data.window.rowsMin: expected at least {rows_min} rows in {_span(start, end)}, found {rows}")
    if train_rows == 0:
        raise StepFailure("WindowTruncated", f"expected rows to train on in {_span(start, holdout_start)}, found none")
    if holdout_rows == 0:
        raise StepFailure("WindowTruncated", f"expected rows of the holdout in {_span(holdout_start, end)}, found none")
    gap_at_end, gap_expected = _gaps(times, end)
    if gap_at_end > gap_expected:
        last = pc.max(times).as_py()
        raise StepFailure(
            "WindowTruncated",
            f"the last row is of {iso_time(last)}, {_hours(gap_at_end)} before the window's end {iso_time(end)}; "
            f"expected at most {_hours(gap_expected)}: has the newest data arrived?",
        )


def _gaps(times: pa.ChunkedArray, end: datetime) -> tuple[timedelta, timedelta]:
    """Time without rows at the window's end, and what is still usual: a day, or three times the largest gap before."""
    seen = pd.Series(times.to_pandas()).sort_values()
    largest = seen.diff().max()
    usual = timedelta(days=1) if pd.isna(largest) else max(timedelta(days=1), 3 * largest.to_pytimedelta())
    return end - seen.iloc[-1].to_pydatetime(), usual


def _span(start: datetime, end: datetime) -> str:
    return f"[{iso_time(start)}, {iso_time(end)})"


def _hours(gap: timedelta) -> str:
    return f"{gap.total_seconds() / 3600:.1f} h"


if __name__ == "__main__":
    run_job(("snapshot",), ("data", "window", "holdoutStart"), snapshot)
