import json

import numpy as np
import pandas as pd
import pytest
from monitored_model import MODEL, TRAIN_END, VERSION, logged, put_labels, ship

from ratchet_steps.dataset import read_files, read_manifest
from ratchet_steps.decay import decay, kpi_means
from ratchet_steps.logged import read_predictions
from ratchet_steps.monitor import monitor
from ratchet_steps.object_store import open_store
from ratchet_steps.outcomes import read_outcomes
from ratchet_steps.quality import feature_quality
from ratchet_steps.scoring import open_scorer
from ratchet_steps.skew import answer_skew, feature_skew

WINDOW = {"start": "2024-03-09T05:00:00.000Z", "end": "2024-03-10T05:00:00.000Z"}
COHORT = {"start": "2024-02-10T05:00:00.000Z", "end": "2024-03-09T05:00:00.000Z"}


@pytest.fixture
def job(taken, data, logistic_model):
    """A MonitorInput: 28 mature days after what the snapshot covers, and a window of one day."""
    return {
        "stage": "monitor",
        "model": MODEL,
        "window": WINDOW,
        "data": {name: value for name, value in data.items() if name not in ("source", "window")},
        "evaluation": {"metrics": ["auc", "logLoss", "brier"], "resampleBy": "day", "replicates": 1000, "seed": 1},
        "version": VERSION,
        "champion": {"model": logistic_model(), "trainEnd": TRAIN_END},
        "anchor": None,
        "datasetDigest": taken["datasetDigest"],
        "latestDatasetDigest": None,
        "drift": {"statisticMax": 0.1, "predictionStatisticMax": 0.25},
        "cohort": COHORT,
        "learnt": None,
        "early": {"start": COHORT["end"], "end": WINDOW["end"]},
    }


def sigmoid(values):
    return 1 / (1 + np.exp(-values))


@pytest.fixture
def traffic(make_rows):
    """traffic(days, per_day, ...): rows after the snapshot, 2024-02-10 on, as callers send them: between 12 and 13 UTC each day."""

    def make(days: int = 29, per_day: int = 100, seed: int = 7) -> pd.DataFrame:
        rows = make_rows(days, per_day, seed)
        day = np.arange(len(rows)) // per_day
        second = np.arange(len(rows)) % per_day
        start = pd.Timestamp("2024-02-10T12:00:00Z")
        rows["at"] = start + pd.to_timedelta(day, unit="D") + pd.to_timedelta(second, unit="s")
        return rows

    return make


def answers(rows: pd.DataFrame) -> np.ndarray:
    return sigmoid(-1 + 1.5 * rows["size"].to_numpy())


def outcome(job, window=COHORT):
    return read_outcomes(open_store(), job, window)


def compared(job, anchor=None):
    """The decay of the cohort against references that know the rows of the snapshot."""
    store = open_store()
    snapshot = read_files(store, read_manifest(store, job["datasetDigest"])["files"])
    learnt = snapshot[["size", "wind", "kind"]].assign(label=snapshot["bad"].astype("float64"))
    scorer = open_scorer(store.get(job["champion"]["model"]["digest"]), None, "champion")
    return decay(store, {**job, "anchor": anchor}, scorer, outcome(job).frame, learnt[learnt["label"].notna()])


def quality_of(job, name):
    store = open_store()
    rows = read_predictions(store, MODEL, WINDOW, job["data"]["features"]).frame
    snapshot = read_files(store, read_manifest(store, job["datasetDigest"])["files"])
    return next(entry for entry in feature_quality(rows, snapshot, job["data"]["features"]) if entry["feature"] == name)


