"""Paired differences between two arms on the same rows, in blocks of rows that belong together (paired cluster bootstrap).

Rows of one block (a day, a user) go wrong together, so blocks are resampled, never rows; both arms get the same draws.
"""

from typing import Any

import numpy as np
import pandas as pd

from .contract import StepFailure
from .metrics import auc, row_losses

BLOCKS_MAX = 1000


def block_numbers(frame: pd.DataFrame, resample_by: str, time_column: str, time_zone: str) -> np.ndarray:
    """The block of each row, int64 [rows], numbered from 0: the local day, a column's value, or each row its own.

    @throws StepFailure InputInvalid: the column is not there, or has nulls (whose block would they be?).
    """
    if resample_by == "row":
        return np.arange(len(frame))
    if resample_by == "day":
        return pd.factorize(local_time(frame, time_column, time_zone).dt.date, sort=True)[0]
    if resample_by not in frame.columns:
        raise StepFailure("InputInvalid", f"evaluation.resampleBy: expected day, row or a column of the dataset, found {resample_by!r}")
    codes = pd.factorize(frame[resample_by], sort=True)[0]
    if (codes < 0).any():
        raise StepFailure(
            "InputInvalid", f"evaluation.resampleBy: column {resample_by} has {(codes < 0).sum()} nulls; expected a block for every row"
        )
    return codes


def local_time(frame: pd.DataFrame, time_column: str, time_zone: str) -> pd.Series:
    """The time column on the clocks of the zone. @throws StepFailure InputInvalid: unknown zone."""
    try:
        return frame[time_column].dt.tz_convert(time_zone)
    except (KeyError, ValueError, OSError):
        raise StepFailure("InputInvalid", f"data.timeZone: expected an IANA zone, found {time_zone!r}") from None


def compact_blocks(blocks: np.ndarray, seed: int, blocks_max: int = BLOCKS_MAX) -> np.ndarray:
    """Numbers without holes. More than `blocks_max` are put together at random: independent blocks, joined without
    looking at them, are independent blocks again, and the result stays small (25,000 rows as blocks would be megabytes).
    """
    codes = np.unique(blocks, return_inverse=True)[1]
    count = int(codes.max()) + 1 if len(codes) else 0
    if count <= blocks_max:
        return codes
    return (np.random.default_rng(seed).permutation(count) % blocks_max)[codes]


def draw_weights(blocks: int, replicates: int, seed: int) -> np.ndarray:
    """How often each block is drawn, float64 [replicates, blocks]: as many draws as blocks, with replacement."""
    return np.random.default_rng(seed).multinomial(blocks, np.full(blocks, 1 / blocks), size=replicates).astype(np.float64)


def paired_mean(metric: str, labels: np.ndarray, challenger: np.ndarray, other: np.ndarray, blocks: np.ndarray) -> dict[str, Any]:
    """PairedMean: per block the rows and Σ(challenger − other) loss, from which the judge builds any interval."""
    differences = row_losses(metric, labels, challenger) - row_losses(metric, labels, other)
    return {
        "kind": "mean",
        "delta": float(differences.mean()),
        "rows": len(labels),
        "blockRows": np.bincount(blocks).tolist(),
        "blockSums": np.round(np.bincount(blocks, weights=differences), 8).tolist(),
    }


def paired_auc(
    labels: np.ndarray, challenger: np.ndarray, other: np.ndarray, blocks: np.ndarray, replicates: int, seed: int
) -> dict[str, Any] | None:
    """PairedBootstrap of AUC(challenger) − AUC(other); null where it cannot be resampled (one block, or one class).

    A draw that holds one class only has no AUC and is left out; with more than a tenth of such draws the answer is null.
    """
    delta = auc(labels, challenger), auc(labels, other)
    count = int(blocks.max()) + 1 if len(blocks) else 0
    if count < 2 or delta[0] is None or delta[1] is None:
        return None
    weights = draw_weights(count, replicates, seed)
    pairs = (weights @ np.bincount(blocks, weights=labels == 1, minlength=count)) * (
        weights @ np.bincount(blocks, weights=labels == 0, minlength=count)
    )
    usable = pairs > 0
    if usable.mean() < 0.9:
        return None
    wins = _block_wins(labels, challenger, blocks, count) - _block_wins(labels, other, blocks, count)
    found = ((weights[usable] @ wins) * weights[usable]).sum(axis=1) / pairs[usable]
    return {
        "kind": "bootstrap",
        "delta": delta[0] - delta[1],
        "rows": len(labels),
        "blockRows": np.bincount(blocks).tolist(),
        "replicates": np.round(found, 6).tolist(),
    }


def _block_wins(labels: np.ndarray, scores: np.ndarray, blocks: np.ndarray, count: int) -> np.ndarray:
    """wins[k, l]: positives of block k above negatives of block l, ties half. AUC under block weights w is wᵀ·wins·w over
    the weighted pairs, so a replicate costs blocks² and not rows · log(rows).
    """
    positive = labels == 1
    positive_scores, positive_blocks = scores[positive], blocks[positive]
    order = np.argsort(positive_scores, kind="stable")
    positive_scores, positive_blocks = positive_scores[order], positive_blocks[order]
    wins = np.zeros((count, count))
    for block in range(count):
        negatives = np.sort(scores[~positive & (blocks == block)])
        if len(negatives):
            below = np.searchsorted(negatives, positive_scores, "left") + np.searchsorted(negatives, positive_scores, "right")
            wins[:, block] = np.bincount(positive_blocks, weights=below / 2, minlength=count)
    return wins


def paired_differences(
    metrics: list[str], labels: np.ndarray, challenger: np.ndarray, other: np.ndarray, blocks: np.ndarray, replicates: int, seed: int
) -> dict[str, Any]:
    """Metric -> PairedDifference; a metric that cannot be compared is left out, so a gate on it finds no data."""
    differences: dict[str, Any] = {}
    for metric in metrics:
        if len(labels) == 0:
            continue
        found = (
            paired_auc(labels, challenger, other, blocks, replicates, seed)
            if metric == "auc"
            else paired_mean(metric, labels, challenger, other, blocks)
        )
        if found is not None:
            differences[metric] = found
    return differences
