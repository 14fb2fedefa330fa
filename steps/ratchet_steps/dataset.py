"""Snapshots as files: written so that the same rows give the same bytes, read back by digest."""

import io
import json
from datetime import datetime
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from .contract import StepFailure
from .object_store import ObjectStore
from .times import iso_time


def parquet_bytes(table: pa.Table) -> bytes:
    """The table as Parquet. Everything that is neither rows nor schema (pandas' notes, clocks) is left out."""
    buffer = io.BytesIO()
    pq.write_table(
        table.replace_schema_metadata(None).combine_chunks(),
        buffer,
        version="2.6",
        compression="zstd",
        compression_level=3,
        row_group_size=1 << 17,
        store_schema=False,
    )
    return buffer.getvalue()


def put_part(store: ObjectStore, part: str, table: pa.Table, start: datetime, end: datetime) -> dict[str, Any]:
    """Stores one part of a snapshot and describes it as a `DataFile`."""
    content = parquet_bytes(table)
    window = {"start": iso_time(start), "end": iso_time(end)}
    return {"part": part, "digest": store.put(content), "bytes": len(content), "rows": table.num_rows, "window": window}


def read_manifest(store: ObjectStore, digest: str) -> dict[str, Any]:
    """The manifest of a snapshot."""
    return json.loads(store.get(digest))


def read_files(store: ObjectStore, files: list[dict[str, Any]]) -> pd.DataFrame:
    """The rows of these files, one after the other. Nulls of numbers are NaN, nulls of text None; times are in UTC."""
    if not files:
        raise StepFailure("InputInvalid", "files: expected at least one data file, found none")
    tables = [pq.read_table(pa.BufferReader(_rows_of(store, file["digest"]))) for file in files]
    return pa.concat_tables(tables).to_pandas()


def _rows_of(store: ObjectStore, digest: str) -> bytes:
    try:
        return store.get(digest)
    except StepFailure as failure:
        if failure.type != "EvidenceMissing":
            raise
        words = "rows of a snapshot are gone, by `ratchet gc` after `retention.snapshotDays` or by loss"
        raise StepFailure("EvidenceMissing", f"{words}: {failure}") from failure


def read_part(store: ObjectStore, manifest: dict[str, Any], part: str) -> pd.DataFrame:
    """The rows of the part `train` or `holdout`."""
    return read_files(store, [file for file in manifest["files"] if file["part"] == part])
