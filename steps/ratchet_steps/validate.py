"""Checks a snapshot before anything is trained on it, and compares it with the champion's."""

from typing import Any

import pandas as pd

from .checks import (
    Check,
    check,
    check_duplicates,
    check_labels,
    check_null_shares,
    check_nulls,
    check_point_in_time,
    check_ranges,
    check_rows,
    check_rows_per_day,
)
from .columns import promised_types
from .contract import StepFailure, report_progress, run_job
from .dataset import read_manifest, read_part
from .drift import feature_drift
from .object_store import ObjectStore, open_store
from .times import parse_time

NEW_ROWS_MIN = 100


def validate(job: dict[str, Any]) -> dict[str, Any]:
    """ValidateInput -> ValidateOutput. @throws StepFailure ColumnMissing, ColumnTypeChanged, EvidenceMissing, EvidenceCorrupt."""
    store, data, spec = open_store(), job["data"], job["checks"]
    report_progress(1, 3, "reading rows")
    manifest = read_manifest(store, job["datasetDigest"])
    schema = _check_schema(manifest, data)
    train, holdout = read_part(store, manifest, "train"), read_part(store, manifest, "holdout")
    frame = pd.concat([train, holdout], ignore_index=True)
    parts = pd.Series(["train"] * len(train) + ["holdout"] * len(holdout))

    report_progress(2, 3, f"checking {len(frame)} rows")
    context = list(dict.fromkeys([data["timeColumn"], *data["keyColumns"]]))
    checks = [
        schema,
        check_rows(frame, data["rowsMin"]),
        check_labels(frame, data["label"]["column"], parts),
        check_nulls(frame, data["features"], context),
        check_null_shares(frame, data["features"], spec["nullShareMax"], context),
        check_ranges(frame, data["features"], spec["outOfRangeRowsMax"], context),
        check_point_in_time(frame, data["features"], data["timeColumn"], context),
    ]
    if data["keyColumns"]:
        checks.append(check_duplicates(frame, data["keyColumns"], spec["duplicateRowsMax"]))
    drift = None
    if job["referenceDatasetDigest"] is not None:
        report_progress(3, 3, "comparing with the champion's snapshot")
        reference_manifest = read_manifest(store, job["referenceDatasetDigest"])
        reference = _reference_rows(store, reference_manifest)
        checks.append(check_rows_per_day(_rows_a_day(manifest), _rows_a_day(reference_manifest), spec["rowsChangeMax"]))
        drift, drift_check = _check_drift(frame, reference, data, spec["drift"])
        checks.append(drift_check)
    return {"checks": checks, "drift": drift, "rows": len(frame)}


def _check_schema(manifest: dict[str, Any], data: dict[str, Any]) -> Check:
    found = {column["name"]: column["type"] for column in manifest["columns"]}
    promised = promised_types(data)
    for name, type in promised.items():
        if name not in found:
            raise StepFailure("ColumnMissing", f"column {name}: expected it in the snapshot, found only {', '.join(found)}")
        if found[name] != str(type):
            raise StepFailure("ColumnTypeChanged", f"column {name}: expected {type}, found {found[name]}")
    return check("schema", "stop", True, f"{len(promised)} columns of their types", "all there")


def _rows_a_day(manifest: dict[str, Any]) -> float:
    """Over the days that have rows: a window may begin long before its data."""
    span = parse_time(manifest["timeRange"]["max"], "timeRange.max") - parse_time(manifest["timeRange"]["min"], "timeRange.min")
    return manifest["rows"] / max(1.0, span.total_seconds() / 86_400)


def _reference_rows(store: ObjectStore, manifest: dict[str, Any]) -> pd.DataFrame | None:
    """None: they are gone. After a rollback a version may be champion again whose rows were past their retention before."""
    try:
        return read_part(store, manifest, "train")
    except StepFailure as failure:
        if failure.type != "EvidenceMissing":
            raise
        return None


def _check_drift(frame: pd.DataFrame, reference: pd.DataFrame | None, data: dict[str, Any], spec: dict[str, Any]) -> tuple[dict[str, Any], Check]:
    """What has come since the champion was trained (all rows, where that is next to nothing) against what it was trained on."""
    names = [feature["name"] for feature in data["features"]]
    expected = f"at most {spec['driftedShareMax']:.0%} of the features moved by more than {spec['statisticMax']:g}"
    missing = None if reference is None else next((name for name in names if name not in reference.columns), None)
    if reference is None or missing is not None:
        why = "the rows of the champion's snapshot are gone from the store; with `onDrift: report` a new version can come" if missing is None else f"the champion's snapshot has no column {missing}"
        return {"driftedShare": 0.0, "columns": []}, check("drift", spec["onDrift"], False, expected, f"not measured: {why}")
    newer = frame[frame[data["timeColumn"]] > reference[data["timeColumn"]].max()]
    current = newer if len(newer) >= NEW_ROWS_MIN else frame
    columns, thin = feature_drift(current, reference, data["features"], spec["statisticMax"])
    drifted = sorted((column for column in columns if column["drifted"]), key=lambda column: -column["statistic"])
    share = len(drifted) / len(names)
    words = [f"{share:.0%} of the features over {len(current)} rows"]
    if drifted:
        words.append("most: " + ", ".join(f"{column['column']} {column['statistic']:.2f}" for column in drifted[:3]))
    if thin:
        words.append(f"not measured, too few values: {', '.join(thin)}")
    passed = share <= spec["driftedShareMax"] and not thin
    return {"driftedShare": share, "columns": columns}, check("drift", spec["onDrift"], passed, expected, "; ".join(words))


if __name__ == "__main__":
    run_job(("validate",), ("datasetDigest", "referenceDatasetDigest", "data", "checks"), validate)