def test_a_day_with_labels_is_measured_the_same_each_time_and_has_a_json_form(job, store, traffic):
    rows = traffic()
    ship(store, logged(rows, answers(rows)))
    put_labels(store, rows)
    output = monitor(job)
    json.dumps(output, allow_nan=False)
    assert output["log"] == {"rows": 100, "files": 1, "filesUnreadable": 0, "duplicates": 0, "hours": 24, "hoursWithRows": 1, "sampledOneIn": 1}
    assert (output["trafficRows"], output["servedRows"]) == (100, 100)
    assert output["skew"]["answers"]["differingShare"] == 0 and output["skew"]["answers"]["rows"] == 100
    assert {column["column"] for column in output["drift"]["columns"]} == {"size", "wind", "kind"}
    assert output["latencyMs"] == {"p50": 2.5, "p90": 2.5, "p99": 2.5}
    cohort = output["cohort"]
    assert (cohort["rows"], cohort["labelledRows"], cohort["newRows"], cohort["blocks"]) == (2800, 2660, 2660, "day")
    assert cohort["labelCoverage"]["overall"] == pytest.approx(0.95)
    assert cohort["differences"]["baseRate"]["logLoss"]["delta"] < -0.05 and len(cohort["differences"]["fresh"]["logLoss"]["blockRows"]) == 28
    assert cohort["differences"]["fresh"]["logLoss"]["delta"] < 0.01, "the true law is not worse than a refit"
    assert (output["early"]["rows"], output["early"]["labelledRows"]) == (100, 0), "its labels come 20 hours later"
    assert output["labels"]["labelled"] == 2660


def test_a_month_without_data_is_told_and_fails_nothing(job):
    output = monitor(job)
    assert (output["trafficRows"], output["servedRows"], output["log"]["hoursWithRows"]) == (0, 0, 0)
    assert output["predictions"] is None and output["quality"] == [] and output["latencyMs"] is None
    assert output["cohort"] is None and output["early"]["rows"] == 0 and output["skew"]["answers"] is None


def test_a_law_that_changed_is_seen_against_a_fresh_refit(job, store, traffic):
    rows = traffic(days=48)
    rows["bad"] = (np.random.default_rng(3).random(len(rows)) < sigmoid(-1 - 1.5 * rows["size"])).astype("float64")
    ship(store, logged(rows, answers(rows)))
    put_labels(store, rows)
    middle, end, asked = "2024-03-01T05:00:00.000Z", "2024-03-29T05:00:00.000Z", "2024-03-30T05:00:00.000Z"
    learnt = {"start": COHORT["start"], "end": middle}
    shifted = {**job, "window": {"start": end, "end": asked}, "cohort": {"start": middle, "end": end}, "learnt": learnt, "early": None}
    cohort = monitor(shifted)["cohort"]
    assert cohort["differences"]["fresh"]["logLoss"]["delta"] > 0.1 and cohort["learntRows"] > 2000 and cohort["newRows"] == 4800


def test_a_feature_that_hangs_is_constant(job, store, traffic):
    rows = traffic().assign(size=0.25)
    ship(store, logged(rows, answers(rows)))
    assert quality_of(job, "size")["constant"] and not quality_of(job, "wind")["constant"]


def test_a_category_never_seen_and_values_out_of_range_are_counted_and_shown(job, store, traffic):
    rows = traffic()
    rows.loc[rows.index % 4 == 0, "kind"] = "zeppelin"
    rows.loc[rows.index % 10 == 0, "size"] = 99.0
    ship(store, logged(rows, answers(rows)))
    kind, size = quality_of(job, "kind"), quality_of(job, "size")
    assert (kind["unseenShare"], kind["examples"]) == (0.25, ["zeppelin"])
    assert (size["outOfRangeShare"], size["examples"]) == (0.1, ["99"])


def test_a_null_feature_and_one_that_was_not_logged_are_null(job, store, traffic):
    rows = traffic()
    entries = logged(rows.assign(wind=np.nan), answers(rows))
    for entry in entries[::2]:
        del entry["features"]["wind"]
    ship(store, entries)
    assert quality_of(job, "wind")["nullShare"] == 1


def test_events_that_come_twice_count_once_and_lost_files_lose_only_themselves(job, store, traffic):
    rows = traffic(days=29)
    entries = logged(rows, answers(rows))
    ship(store, entries)
    ship(store, entries[-40:], name="again")
    store.put_named(f"predictions/{MODEL}/2024-03-09/07/torn.parquet", b"PAR1 torn")
    found = read_predictions(store, MODEL, WINDOW, job["data"]["features"])
    assert (found.counts["rows"], found.counts["duplicates"], found.counts["filesUnreadable"]) == (140, 40, 1)
    assert len(found.frame) == 100


