import time

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from ratchet_steps.contract import StepFailure
from ratchet_steps.metrics import all_metrics, auc, calibration
from ratchet_steps.paired import block_numbers, compact_blocks, draw_weights, paired_auc, paired_differences, paired_mean


def world(rows: int = 2000, blocks: int = 12, seed: int = 5) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Labels, two arms' scores (rounded: ties), blocks."""
    random = np.random.default_rng(seed)
    truth = random.normal(size=rows)
    labels = (truth + random.normal(size=rows) > 0.5).astype(float)
    good, weak = (np.round(1 / (1 + np.exp(-truth * slope)), 2) for slope in (1.0, 0.2))
    return labels, good, np.round(weak + random.normal(size=rows) * 0.05, 2).clip(0.01, 0.99), random.integers(0, blocks, rows)


def test_the_metrics_are_those_of_scikit_learn():
    labels, scores, _, _ = world()
    assert all_metrics(labels, scores) == pytest.approx(
        {"auc": roc_auc_score(labels, scores), "logLoss": log_loss(labels, scores), "brier": brier_score_loss(labels, scores)}
    )


@pytest.mark.parametrize(
    ("labels", "scores", "expected"), [([1, 1], [0.2, 0.3], None), ([], [], None), ([0, 1], [0.5, 0.5], 0.5), ([0, 1], [0.1, 0.9], 1.0)]
)
def test_auc_at_its_edges(labels, scores, expected):
    assert auc(np.array(labels, dtype=float), np.array(scores, dtype=float)) == expected


def test_answers_of_exactly_zero_and_one_have_a_finite_loss():
    assert np.isfinite(all_metrics(np.array([1.0, 0.0]), np.array([0.0, 1.0]))["logLoss"])


def test_each_replicate_is_the_auc_of_the_drawn_blocks():
    labels, challenger, other, blocks = world()
    found = paired_auc(labels, challenger, other, blocks, 50, 9)
    weights = draw_weights(12, 50, 9)
    for replicate, weight in zip(found["replicates"], weights, strict=True):
        rows = weight[blocks]
        expected = roc_auc_score(labels, challenger, sample_weight=rows) - roc_auc_score(labels, other, sample_weight=rows)
        assert replicate == pytest.approx(expected, abs=1e-6)
    assert found["delta"] == pytest.approx(roc_auc_score(labels, challenger) - roc_auc_score(labels, other))
    assert sum(found["blockRows"]) == found["rows"] == 2000


def test_the_same_seed_gives_the_same_replicates():
    labels, challenger, other, blocks = world()
    assert paired_auc(labels, challenger, other, blocks, 100, 1) == paired_auc(labels, challenger, other, blocks, 100, 1)
    assert paired_auc(labels, challenger, other, blocks, 100, 1) != paired_auc(labels, challenger, other, blocks, 100, 2)


def test_block_sums_give_back_the_difference():
    labels, challenger, other, blocks = world()
    found = paired_mean("logLoss", labels, challenger, other, blocks)
    assert sum(found["blockSums"]) / sum(found["blockRows"]) == pytest.approx(found["delta"], abs=1e-9)
    assert found["delta"] == pytest.approx(log_loss(labels, challenger) - log_loss(labels, other))
    assert found["delta"] < 0


def test_an_arm_against_itself_differs_by_nothing():
    labels, challenger, _, blocks = world()
    found = paired_differences(["auc", "logLoss", "brier"], labels, challenger, challenger, blocks, 200, 1)
    assert found["auc"]["delta"] == 0 and set(found["auc"]["replicates"]) == {0.0}
    assert set(found["logLoss"]["blockSums"]) == {0.0}


@pytest.mark.parametrize(
    ("labels", "blocks"),
    [([1, 0, 1, 0], [0, 0, 0, 0]), ([1, 1, 1, 1], [0, 1, 2, 3]), ([1, 0, 0, 0], [0, 1, 2, 3])],
    ids=["one block", "one class", "most draws of one class"],
)
def test_an_auc_that_cannot_be_resampled_is_left_out_and_means_stay(labels, blocks):
    scores = np.array([0.9, 0.2, 0.4, 0.3])
    found = paired_differences(["auc", "brier"], np.array(labels, dtype=float), scores, scores / 2, np.array(blocks), 100, 1)
    assert list(found) == ["brier"]


def test_days_begin_at_local_midnight():
    frame = pd.DataFrame(
        {"at": pd.to_datetime(["2024-01-02T04:59:59Z", "2024-01-02T05:00:00Z", "2024-01-03T04:00:00Z"]), "user": ["b", "a", "b"]}
    )
    assert block_numbers(frame, "day", "at", "America/New_York").tolist() == [0, 1, 1]
    assert block_numbers(frame, "day", "at", "UTC").tolist() == [0, 0, 1]
    assert block_numbers(frame, "user", "at", "UTC").tolist() == [1, 0, 1]
    assert block_numbers(frame, "row", "at", "UTC").tolist() == [0, 1, 2]


def test_a_row_without_a_block_is_refused():
    frame = pd.DataFrame({"at": pd.to_datetime(["2024-01-02T04:59:59Z", "2024-01-03T04:59:59Z"]), "user": ["b", None]})
    for by, words in [("user", "column user has 1 nulls"), ("hospital", "found 'hospital'")]:
        with pytest.raises(StepFailure, match=words):
            block_numbers(frame, by, "at", "UTC")
    with pytest.raises(StepFailure, match="expected an IANA zone"):
        block_numbers(frame, "day", "at", "Mars/Olympus")


def test_more_than_a_thousand_blocks_are_joined_at_random_and_evenly():
    compact = compact_blocks(np.arange(25_000), 1)
    assert np.bincount(compact).tolist() == [25] * 1000
    assert compact_blocks(np.array([7, 3, 7]), 1).tolist() == [1, 0, 1]
    spread = np.std(paired_auc(*world(20_000)[:3], compact_blocks(np.arange(20_000), 1), 500, 1)["replicates"])
    by_row = np.std(paired_auc(*world(20_000)[:3], compact_blocks(np.arange(20_000), 1, 500), 500, 1)["replicates"])
    assert spread == pytest.approx(by_row, rel=0.25)


def test_two_thousand_replicates_of_25_000_rows_take_seconds():
    labels, challenger, other, blocks = world(25_000, 28)
    begin = time.process_time()
    paired_auc(labels, challenger, other, blocks, 2000, 1)
    assert time.process_time() - begin < 3


def test_calibration_bins_hold_equally_many_rows_and_keep_equal_scores_together():
    labels, scores, _, _ = world()
    found = calibration(labels, scores)
    assert sum(each["rows"] for each in found["bins"]) == 2000
    assert found["meanPrediction"] == pytest.approx(scores.mean())
    assert len(calibration(labels, np.full(2000, 0.3))["bins"]) == 1
