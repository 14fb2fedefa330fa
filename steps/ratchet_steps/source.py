"""Reads the rows of a window from where the model file says they are."""

import importlib
import io
import os
import sys
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pandas as pd

from .contract import StepFailure


def load_rows(source: dict[str, Any], start: datetime, end: datetime, columns: Collection[str] = ()) -> pd.DataFrame:
    """All rows that the source has for start <= time < end; it may give more. @throws StepFailure InputInvalid.

    `columns`: what the model file names; that rows are indexed by one of them makes it no less a column.
    """
    if source.get("kind") == "python":
        return _with_index(_call(source["entrypoint"], start, end), columns).reset_index(drop=True)
    if source.get("kind") == "parquet":
        return _read_parquet(source["uri"], columns)
    raise StepFailure("InputInvalid", f"data.source.kind: expected python or parquet, found {source.get('kind')!r}")


def _call(entrypoint: str, start: datetime, end: datetime) -> pd.DataFrame:
    module_name, _, function_name = entrypoint.partition(":")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())  # the job's files lie in its working folder
    try:
        function = getattr(importlib.import_module(module_name), function_name)
    except (ImportError, AttributeError) as error:
        raise StepFailure("InputInvalid", f"data.source.entrypoint: {entrypoint} cannot be imported: {error}") from error
    rows = function(start, end)
    if not isinstance(rows, pd.DataFrame):
        raise StepFailure("InputInvalid", f"data.source.entrypoint: {entrypoint} gave {type(rows).__name__}, expected pandas.DataFrame")
    return rows


def _read_parquet(uri: str, columns: Collection[str]) -> pd.DataFrame:
    files = _parquet_files(uri)
    if not files:
        raise StepFailure("InputInvalid", f"data.source.uri: expected Parquet files at {uri}, found none")
    return pd.concat([_with_index(pd.read_parquet(file), columns) for file in files], ignore_index=True)


def _with_index(rows: pd.DataFrame, columns: Collection[str]) -> pd.DataFrame:
    named = [name for name in rows.index.names if name in columns and name not in rows.columns]
    return rows.reset_index(level=named) if named else rows


def _parquet_files(uri: str) -> list[Any]:
    parts = urlsplit(uri)
    if parts.scheme == "file":
        path = Path(unquote(parts.path))
        return [path] if path.is_file() else sorted(path.rglob("*.parquet"))
    if parts.scheme == "s3":
        return _s3_files(parts.netloc, parts.path.strip("/"))
    raise StepFailure("InputInvalid", f"data.source.uri: expected file:///… or s3://…, found {uri!r}")


def _s3_files(bucket: str, prefix: str) -> list[io.BytesIO]:
    from .s3 import s3_bucket

    _put, get, list_keys, _remove = s3_bucket(bucket, "")
    # A listing knows no folders: that of `requests` has what lies in `requests_backup`, too.
    below = [key for key in list_keys(prefix) if prefix in ("", key) or key.startswith(f"{prefix}/")]
    found = [get(key) for key in below if key.endswith(".parquet")]
    return [io.BytesIO(content) for content in found if content is not None]  # one that went since it was listed
