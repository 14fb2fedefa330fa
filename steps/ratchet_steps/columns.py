"""Brings the rows of any source into the columns and Arrow types that the model file promises."""

from typing import Any

import pandas as pd
import pyarrow as pa

from .contract import StepFailure

TIME_TYPE = pa.timestamp("us", tz="UTC")


def promised_types(data: dict[str, Any]) -> dict[str, pa.DataType]:
    """Column -> Arrow type for every column that the model file names, in the order of the files: time, features,
    label, then the times at which the label and features were known."""
    types: dict[str, pa.DataType] = {data["timeColumn"]: TIME_TYPE}
    for feature in data["features"]:
        types[feature["name"]] = pa.float64() if feature["type"] == "number" else pa.string()
    types[data["label"]["column"]] = pa.int8()
    if data["label"].get("observedAt"):
        types.setdefault(data["label"]["observedAt"], TIME_TYPE)
    for feature in data["features"]:
        if feature.get("availableAt"):
            types.setdefault(feature["availableAt"], TIME_TYPE)
    return types


def to_table(rows: pd.DataFrame, data: dict[str, Any]) -> pa.Table:
    """The rows as an Arrow table: promised columns first, every other column after them by name.

    @throws StepFailure ColumnMissing, ColumnTypeChanged: name the column, what was expected and what was found.
    """
    promised = promised_types(data)
    doubled = rows.columns[rows.columns.duplicated()]
    if len(doubled):
        raise StepFailure("ColumnTypeChanged", f"column {doubled[0]}: expected it once in the source's rows, found it {int((rows.columns == doubled[0]).sum())} times")
    for column in [*promised, *data["keyColumns"]]:
        if column not in rows.columns:
            present = ", ".join(sorted(map(str, rows.columns)))
            raise StepFailure("ColumnMissing", f"column {column}: expected it in the source's rows, found only {present}")
    others = sorted(str(column) for column in rows.columns if column not in promised)
    arrays = {column: _array(rows[column], column, type) for column, type in promised.items()}
    arrays |= {column: _other_array(rows[column], column) for column in others}
    return pa.table(arrays)


def _array(values: pd.Series, column: str, type: pa.DataType) -> pa.Array:
    known = values.dropna()
    if known.empty:
        return pa.nulls(len(values), type)
    if pa.types.is_timestamp(type):
        return pa.array(_times(values, column), type, from_pandas=True)
    if pa.types.is_string(type):
        if not (pd.api.types.is_string_dtype(known.astype(object)) and all(isinstance(value, str) for value in known.unique())):
            raise _changed(column, "text (category)", values)
        return pa.array(values.astype(object), type, from_pandas=True)
    if not pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_complex_dtype(values.dtype):
        raise _changed(column, "0, 1 or null (label)" if type == pa.int8() else "a number", values)
    numbers = values.astype("Float64").to_numpy(dtype="float64", na_value=float("nan"))
    if type == pa.int8() and not known.isin([0, 1]).all():
        odd = known[~known.isin([0, 1])].iloc[0]
        raise StepFailure("ColumnTypeChanged", f"column {column}: expected 0, 1 or null (label), found {odd}")
    return pa.array(numbers, from_pandas=True).cast(type)


def _times(values: pd.Series, column: str) -> pd.Series:
    if not pd.api.types.is_datetime64_any_dtype(values.dtype):
        raise _changed(column, "a time", values)
    instants = values.dt.tz_localize("UTC") if values.dt.tz is None else values.dt.tz_convert("UTC")
    return instants.dt.as_unit("us")  # pandas counts nanoseconds; what is below a microsecond is cut off


def _other_array(values: pd.Series, column: str) -> pa.Array:
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return pa.array(_times(values, column), TIME_TYPE, from_pandas=True)
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(object)
    try:
        array = pa.array(values, from_pandas=True)
    except (pa.ArrowException, OverflowError, UnicodeError) as error:
        expected = f"values of one kind that Parquet can hold ({' '.join(str(error).split())[:120]}), or no such column"
        raise _changed(column, expected, values) from error
    return array.cast(pa.string()) if pa.types.is_large_string(array.type) else array


def _changed(column: str, expected: str, values: pd.Series) -> StepFailure:
    example = values.dropna().iloc[0]
    return StepFailure("ColumnTypeChanged", f"column {column}: expected {expected}, found {values.dtype} (for example {example!r})")
