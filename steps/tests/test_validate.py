import numpy as np
import pandas as pd
import pytest

from ratchet_steps.contract import StepFailure
from ratchet_steps.dataset import read_part
from ratchet_steps.snapshot import snapshot
from ratchet_steps.validate import validate

CHECKS = {
    "duplicateRowsMax": 0,
    "nullShareMax": 0.2,
    "outOfRangeRowsMax": 0,
    "rowsChangeMax": 0.5,
    "drift": {"statisticMax": 0.1, "driftedShareMax": 0.5, "onDrift": "stop"},
}


@pytest.fixture
def checked(store, source, snapshot_job):
    """checked(rows, reference=...): the checks of a snapshot of these rows by name, and the whole output."""

    def run(rows: pd.DataFrame, reference: str | None = None, **changes: object) -> tuple[dict, dict]:
        source(rows)
        data = {name: value for name, value in snapshot_job["data"].items() if name not in ("source", "window")}
        job = {
            "stage": "validate",
            "datasetDigest": snapshot(snapshot_job)["datasetDigest"],
            "referenceDatasetDigest": reference,
            "data": {**data, "rowsMin": 100},
            "checks": {**CHECKS, **changes},
        }
        output = validate(job)
        return {check["name"]: check for check in output["checks"]}, output

    return run


def test_good_rows_pass_every_check(checked, make_rows):
    checks, output = checked(make_rows())
    assert list(checks) == ["schema", "rows", "labels", "nulls", "nullShare", "range", "pointInTime", "duplicates"]
    assert all(check["passed"] for check in checks.values())
    assert (output["rows"], output["drift"]) == (1000, None)


BROKEN = {
    "a null where none may be": ("nulls", lambda rows: rows.assign(size=rows["size"].mask(rows["id"] % 100 == 3)), "size: 10", 5),
    "a feature mostly null": ("nullShare", lambda rows: rows.assign(wind=rows["wind"].mask(rows["id"] % 2 == 0)), "wind: 50.0%", 5),
    "a number out of range": (
        "range",
        lambda rows: rows.assign(size=rows["size"].mask(rows["id"] == 7, 99.0)),
        "size: 1 rows outside [-10, 10], from 99 to 99",
        1,
    ),
    "an infinite number": ("range", lambda rows: rows.assign(wind=rows["wind"].mask(rows["id"] == 7, np.inf)), "wind: 1 rows", 1),
    "a value known too late": ("pointInTime", lambda rows: rows.assign(wind_at=rows["at"] + pd.Timedelta(minutes=1)), "wind: 900 rows", 5),
    "a value known nobody knows when": (
        "pointInTime",
        lambda rows: rows.assign(wind_at=rows["wind_at"].mask(rows["id"] == 7)),
        "wind: 1 rows",
        1,
    ),
    "a key twice": ("duplicates", lambda rows: pd.concat([rows, rows[rows["id"] == 7]]), "1 rows repeat", 2),
    "labels of one class": ("labels", lambda rows: rows.assign(bad=rows["bad"] * 0), "475 × 0, 0 × 1", 0),
    "no label in the holdout": (
        "labels",
        lambda rows: rows.assign(bad=rows["bad"].mask(rows["id"] >= 500)),
        "holdout: 0 × 0, 0 × 1, 0.0% labelled",
        0,
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_rows_fail_their_check_with_examples(checked, make_rows, name):
    failing, change, words, examples = BROKEN[name]
    checks, _ = checked(change(make_rows()))
    assert [check["name"] for check in checks.values() if not check["passed"]] == [failing]
    assert words in checks[failing]["observed"]
    assert len(checks[failing]["examples"]) == examples
    assert checks[failing]["severity"] == "stop"


def test_examples_name_the_row_and_the_value_in_plain_json(checked, make_rows):
    checks, _ = checked(make_rows().assign(wind_at=lambda rows: rows["at"] + pd.Timedelta(minutes=1)))
    example = checks["pointInTime"]["examples"][0]
    assert example["id"] == 1 and example["wind_at"] > example["at"]
    assert set(example) == {"at", "id", "wind", "wind_at"}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # inside Evidently
def test_the_champions_snapshot_is_compared_with(checked, store, source, make_rows, snapshot_job):
    source(make_rows(per_day=200))
    reference = snapshot(snapshot_job)["datasetDigest"]
    checks, output = checked(make_rows(per_day=200), reference)
    assert checks["rowsPerDay"]["passed"] and checks["drift"]["passed"]
    assert output["drift"]["driftedShare"] == 0
    assert {column["column"]: column["test"] for column in output["drift"]["columns"]} == {
        "size": "wasserstein",
        "wind": "wasserstein",
        "kind": "jensenshannon",
    }

    moved = make_rows(per_day=200, seed=2).assign(size=lambda rows: rows["size"].clip(-4, 4) + 3, kind="c")
    checks, output = checked(moved, reference)
    assert not checks["drift"]["passed"] and checks["drift"]["severity"] == "stop"
    assert output["drift"]["driftedShare"] == pytest.approx(2 / 3)

    checks, _ = checked(make_rows(per_day=80), reference)
    assert not checks["rowsPerDay"]["passed"]
    assert "(-60.0%)" in checks["rowsPerDay"]["observed"]


def test_rows_of_the_champion_that_are_past_their_retention_are_not_compared_with(checked, store, source, make_rows, snapshot_job):
    source(make_rows())
    taken = snapshot(snapshot_job)
    for file in taken["dataset"]["files"]:
        key = file["digest"].removeprefix("sha256:")
        store.remove_named(f"objects/sha256/{key[:2]}/{key}")
    checks, output = checked(make_rows(seed=2), taken["datasetDigest"])
    assert checks["rowsPerDay"]["passed"]
    assert not checks["drift"]["passed"]
    assert checks["drift"]["observed"] == "not measured: the rows of the champion's snapshot are gone from the store; with `onDrift: report` a new version can come"
    assert output["drift"] == {"driftedShare": 0.0, "columns": []}
    with pytest.raises(StepFailure, match="rows of a snapshot are gone, by `ratchet gc`"):
        read_part(store, taken["dataset"], "train")


def test_drift_that_cannot_be_measured_is_not_passed(checked, source, make_rows, snapshot_job):
    source(make_rows().assign(wind=np.nan))
    reference = snapshot(snapshot_job)["datasetDigest"]
    checks, output = checked(make_rows(), reference)
    assert not checks["drift"]["passed"]
    assert "not measured, too few values: wind" in checks["drift"]["observed"]
    assert [column["column"] for column in output["drift"]["columns"]] == ["size", "kind"]


def test_a_snapshot_of_another_schema_is_refused(store, taken, data, make_rows):
    features = [*data["features"], {"name": "humid", "type": "number"}]
    job = {
        "datasetDigest": taken["datasetDigest"],
        "referenceDatasetDigest": None,
        "data": {**data, "features": features, "rowsMin": 1},
        "checks": CHECKS,
    }
    with pytest.raises(StepFailure) as caught:
        validate(job)
    assert caught.value.type == "ColumnMissing"
    job["data"]["features"] = [{"name": "kind", "type": "number"}]
    with pytest.raises(StepFailure) as caught:
        validate(job)
    assert caught.value.type == "ColumnTypeChanged"
