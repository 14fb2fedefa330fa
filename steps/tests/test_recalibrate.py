import numpy as np
import pytest

from ratchet_steps.contract import StepFailure
from ratchet_steps.dataset import read_files
from ratchet_steps.recalibrate import recalibrate
from ratchet_steps.scoring import open_scorer, score_frame

TRAIN_END = "2024-01-04T05:00:00.000Z"


@pytest.fixture
def job(train_input):
    """job(model, train_end): a TrainInput that recalibrates `model` on the training part's rows from `train_end` on."""

    def make(model, train_end=TRAIN_END, **change):
        return train_input({}, recalibrates={"model": model, "trainEnd": train_end}, **change)

    return make


def holdout(store, taken):
    rows = read_files(store, [file for file in taken["dataset"]["files"] if file["part"] == "holdout"])
    return rows[rows["bad"].notna()].reset_index(drop=True)


def answers(store, model, rows):
    return score_frame(open_scorer(store.get(model["digest"]), model["inputs"], "model"), rows, "model")


def test_a_model_that_predicts_too_much_is_put_right_and_ranks_as_before(store, taken, job, logistic_model):
    """The law is σ(−1 + 1.5 size); the champion is sure of itself and 25 points too high."""
    champion = logistic_model(slope=3.0, intercept=0.5)
    output = recalibrate(job(champion))
    rows = holdout(store, taken)
    before, after, truth = answers(store, champion, rows), answers(store, output["model"], rows), 1 / (1 + np.exp(1 - 1.5 * rows["size"]))
    assert output["rows"] == 404 and output["trainWindow"]["end"] == "2024-01-21T05:00:00.000Z"
    assert abs(before.mean() - rows["bad"].mean()) > 0.15 > 0.05 > abs(after.mean() - rows["bad"].mean())
    assert np.abs(after - truth).max() < 0.1 < np.abs(before - truth).max()
    assert (np.argsort(before, kind="stable") == np.argsort(after, kind="stable")).mean() > 0.99
    assert output["metrics"]["gapAfter"] < 0.001 < output["metrics"]["gapBefore"]


def test_the_same_recalibration_twice_gives_the_same_bytes(job, logistic_model):
    champion = logistic_model(intercept=0.5)
    assert recalibrate(job(champion)) == recalibrate(job(champion))


def test_a_recalibrated_model_can_be_recalibrated(store, taken, job, logistic_model):
    once = recalibrate(job(logistic_model(intercept=1.0)))["model"]
    twice = recalibrate(job(once))
    rows = holdout(store, taken)
    assert np.abs(answers(store, once, rows) - answers(store, twice["model"], rows)).max() < 0.01
    assert twice["metrics"]["slope"] == pytest.approx(1, abs=0.01)


def test_answers_of_exactly_0_and_1_stay_probabilities(store, taken, job, logistic_model):
    model = recalibrate(job(logistic_model(slope=200.0, intercept=0.0)))["model"]
    found = answers(store, model, holdout(store, taken))
    assert np.isfinite(found).all() and 0 < found.min() < found.max() < 1


@pytest.mark.parametrize(
    ("slope", "train_end", "words"),
    [
        (1.5, "2024-01-15T05:00:00.000Z", "expected at least 200 labelled rows later than 2024-01-15.*found 143 with"),
        (1.5, "2024-03-01T05:00:00.000Z", "found 0 with 0 positive; wait for more"),
        (-1.5, TRAIN_END, "say nothing any more"),
    ],
)
def test_what_it_cannot_mend_is_refused(job, logistic_model, slope, train_end, words):
    with pytest.raises(StepFailure, match=words) as refused:
        recalibrate(job(logistic_model(slope=slope), train_end))
    assert refused.value.type == "InputInvalid"


def test_a_champion_that_is_no_onnx_model_is_refused(store, job):
    digest = store.put(b"PK\x03\x04 a packed model")
    with pytest.raises(StepFailure, match="no ONNX model|cannot be loaded"):
        recalibrate(job({"format": "pyfunc", "digest": digest, "bytes": 10, "inputs": [{"name": "size", "type": "number"}]}))
