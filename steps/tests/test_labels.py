import json
from datetime import date
from hashlib import md5

import numpy as np
import pytest
from logged import DAY, HOUR, START, joined, label, prediction

from ratchet_steps.contract import StepFailure
from ratchet_steps.join_labels import work
from ratchet_steps.label_join import JoinRequest, open_join
from ratchet_steps.labelled_days import Comparison, labelled_days
from ratchet_steps.log_files import REPLACES, hour_of


@pytest.mark.parametrize("log", ["folder", "bucket"], indirect=True)
def test_labels_find_their_rows_in_any_order_and_however_late(log):
    log.labels(label("b", 1, received_ms=START + 40 * DAY, row=1))
    log.predictions(prediction("a"), prediction("b"), prediction("b", row=1))
    log.labels(label("a", 0))
    rows, counts, conflicts = joined(log)
    assert rows == [("a", 0, 0), ("b", 0, None), ("b", 1, 1)]
    assert (counts["predictions"], counts["labelled"], counts["unmatchedLabels"], conflicts) == (3, 2, 0, [])


def test_a_label_of_an_unknown_prediction_is_counted_and_kept(log):
    log.predictions(prediction("a"))
    key = log.labels(label("nobody", 1), label("a", 1))
    assert joined(log)[1]["unmatchedLabels"] == 1
    assert log.store.get_named(key) is not None
    log.predictions(prediction("nobody", START + HOUR))
    assert joined(log)[1]["unmatchedLabels"] == 0


def test_the_same_label_again_changes_nothing(log):
    log.predictions(prediction("a"))
    log.labels(label("a", 1))
    before = joined(log)
    log.labels(label("a", 1, received_ms=START + 3 * DAY, source="b"))
    assert joined(log) == before


def test_of_two_labels_the_first_received_counts_and_the_other_is_told(log):
    log.predictions(prediction("a"), prediction("b"))
    log.labels(label("a", 0, received_ms=START + 2 * DAY, source="late"))
    log.labels(label("a", 1, received_ms=START + DAY, minutes=5.0), label("b", 1, position=1, minutes=None))
    rows, counts, conflicts = joined(log)
    assert (rows, counts["conflicts"]) == ([("a", 0, 1), ("b", 0, 1)], 1)
    assert conflicts == [{"id": "a", "row": 0, "field": "value", "first": 1, "other": 0}]


def test_a_named_number_may_come_before_or_after_the_truth(log):
    log.predictions(prediction("a"))
    log.labels(label("a", None, revenue=12.5))
    log.labels(label("a", 1, received_ms=START + 2 * DAY))
    rows, counts, _ = joined(log, select="label, kpi_revenue, receivedAtMs")
    assert (rows, counts["conflicts"]) == ([(1, 12.5, START + 2 * DAY)], 0)


def test_censored_is_no_truth_and_a_truth_that_comes_after_all_is_one(log):
    log.predictions(prediction("gone"), prediction("landed"))
    log.labels(label("gone", None, censored=True), label("landed", None, censored=True, position=1))
    assert joined(log)[1]["censored"] == 2
    log.labels(label("landed", 0, received_ms=START + 9 * DAY))
    rows, counts, _ = joined(log, select="id, label, censored")
    assert rows == [("gone", None, True), ("landed", 0, False)]
    assert (counts["labelled"], counts["censored"], counts["conflicts"]) == (1, 1, 0)


def test_what_was_not_yet_received_or_observed_is_not_known(log):
    """Knowledge time: a label that was observed early and received late was not known in between, nor one that tells the future."""
    log.predictions(prediction("a"), prediction("b"))
    log.labels(label("a", 1, received_ms=START + 10 * DAY, observed_ms=START + DAY))
    log.labels(label("b", 1, received_ms=START + 2 * DAY, observed_ms=START + 20 * DAY))
    known = [{id for id, _, value in joined(log, as_of=START + days * DAY)[0] if value == 1} for days in (1, 5, 10, 15, 20)]
    assert known == [set(), set(), {"a"}, {"a"}, {"a", "b"}]


def test_propensity_and_policy_travel_with_the_label_that_counts(log):
    log.predictions(prediction("a"))
    log.labels({**label("a", 1), "policy": "ownDecision", "propensity": 0.25}, {**label("a", 0, position=1), "policy": "independent", "propensity": 1.0})
    assert joined(log, select="label, policy, propensity")[0] == [(1, "ownDecision", 0.25)]


def test_a_prediction_logged_twice_is_one(log):
    log.predictions(prediction("a"), prediction("a", START + 5))
    log.labels(label("a", 1))
    rows, counts, _ = joined(log)
    assert (rows, counts["repeated"], counts["ambiguousIds"]) == ([("a", 0, 1)], 1, 0)


