import json

import numpy as np
import pytest

from ratchet_steps.agree import agree, rank_correlation
from ratchet_steps.contract import StepFailure
from ratchet_steps.evaluate import evaluate

HOLDOUT_START = "2024-01-21T05:00:00.000Z"


@pytest.fixture
def job(taken, data, logistic_model):
    """An EvaluateInput: the true law against a flat champion, blocks are local days."""
    return {
        "stage": "evaluate",
        "datasetDigest": taken["datasetDigest"],
        "data": {name: value for name, value in data.items() if name not in ("source", "window")},
        "evaluation": {
            "metrics": ["auc", "logLoss", "brier"],
            "resampleBy": "day",
            "replicates": 1000,
            "seed": 1,
            "slices": [{"by": "kind"}],
            "baseline": "logistic",
        },
        "challenger": {"model": logistic_model(), "trainEnd": HOLDOUT_START},
        "champion": {"model": logistic_model(slope=0.2), "trainEnd": "2024-01-10T00:00:00Z"},
        "anchor": None,
    }


def test_a_better_challenger_is_seen_to_be_better(job):
    output = evaluate(job)
    arms = output["arms"]
    assert (output["rows"], output["labelledRows"]) == (500, 475)
    assert arms["challenger"]["metrics"]["auc"] > 0.7
    assert arms["challenger"]["metrics"]["logLoss"] < arms["champion"]["metrics"]["logLoss"]
    assert arms["baseline"]["metrics"]["auc"] > 0.7 and arms["baseRate"]["metrics"]["auc"] == 0.5
    assert arms["baseRate"]["latencyMs"] is None and arms["anchor"] is None
    assert arms["challenger"]["latencyMs"]["p50"] <= arms["challenger"]["latencyMs"]["p99"]
    difference = output["differences"]["champion"]["logLoss"]
    assert difference["delta"] < 0 and len(difference["blockRows"]) == 20
    assert len(output["differences"]["champion"]["auc"]["replicates"]) == 1000
    assert output["differences"]["anchor"] is None and output["differences"]["baseRate"]["logLoss"]["delta"] < 0


def test_nothing_in_the_result_is_without_a_json_form(job):
    json.dumps(evaluate(job), allow_nan=False)


def test_the_same_input_gives_the_same_result_but_for_the_clock(job):
    def timeless(output):
        return {**output, "arms": {name: arm and {**arm, "latencyMs": None} for name, arm in output["arms"].items()}}

    assert timeless(evaluate(job)) == timeless(evaluate(job))


def test_slices_are_compared_with_the_champion(job):
    slices = evaluate(job)["slices"]
    assert [each["value"] for each in slices] == ["a", "b", "c"]
    assert sum(each["rows"] for each in slices) == 475
    assert set(slices[0]["differences"]) == {"auc", "logLoss", "brier"}


def test_without_a_champion_there_is_nothing_to_compare_slices_with(job):
    output = evaluate({**job, "champion": None})
    assert output["arms"]["champion"] is None and output["differences"]["champion"] is None
    assert all(each["champion"] is None and each["differences"] == {} for each in output["slices"])


@pytest.mark.parametrize(("arm", "lost"), [("champion", ["champion"]), ("challenger", ["champion", "baseRate"])])
def test_an_arm_that_was_trained_on_the_holdout_is_compared_with_nothing(job, arm, lost):
    job[arm]["trainEnd"] = "2024-01-21T05:00:00.001Z"
    output = evaluate(job)
    assert [name for name in ("champion", "baseRate") if not output["differences"][name]] == lost
    assert all(each["differences"] == {} for each in output["slices"])
    assert output["arms"][arm]["metrics"]["auc"] is not None


def test_label_coverage_is_told_by_score_and_month(job):
    coverage = evaluate(job)["labelCoverage"]
    assert coverage["overall"] == 0.95 and len(coverage["byScoreDecile"]) == 10
    assert [each["month"] for each in coverage["byMonth"]] == ["2024-01", "2024-02"]