@pytest.mark.parametrize("kind", ["predictions", "labels"])
def test_a_torn_file_is_named_and_loses_only_what_it_held(job, store, traffic, kind):
    rows = traffic()
    ship(store, logged(rows, answers(rows)))
    put_labels(store, rows)
    whole = outcome(job)
    torn = f"{kind}/{MODEL}/2024-02-20/12/torn.parquet"
    store.put_named(torn, b"PAR1 torn")
    store.put_named(torn.replace("torn.parquet", "all-torn.parquet"), b"PAR1 torn while it was compacted")
    found = outcome(job)
    assert found.torn == [torn.replace("torn.parquet", "all-torn.parquet"), torn] and whole.torn == []
    assert found.counts == whole.counts and found.frame.equals(whole.frame)
    assert monitor(job)["labels"]["torn"] == found.torn


def test_a_day_whose_labels_got_lost_stands_out_among_the_others(job, store, traffic):
    rows = traffic()
    rows.loc[rows["at"].dt.strftime("%m-%d") == "02-20", "bad"] = np.nan
    ship(store, logged(rows, answers(rows)))
    put_labels(store, rows)
    days = outcome(job).days
    assert len(days) == 28 and {day["predictions"] for day in days} == {100}
    assert [day["labelled"] for day in days if day["labelled"] < 90] == [0]
    assert days[-1]["endMs"] == pd.Timestamp(COHORT["end"]).timestamp() * 1000


def test_a_clock_that_is_wrong_puts_rows_into_another_window_and_loses_none(job, store, traffic):
    rows = traffic()
    rows.loc[rows.index % 2 == 0, "at"] += pd.Timedelta(days=1)
    ship(store, logged(rows, answers(rows)))
    today = read_predictions(store, MODEL, WINDOW, job["data"]["features"])
    tomorrow = {"start": WINDOW["end"], "end": "2024-03-11T05:00:00.000Z"}
    assert len(today.frame) == 100 and len(read_predictions(store, MODEL, tomorrow, job["data"]["features"]).frame) == 50


def test_a_mirrored_request_was_asked_once(job, store, traffic):
    rows = traffic()
    ship(store, logged(rows, answers(rows)))
    ship(store, logged(rows, answers(rows) * 0.5, version="tested-12", instance="tested-12"), name="mirror")
    put_labels(store, rows)
    frame = outcome(job).frame
    assert len(frame) == 2800 and set(frame["version"]) == {VERSION} and frame["label"].notna().sum() == 2660


def test_a_server_that_answers_otherwise_than_its_model_file_is_skew(job, store, traffic):
    rows = traffic()
    ship(store, logged(rows, np.clip(answers(rows) + 0.05, 0, 1)))
    served = read_predictions(store, MODEL, WINDOW, job["data"]["features"]).frame
    skew = answer_skew(open_scorer(store.get(job["champion"]["model"]["digest"]), None, "champion"), served)
    assert skew["differingShare"] > 0.9 and skew["differenceMax"] == pytest.approx(0.05, abs=1e-3)


def test_features_are_held_against_the_snapshot_by_key_or_else_by_the_days_that_both_have(job, store, make_rows):
    snapshot = read_files(store, read_manifest(store, job["datasetDigest"])["files"])
    asked = make_rows()[900:]
    frame = asked.assign(time=asked["at"], key=asked["id"].map(str)).reset_index(drop=True)
    frame.loc[0, "size"] += 1
    keyed = feature_skew(frame, snapshot, {**job["data"], "keyColumns": ["id"]}, 0.1)
    assert (keyed["method"], keyed["rows"]) == ("keys", 100)
    assert [entry["differingShare"] for entry in keyed["features"]] == [0.01, 0, 0]
    unkeyed = feature_skew(frame.assign(key=None, size=5.0), snapshot, job["data"], 0.1)
    assert unkeyed["method"] == "distribution" and unkeyed["features"][0]["statistic"] > 1
    assert feature_skew(frame.assign(time=frame["time"] + pd.Timedelta(days=90)), snapshot, job["data"], 0.1) is None


