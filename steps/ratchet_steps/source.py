"""Reads the rows of a window from where the model file says they are."""

import importlib
import io
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pandas as pd

from .contract import StepFailure


def load_rows(source: dict[str, Any], start: datetime, end: datetime) -> pd.DataFrame:
    """All rows that the source has for start <= time < end; it may give more. @throws StepFailure InputInvalid."""
    if source.get("kind") == "python":
        return _call(source["entrypoint"], start, end)
    if source.get("kind") == "parquet":
        return _read_parquet(source["uri"])
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
    return _with_index(rows).reset_index(drop=True)


def _read_parquet(uri: str) -> pd.DataFrame:
    files = _parquet_files(uri)
    if not files:
        raise StepFailure("InputInvalid", f"data.source.uri: expected Parquet files at {uri}, found none")
    return pd.concat([_with_index(pd.read_parquet(file)) for file in files], ignore_index=True)


def _with_index(rows: pd.DataFrame) -> pd.DataFrame:
    """A time that rows are indexed by is a column like any other."""
    named = [name for name in rows.index.names if name is not None and name not in rows.columns]
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