def test_every_probe_passes_for_a_sound_model(job):
    probes = evaluate(job)["probes"]
    assert [each for each in probes if not each["passed"]] == []
    assert [each["name"] for each in probes] == [
        "signature",
        "null wind",
        "every nullable field null",
        "size = -10",
        "size = 10",
        "wind = -1e+09",
        "wind = 0",
        "wind = 1e+09",
        "unseen category in kind",
        "empty text in kind",
        "answers on every holdout row are probabilities",
        "16 callers at once get the answers of one",
    ]


def test_a_model_that_refuses_a_null_fails_the_probe_in_a_sentence_and_the_words_of_the_error_come_last(job, source, logistic_model, make_rows, data):
    # Its own holdout has no null wind, as the fault would otherwise show at once.
    from ratchet_steps.snapshot import snapshot

    source(make_rows().assign(wind=lambda rows: rows["wind"].fillna(0)))
    window = {"start": "2024-01-01T05:00:00Z", "end": "2024-02-10T05:00:00Z"}
    job["datasetDigest"] = snapshot({"data": data, "window": window, "holdoutStart": HOLDOUT_START})["datasetDigest"]
    job["challenger"]["model"] = logistic_model(refuse_null_wind=True)
    failed = {each["name"]: each["detail"] for each in evaluate(job)["probes"] if not each["passed"]}
    assert set(failed) == {"null wind", "every nullable field null"}
    assert failed["null wind"].startswith("the challenger refuses a null in wind, which the champion answers (")
    assert "out of" in failed["null wind"] or "bounds" in failed["null wind"]
    assert len(failed["null wind"]) < 250
    assert failed["every nullable field null"].startswith("the challenger refuses a row whose nullable features are all null (wind), ")

    job["champion"]["model"] = logistic_model(slope=0.2, refuse_null_wind=True)
    both = {each["name"]: each["detail"] for each in evaluate(job)["probes"] if not each["passed"]}
    assert both["null wind"].startswith("the challenger refuses a null in wind, as the champion does (")

    job["champion"] = None
    alone = {each["name"]: each["detail"] for each in evaluate(job)["probes"] if not each["passed"]}
    assert alone["null wind"].startswith("the challenger refuses a null in wind, which the model file allows (")


def test_a_challenger_that_asks_for_more_than_the_champion_is_narrower(job, logistic_model):
    job["champion"]["model"] = logistic_model(slope=0.2, inputs=("size", "wind"))
    signature = evaluate(job)["probes"][0]
    assert (signature["name"], signature["passed"]) == ("signature", False)
    assert "kind: the champion's callers do not send it" in signature["detail"]
    job["champion"]["model"] = logistic_model(slope=0.2, inputs=("size", "kind"))
    assert evaluate(job)["probes"][0]["passed"]  # wind may be null


@pytest.mark.parametrize(
    ("promised", "words"),
    [
        ({"name": "humid", "type": "number", "nullable": False}, "humid: the champion's callers may send it, and the model file does not declare it"),
        ({"name": "size", "type": "number", "nullable": True}, "size: the champion's callers may send null, and the model file does not say nullable"),
        ({"name": "size", "type": "category", "nullable": False}, "size: the champion's callers send a category, the model file now declares a number"),
    ],
)
def test_a_model_file_that_lets_callers_send_less_than_the_champions_is_narrower(job, promised, words):
    as_now = [{name: feature.get(name, False) for name in ("name", "type", "nullable")} for feature in job["data"]["features"]]
    job["champion"]["features"] = as_now
    assert evaluate(job)["probes"][0] == {"name": "signature", "passed": True, "detail": "ok"}
    job["champion"]["features"] = [*[feature for feature in as_now if feature["name"] != promised["name"]], promised]
    signature = evaluate(job)["probes"][0]
    assert (signature["name"], signature["passed"]) == ("signature", False)
    assert signature["detail"].startswith(words)


