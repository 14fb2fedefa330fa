import io

import numpy as np
import pandas as pd
import pytest

from ratchet_steps.contract import StepFailure
from ratchet_steps.dataset import read_part
from ratchet_steps.snapshot import snapshot


def test_the_same_window_gives_the_same_digest_whatever_the_order_of_rows_and_columns(store, source, make_rows, snapshot_job):
    rows = make_rows()
    source(rows)
    first = snapshot(snapshot_job)
    source(rows.sample(frac=1, random_state=3)[rows.columns[::-1]])
    assert snapshot(snapshot_job) == first


def test_rows_with_the_same_keys_have_one_order_too(store, source, make_rows, snapshot_job):
    rows = make_rows()
    rows["id"] = 1
    rows["at"] = rows["at"].dt.floor("D") + pd.Timedelta(hours=5)
    source(rows)
    first = snapshot(snapshot_job)
    source(rows.sample(frac=1, random_state=3))
    assert snapshot(snapshot_job)["datasetDigest"] == first["datasetDigest"]


def test_the_window_is_half_open_and_split_at_the_holdout(store, source, make_rows, snapshot_job):
    source(make_rows(days=60))
    taken = snapshot(snapshot_job)
    train, holdout = (read_part(store, taken["dataset"], part) for part in ("train", "holdout"))
    assert (len(train), len(holdout)) == (500, 500)
    assert train["at"].max() < pd.Timestamp(snapshot_job["holdoutStart"]) <= holdout["at"].min()
    assert holdout["at"].max() < pd.Timestamp(snapshot_job["window"]["end"])
    assert taken["dataset"]["timeRange"]["min"] == "2024-01-01T05:00:00.000Z"


def test_rows_without_a_label_are_kept(store, taken):
    assert read_part(store, taken["dataset"], "holdout")["bad"].isna().sum() == 25


def known_from(rows, hours):
    return rows.assign(known=rows["at"] + pd.Timedelta(hours=hours)).assign(known=lambda told: told["known"].where(told["bad"].notna()))


def test_a_label_that_came_too_late_for_the_window_is_not_in_it_and_a_cycle_of_then_gives_the_same_digest(store, source, make_rows, snapshot_job):
    label = {**snapshot_job["data"]["label"], "observedAt": "known", "delayHours": 24}
    job = {**snapshot_job, "data": {**snapshot_job["data"], "label": label}}
    rows = known_from(make_rows(), 1)
    late = rows.index[rows["bad"].notna()][-40:]
    then = rows.copy()
    then.loc[late, "bad"], then.loc[late, "known"] = None, pd.NaT
    source(then)
    seen_then = snapshot(job)
    now = rows.copy()
    now.loc[late, "known"] = pd.Timestamp(job["window"]["end"]) + pd.Timedelta(hours=25)
    source(now)
    assert snapshot(job)["datasetDigest"] == seen_then["datasetDigest"]
    source(rows)
    assert snapshot(job)["datasetDigest"] != seen_then["datasetDigest"]


def test_a_label_of_which_nobody_knows_since_when_is_refused(store, source, make_rows, snapshot_job):
    job = {**snapshot_job, "data": {**snapshot_job["data"], "label": {**snapshot_job["data"]["label"], "observedAt": "known"}}}
    rows = known_from(make_rows(), 1)
    rows.loc[rows.index[rows["bad"].notna()][0], "known"] = pd.NaT
    source(rows)
    with pytest.raises(StepFailure, match="column known: expected a time for every label, found 1 labels without one"):
        snapshot(job)


def test_equal_instants_in_other_words_give_the_same_digest(store, source, make_rows, snapshot_job):
    source(make_rows())
    first = snapshot(snapshot_job)
    again = snapshot({**snapshot_job, "window": {"start": "2024-01-01T00:00:00-05:00", "end": "2024-02-10T05:00:00Z"}})
    assert again["datasetDigest"] == first["datasetDigest"]