def test_an_id_that_was_used_for_different_predictions_gets_no_label(log):
    log.predictions(prediction("1", output=0.2), prediction("1", START + 9, output=0.8), prediction("2"))
    log.labels(label("1", 1), label("2", 1, position=1))
    rows, counts, _ = joined(log)
    assert (rows, counts["ambiguousIds"]) == ([("1", 0, None), ("2", 0, 1)], 1)


def test_only_the_asked_hours_are_read_and_a_clock_that_goes_wrong_loses_no_label(log):
    log.predictions(prediction("before", START - 1))
    log.predictions(prediction("in", START + 1))
    log.predictions(prediction("after", START + DAY))
    log.labels(label("in", 1, received_ms=START - HOUR // 2))  # its clock is half an hour behind the server's
    damaged = log.put("predictions", [{"no": "log"}], START - 40 * DAY)
    rows, counts, _ = joined(log)
    assert (rows, counts["observedBefore"]) == ([("in", 0, 1)], 0)
    assert log.store.get_named(damaged) is not None


def test_a_label_observed_before_its_prediction_is_counted_and_not_used(log):
    log.predictions(prediction("a", START + 2 * HOUR), prediction("b", START + 2 * HOUR))
    log.labels(label("a", 1, observed_ms=START + HOUR - 1, revenue=1.5), label("b", 1, observed_ms=START + HOUR, position=1, revenue=1.5))
    rows, counts, _ = joined(log, select="id, label, kpi_revenue")
    assert rows == [("a", None, None), ("b", 1, 1.5)]
    assert (counts["labelled"], counts["observedBefore"], counts["unmatchedLabels"]) == (1, 1, 0)


def test_a_label_of_an_earlier_use_of_the_id_hides_no_later_one(log):
    log.predictions(prediction("a", START + 6 * HOUR))
    log.labels(label("a", 0, received_ms=START + HOUR, revenue=99.0))
    log.labels(label("a", 1, received_ms=START + DAY, revenue=2.0))
    rows, counts, conflicts = joined(log, select="id, label, kpi_revenue")
    assert (rows, conflicts) == ([("a", 1, 2.0)], [])
    assert (counts["labelled"], counts["observedBefore"], counts["conflicts"]) == (1, 1, 0)


def test_versions_with_other_features_are_read_together(log):
    log.predictions(prediction("a", wind=1.5), prediction("b", START + 1, wind=None))
    log.predictions(prediction("c", START + HOUR, wind=None, kind="x"))
    rows, _, _ = joined(log, select="id, feature_wind, feature_kind", with_features=True)
    assert rows == [("a", 1.5, None), ("b", None, None), ("c", None, "x")]


def test_a_log_without_any_file_has_no_rows(log):
    rows, counts, conflicts = joined(log)
    assert (rows, set(counts.values()), conflicts) == ([], {0}, [])


def test_what_compaction_left_behind_is_not_read_twice(log):
    part = log.predictions(prediction("a"))
    replaced = json.dumps([part.rpartition("/")[2]])
    log.put("predictions", [prediction("a")], START, name="all-1", metadata={REPLACES: replaced.encode()})
    log.predictions(prediction("late", START + 2))
    rows, counts, _ = joined(log)
    assert ([id for id, *_ in rows], counts["repeated"]) == (["a", "late"], 0)
    assert hour_of(part) == "2024-05-01/00"


def test_a_day_is_a_cohort_of_all_its_predictions_and_begins_in_the_time_zone(log):
    evening = START + 3 * HOUR  # still April in New York
    log.predictions(prediction("a", evening), prediction("b", START + 5 * HOUR), prediction("c", START + 6 * HOUR))
    log.labels({**label("b", 1), "policy": "ownDecision"}, label("c", None, position=1, censored=True))
    with open_join(log.store, JoinRequest("m", START, START + DAY, START + 100 * DAY)) as join:
        days = labelled_days(join, START, START + DAY, "America/New_York", None)
    counts = ("day", "predictions", "labelled", "censored", "ownDecision")
    assert [tuple(day[name] for name in counts) for day in days] == [("2024-04-30", 1, 0, 0, 0), ("2024-05-01", 2, 1, 1, 1)]
    assert days[0]["endMs"] == days[1]["startMs"] == START + 4 * HOUR


def test_in_a_shadow_the_two_answers_to_a_request_are_a_pair(log):
    random = np.random.default_rng(1)
    truth = random.integers(0, 2, 200)
    mine, theirs = random.uniform(0.01, 0.99, (2, 200))
    log.predictions(*[prediction(f"r{i}", START + i, output=theirs[i], instance="m-3") for i in range(200)])
    log.predictions(*[prediction(f"r{i}", START + i + 5, output=mine[i], instance="m-7") for i in range(150)])  # 50 copies were lost
    log.labels(*[label(f"r{i}", float(truth[i]), position=i, revenue=9.0) for i in range(100)])
    with open_join(log.store, JoinRequest("m", START, START + DAY, START + 100 * DAY)) as join:
        (day,) = labelled_days(join, START, START + DAY, "UTC", Comparison({"challenger": ["m-7"], "champion": ["m-3"]}, {"revenue": (0, 1)}))
    loss = lambda p: -np.where(truth == 1, np.log(p), np.log1p(-p))[:100]  # noqa: E731
    pairs = day["pairs"]
    assert (pairs["predictions"], pairs["labelled"], pairs["censored"]) == (150, 100, 0)
    assert pairs["logLoss"] == pytest.approx((loss(mine[:200])[:100] - loss(theirs)[:100]).mean())
    assert pairs["brier"] == pytest.approx((((mine - truth) ** 2) - (theirs - truth) ** 2)[:100].mean())
    # Whose answer a pair's revenue came from is not known; what the champion answered alone is the champion's.
    assert day["arms"] == {"champion": {"predictions": 50, "kpis": {"revenue": {"labelled": 0, "mean": None, "callers": None}}}}


def test_named_numbers_are_means_by_arm_within_their_bounds(log):
    log.predictions(*[prediction(f"c{i}", instance="m-7") for i in range(4)], *[prediction(f"o{i}", instance="m-3") for i in range(3)])
    log.labels(
        *[label(f"c{i}", None, position=i, revenue=value) for i, value in enumerate([5.0, 1e9, -3.0])],
        *[label(f"o{i}", None, position=9 + i, revenue=float(i)) for i in range(3)],
    )
    with open_join(log.store, JoinRequest("m", START, START + DAY, START + 100 * DAY)) as join:
        (day,) = labelled_days(join, START, START + DAY, "UTC", Comparison({"challenger": ["m-7"], "champion": [], "baseline": ["m-3"]}, {"revenue": (0, 10), "unheard": (0, 1)}))
    assert day["pairs"] is None
    assert day["arms"] == {
        "challenger": {"predictions": 4, "kpis": {"revenue": {"labelled": 3, "mean": 5.0, "callers": None}}},
        "baseline": {"predictions": 3, "kpis": {"revenue": {"labelled": 3, "mean": 1.0, "callers": None}}},
    }


def test_arms_are_not_compared_by_what_a_torn_file_left(log, monkeypatch):
    log.predictions(prediction("a"))
    log.store.put_named("labels/m/2024-05-02/00/torn.parquet", b"PAR1 torn")
    monkeypatch.setattr("ratchet_steps.join_labels.open_store", lambda: log.store)
    asked = {"model": "m", "startMs": START, "endMs": START + DAY, "asOfMs": START + 9 * DAY, "timeZone": "UTC"}
    with pytest.raises(StepFailure, match="labels/m/2024-05-02/00/torn.parquet") as refused:
        work(asked)
    assert refused.value.type == "EvidenceCorrupt"


def test_callers_who_stay_with_an_arm_speak_once_in_turn_and_each_counts_once(log):
    days, groups = 6, 3
    asked = [(day, caller, at) for day in range(days) for caller in range(90) for at in range(1 + caller % 4)]
    rows = [{**prediction(f"{day}-{caller}-{at}", START + day * DAY + at, instance="m-7" if caller % 2 else "m-3"), "key": f"c{caller}"} for day, caller, at in asked]
    log.predictions(*rows, {**prediction("nobody", instance="m-7")})
    log.labels(*[label(row["id"], None, received_ms=START + days * DAY, position=at, revenue=float(caller)) for at, (row, (_, caller, _)) in enumerate(zip(rows, asked, strict=True))])
    comparison = Comparison({"challenger": ["m-7"], "champion": ["m-3"]}, {"revenue": (0, 50)}, groups)
    with open_join(log.store, JoinRequest("m", START, START + days * DAY, START + 100 * DAY)) as join:
        found = labelled_days(join, START, START + days * DAY, "UTC", comparison)
    heard = [[day["arms"][side]["kpis"]["revenue"]["callers"] for side in ("challenger", "champion")] for day in found]
    assert heard[:groups] == heard[groups:]  # the same ones have their turn again
    assert [sum(sides) for sides in zip(*heard[:groups], strict=True)] == [45, 45]  # and everybody has one
    number = (date.fromisoformat(found[0]["day"]) - date(1970, 1, 1)).days % groups
    mine = [caller for caller in range(1, 90, 2) if int(md5(f"c{caller}".encode()).hexdigest()[:8], 16) % groups == number]
    challenger = found[0]["arms"]["challenger"]
    assert challenger["predictions"] == challenger["kpis"]["revenue"]["labelled"] == sum(1 + caller % 4 for caller in mine)
    assert challenger["kpis"]["revenue"]["mean"] == pytest.approx(np.mean([min(caller, 50) for caller in mine]))