@pytest.mark.parametrize(
    ("change", "type", "words"),
    [
        (
            lambda job, make: job["challenger"].update(model=make(scale=2.0)),
            "InputInvalid",
            "challenger: expected 500 probabilities in [0, 1]",
        ),
        (
            lambda job, make: job["challenger"]["model"].update(inputs=[{"name": "size", "type": "number"}]),
            "InputInvalid",
            "challenger: expected the model's inputs to be size (number)",
        ),
        (lambda job, make: job["challenger"]["model"].update(digest="sha256:" + "0" * 64), "EvidenceMissing", "the object store has no"),
        (
            lambda job, make: job["challenger"]["model"].update(digest=job["datasetDigest"]),
            "InputInvalid",
            "challenger: the model file cannot be loaded",
        ),
        (
            lambda job, make: job["champion"].update(model=make(inputs=("size", "humid"))),
            "ColumnMissing",
            "champion: the model needs the column humid",
        ),
        (lambda job, make: job["evaluation"].update(resampleBy="user"), "InputInvalid", "evaluation.resampleBy"),
        (
            lambda job, make: job["evaluation"].update(slices=[{"by": "city"}]),
            "InputInvalid",
            "evaluation.slices: expected a column of the dataset, found 'city'",
        ),
        (lambda job, make: job["evaluation"].update(slices=[{"by": "id"}]), "InputInvalid", "column id has 475 values"),
        (lambda job, make: job["data"].update(timeZone="Mars"), "InputInvalid", "data.timeZone"),
        (
            lambda job, make: job["challenger"].update(trainEnd="2024-01-21"),
            "InputInvalid",
            "challenger.trainEnd: expected a time with an offset",
        ),
    ],
)
def test_a_wrong_input_is_refused_in_a_sentence(job, logistic_model, change, type, words):
    change(job, logistic_model)
    with pytest.raises(StepFailure) as caught:
        evaluate(job)
    assert (caught.value.type, words in str(caught.value)) == (type, True), str(caught.value)


def test_a_holdout_without_labels_is_no_evaluation(job, source, make_rows, data):
    from ratchet_steps.snapshot import snapshot

    source(make_rows().assign(bad=lambda rows: rows["bad"].mask(rows["id"] >= 500)))
    window = {"start": "2024-01-01T05:00:00Z", "end": "2024-02-10T05:00:00Z"}
    job["datasetDigest"] = snapshot({"data": data, "window": window, "holdoutStart": HOLDOUT_START})["datasetDigest"]
    with pytest.raises(StepFailure, match="no row of the holdout") as caught:
        evaluate(job)
    assert caught.value.type == "WindowEmpty"


def test_a_refit_is_held_against_its_sibling(job, logistic_model):
    arms = {"refit": {"model": logistic_model(slope=1.4), "trainEnd": HOLDOUT_START}, "sibling": job["challenger"]}
    shared = {name: job[name] for name in ("datasetDigest", "data", "evaluation")}
    output = agree({"stage": "agree", **shared, **arms})
    assert output["rows"] == 500 and output["rankCorrelation"] == pytest.approx(1)
    assert 0 < output["meanAbsoluteDifference"] < 0.05
    evaluated = evaluate({**job, "challenger": arms["refit"], "champion": arms["sibling"]})
    assert output["differences"] == evaluated["differences"]["champion"]
    assert all(each["passed"] for each in output["probes"])


def test_a_model_that_always_says_the_same_agrees_with_nothing():
    assert rank_correlation(np.array([0.1, 0.2, 0.3]), np.array([0.5, 0.5, 0.5])) == 0
    assert rank_correlation(np.array([0.1, 0.2, 0.3]), np.array([0.9, 0.8, 0.7])) == pytest.approx(-1)