def test_what_is_below_a_microsecond_is_cut_off(store, source, make_rows, snapshot_job):
    rows = make_rows()
    source(rows)
    first = snapshot(snapshot_job)
    source(rows.assign(at=rows["at"].dt.as_unit("ns") + pd.Timedelta(999, "ns")))
    assert snapshot(snapshot_job)["datasetDigest"] == first["datasetDigest"]


def test_parquet_gives_what_python_gives(store, source, make_rows, snapshot_job, tmp_path):
    rows = make_rows()
    source(rows)
    first = snapshot(snapshot_job)
    folder = tmp_path / "rows"
    folder.mkdir()
    rows.iloc[500:].to_parquet(folder / "a.parquet")
    rows.iloc[:500].to_parquet(folder / "b.parquet")
    snapshot_job["data"]["source"] = {"kind": "parquet", "uri": f"file://{folder}"}
    assert snapshot(snapshot_job)["datasetDigest"] == first["datasetDigest"]


def test_columns_that_have_no_order_are_kept_and_the_sources_order_does_not_matter(store, source, make_rows, snapshot_job):
    rows = make_rows()
    twice = pd.concat([rows, rows], ignore_index=True)  # alike but for these columns
    odd = twice.assign(embedding=[[float(number % 7), 1.0] for number in range(len(twice))], seen=[{"by": number % 3} for number in range(len(twice))])
    source(odd)
    first = snapshot(snapshot_job)
    source(odd.sample(frac=1, random_state=5))
    assert snapshot(snapshot_job)["datasetDigest"] == first["datasetDigest"]
    assert {"embedding", "seen"} <= {column["name"] for column in first["dataset"]["columns"]}


def test_what_rows_are_indexed_by_is_a_column_too(store, source, make_rows, snapshot_job, tmp_path):
    rows = make_rows()
    source(rows)
    first = snapshot(snapshot_job)
    source(rows.set_index("at"))
    assert snapshot(snapshot_job)["datasetDigest"] == first["datasetDigest"]
    rows.set_index(["at", "id"]).to_parquet(tmp_path / "rows.parquet")
    snapshot_job["data"]["source"] = {"kind": "parquet", "uri": f"file://{tmp_path / 'rows.parquet'}"}
    assert snapshot(snapshot_job)["datasetDigest"] == first["datasetDigest"]