def test_features_are_held_against_the_last_days_that_a_snapshot_has_as_labels_keep_it_from_having_newer_ones(job, store, make_rows):
    week = {"start": "2024-03-03T05:00:00.000Z", "end": WINDOW["end"]}
    job = {**job, "latestDatasetDigest": job["datasetDigest"], "window": week}
    rows = make_rows()
    ship(store, logged(rows, answers(rows)))
    found = monitor(job)["skew"]["features"]
    assert found["method"] == "distribution" and found["rows"] == 7 * 25
    assert found["window"] == {"start": "2024-02-03T05:00:00.000Z", "end": "2024-02-10T05:00:00.000Z"}
    assert all(entry["statistic"] <= entry["threshold"] for entry in found["features"])
    ship(store, logged(rows.assign(size=rows["size"] + 5), answers(rows)))
    shifted = {entry["feature"]: entry["statistic"] for entry in monitor(job)["skew"]["features"]["features"]}
    assert shifted["size"] > 1 and shifted["wind"] < 0.1


def test_half_a_day_that_was_logged_is_held_against_no_whole_one(job, store, make_rows):
    snapshot = read_files(store, read_manifest(store, job["datasetDigest"])["files"])
    asked = make_rows()[900:]
    frame = asked.assign(time=asked["at"], key=None).sort_values("time").reset_index(drop=True)
    hours = frame["time"].dt.tz_convert(job["data"]["timeZone"]).dt.hour
    assert hours.max() - hours.min() > 4
    assert feature_skew(frame[hours <= hours.min() + 2], snapshot, job["data"], 0.1) is None


def test_a_caller_who_comes_twice_a_day_is_held_against_no_row(job, store, make_rows):
    snapshot = read_files(store, read_manifest(store, job["datasetDigest"])["files"])
    asked = make_rows()[900:]
    frame = asked.assign(time=asked["at"], key=asked["id"].map(str)).reset_index(drop=True)
    again = pd.concat([frame, frame.head(40).assign(size=99.0)], ignore_index=True)
    keyed = feature_skew(again, snapshot, {**job["data"], "keyColumns": ["id"]}, 0.1)
    assert (keyed["method"], keyed["rows"]) == ("keys", 60)
    assert [entry["differingShare"] for entry in keyed["features"]] == [0, 0, 0]


def test_labels_that_are_late_are_no_labels_yet(job, store, traffic):
    rows = traffic()
    ship(store, logged(rows, answers(rows)))
    put_labels(store, rows, delay_hours=24 * 60)
    cohort = compared(job)
    assert cohort["labelledRows"] == 0 and cohort["differences"] == {"fresh": None, "anchor": None, "baseRate": None}


def test_labels_that_our_own_output_selected_are_counted_and_their_gap_is_seen(job, store, traffic):
    rows = traffic()
    rows.loc[answers(rows) > 0.3, "bad"] = np.nan
    ship(store, logged(rows, answers(rows)))
    put_labels(store, rows, policy="ownDecision", propensity=0.5)
    coverage = compared(job)["labelCoverage"]["byScoreDecile"]
    counts = outcome(job).counts
    assert counts["ownDecision"] > 500 and counts["propensities"] == counts["labelled"] and min(coverage) == 0 and max(coverage) > 0.9


def test_a_label_from_before_its_prediction_is_not_used(job, store, traffic):
    rows = traffic()
    ship(store, logged(rows, answers(rows)))
    put_labels(store, rows, delay_hours=-1.01)
    found = outcome(job)
    assert found.counts["observedBefore"] > 2000 and found.counts["labelled"] == 0 and found.frame["label"].notna().sum() == 0


def test_a_number_that_comes_with_labels_has_a_mean_by_days(job, store, traffic):
    rows = traffic()
    ship(store, logged(rows, answers(rows)))
    put_labels(store, rows, kpi_minutes=12.0)
    (kpi,) = kpi_means(outcome(job), "day", "America/New_York", 1)
    assert kpi["name"] == "minutes" and kpi["mean"]["delta"] == 12 and len(kpi["mean"]["blockRows"]) == 28


def test_the_frozen_anchor_is_scored_on_the_same_rows(job, store, traffic, logistic_model):
    rows = traffic()
    ship(store, logged(rows, answers(rows)))
    put_labels(store, rows)
    anchor = {"model": logistic_model(slope=0.2), "trainEnd": TRAIN_END}
    assert compared(job, anchor)["differences"]["anchor"]["logLoss"]["delta"] < -0.02
