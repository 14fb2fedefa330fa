"""What the flights say about tests: per day sums of log-loss for the windows of examples/flight-lateness/acts.py, and how
often DeLong's test finds a difference between two models that were swapped on random days.

`python bench/flights.py <file>` writes one JSON document; bench/flights.ts asks the code that judges about it.
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

example = Path(__file__).resolve().parent.parent / "examples" / "flight-lateness"
sys.path.insert(0, str(example))
import acts  # noqa: E402  (brings the steps as well)
from scipy.stats import norm, rankdata  # noqa: E402

from ratchet_steps.dataset import read_part  # noqa: E402
from ratchet_steps.object_store import open_store  # noqa: E402
from ratchet_steps.scoring import open_scorer, score_frame  # noqa: E402

SWAPS = 1000
ALPHA = 0.05


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["RATCHET_STORE_URI"] = f"file://{folder}"
        spec = yaml.safe_load((example / "model.yaml").read_text())["spec"]
        taken = {month: acts.snapshot(spec, *window) for month, window in acts.WINDOWS.items()}
        models = {month: acts.train(spec, taken[month]) for month in taken}
        champions = {"july": "april", "august": "july"}
        windows = [window_of(spec, month, taken, models, champions.get(month)) for month in taken]
    Path(sys.argv[1]).write_text(json.dumps(windows), encoding="utf-8")


def window_of(
    spec: dict[str, Any], month: str, taken: dict[str, Any], models: dict[str, Any], champion: str | None
) -> dict[str, Any]:
    """Sums by day over the holdout's labelled rows; everything about a difference is challenger less champion."""
    store = open_store()
    rows = read_part(store, taken[month]["dataset"], "holdout")
    rows = rows[rows[spec["data"]["label"]["column"]].notna()]
    late = rows[spec["data"]["label"]["column"]].to_numpy(dtype=bool)
    day, _ = pd.factorize(rows[spec["data"]["timeColumn"]].dt.tz_convert(spec["data"]["timeZone"]).dt.date)

    def scores_of(name: str) -> np.ndarray:
        return score_frame(open_scorer(store.get(models[name]["model"]["digest"]), None, name), rows, name)

    challenger = scores_of(month)
    arms = [{"model": month, **sums(loss(challenger, late), day)}]
    pair = None
    if champion is not None:
        other = scores_of(champion)
        arms.append({"model": champion, **sums(loss(other, late), day)})
        difference = sums(loss(challenger, late) - loss(other, late), day)
        pair = {**difference, "swaps": SWAPS, "delongRejections": delong_rejections(challenger, other, late, day)}
    return {"month": month, "blockRows": np.bincount(day).tolist(), "arms": arms, "pair": pair}


def sums(values: np.ndarray, day: np.ndarray) -> dict[str, Any]:
    return {"blockSums": np.bincount(day, weights=values).tolist(), "squares": float((values**2).sum())}


def loss(scores: np.ndarray, late: np.ndarray) -> np.ndarray:
    clipped = scores.clip(1e-15, 1 - 1e-15)
    return -np.log(np.where(late, clipped, 1 - clipped))


def delong_rejections(first: np.ndarray, second: np.ndarray, late: np.ndarray, day: np.ndarray) -> int:
    draw = np.random.default_rng(5)
    rejected = 0
    for _ in range(SWAPS):
        swapped = (draw.random(day.max() + 1) < 0.5)[day]
        z = delong_z(np.where(swapped, second, first), np.where(swapped, first, second), late)
        rejected += abs(z) > norm.ppf(1 - ALPHA / 2)
    return int(rejected)


def delong_z(first: np.ndarray, second: np.ndarray, late: np.ndarray) -> float:
    """(AUC of the first - AUC of the second) / its standard error over rows; by midranks (Sun and Xu 2014)."""
    positives, negatives = int(late.sum()), int((~late).sum())
    aucs, of_positives, of_negatives = [], [], []
    for scores in (first, second):
        ranks = rankdata(scores)
        above = (ranks[late] - rankdata(scores[late])) / negatives
        below = 1 - (ranks[~late] - rankdata(scores[~late])) / positives
        aucs.append(above.mean())
        of_positives.append(above)
        of_negatives.append(below)
    variance = np.var(of_positives[0] - of_positives[1], ddof=1) / positives + np.var(of_negatives[0] - of_negatives[1], ddof=1) / negatives
    return float((aucs[0] - aucs[1]) / np.sqrt(variance))


if __name__ == "__main__":
    main()