CHANGES = {
    "a column twice": (lambda rows: pd.concat([rows, rows[["size"]]], axis=1), "ColumnTypeChanged", "column size: expected it once"),
    "an undeclared column of all sorts": (
        lambda rows: rows.assign(note=np.where(rows["id"] % 2, rows["id"].astype(object), "text")),
        "ColumnTypeChanged",
        "column note: expected values of one kind",
    ),
    "no rows at all": (lambda rows: rows.head(0), "WindowEmpty", "2024-02-10T05:00:00.000Z), found none at all"),
    "rows of another time": (
        lambda rows: rows.assign(at=rows["at"] - pd.Timedelta(days=400)),
        "WindowEmpty",
        "found 1000 rows of 2022-11-27T05:00:00.000Z to 2023-01-06T04:02:24.000Z",
    ),
    "too few rows": (lambda rows: rows.iloc[::20], "WindowTruncated", "rowsMin: expected at least 100 rows"),
    "nothing to train on": (lambda rows: rows.tail(500), "WindowTruncated", "rows to train on"),
    "no holdout": (lambda rows: rows.head(500), "WindowTruncated", "rows of the holdout"),
    "the last days missing": (lambda rows: rows.head(900), "WindowTruncated", "97.0 h before the window's end"),
    "a feature gone": (lambda rows: rows.drop(columns="size"), "ColumnMissing", "column size"),
    "a key gone": (lambda rows: rows.drop(columns="id"), "ColumnMissing", "column id"),
    "a time of knowledge gone": (lambda rows: rows.drop(columns="wind_at"), "ColumnMissing", "column wind_at"),
    "a number as text": (lambda rows: rows.assign(size=rows["size"].astype(str)), "ColumnTypeChanged", "column size: expected a number"),
    "a category as number": (lambda rows: rows.assign(kind=1), "ColumnTypeChanged", "column kind: expected text"),
    "a category half number": (
        lambda rows: rows.assign(kind=np.where(rows["id"] % 2, rows["kind"].astype(object), 1)),
        "ColumnTypeChanged",
        "column kind",
    ),
    "a time as text": (lambda rows: rows.assign(at=rows["at"].astype(str)), "ColumnTypeChanged", "column at: expected a time"),
    "a label of 2": (lambda rows: rows.assign(bad=2), "ColumnTypeChanged", "column bad: expected 0, 1 or null (label), found 2"),
    "a label of one half": (lambda rows: rows.assign(bad=0.5), "ColumnTypeChanged", "column bad: expected 0, 1 or null"),
    "a row without a time": (
        lambda rows: rows.assign(at=rows["at"].mask(rows["id"] == 7)),
        "InputInvalid",
        "column at: expected a time in every row, found 1 nulls",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_broken_source_is_refused_by_name(store, source, make_rows, snapshot_job, name):
    change, type, words = CHANGES[name]
    source(change(make_rows()))
    with pytest.raises(StepFailure) as caught:
        snapshot(snapshot_job)
    assert caught.value.type == type
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"data.source": {"kind": "python", "entrypoint": "nowhere:load"}}, "nowhere:load cannot be imported"),
        ({"data.source": {"kind": "python", "entrypoint": "source_of_test:missing"}}, "source_of_test:missing cannot be imported"),
        ({"data.source": {"kind": "parquet", "uri": "file:///no/such/folder"}}, "expected Parquet files"),
        ({"holdoutStart": "2024-03-01T00:00:00Z"}, "holdoutStart: expected it inside the window"),
        ({"holdoutStart": "2024-01-21T00:00:00"}, "holdoutStart: expected a time with an offset"),
    ],
)
def test_a_wrong_input_is_refused_by_field(store, source, make_rows, snapshot_job, change, words):
    source(make_rows())
    for field, value in change.items():
        target = snapshot_job["data"] if field.startswith("data.") else snapshot_job
        target[field.removeprefix("data.")] = value
    with pytest.raises(StepFailure) as caught:
        snapshot(snapshot_job)
    assert caught.value.type == "InputInvalid"
    assert words in str(caught.value)


def test_nulls_survive_the_file(store, source, make_rows, snapshot_job):
    rows = make_rows()
    rows["kind"] = rows["kind"].astype(object).mask(rows["id"] == 3)
    source(rows)
    train = read_part(store, snapshot(snapshot_job)["dataset"], "train")
    assert train.loc[train["id"] == 3, "kind"].isna().all()
    assert np.isnan(train.loc[train["id"] == 10, "wind"].item())


def test_data_that_comes_once_a_week_is_not_called_truncated(store, source, make_rows, snapshot_job):
    rows = make_rows()
    weekly = rows[rows["at"].dt.dayofyear % 7 == 1]
    source(weekly)
    assert snapshot(snapshot_job)["dataset"]["rows"] == len(weekly)


def test_a_pickle_of_something_else_is_no_source(store, source, make_rows, snapshot_job):
    folder = source(make_rows())
    (folder / "source_of_test.py").write_text("def load(start, end):\n    return []\n")
    with pytest.raises(StepFailure, match="gave list, expected pandas.DataFrame"):
        snapshot(snapshot_job)


def test_files_hold_no_clock_and_no_library_notes(store, taken):
    import pyarrow.parquet as pq

    metadata = pq.read_metadata(io.BytesIO(store.get(taken["dataset"]["files"][0]["digest"])))
    assert metadata.metadata is None
