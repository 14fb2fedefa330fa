"""What an honest refit and one on shuffled labels look like beside their judged sibling, over the flights of 2013.

`python bench/refit.py <file>` writes one JSON document; bench/refit.ts asks the code that judges about it. Every month, for all
flights and for each airport: the sibling is trained up to the holdout's 28 days, the refit on these as well.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"
example = Path(__file__).resolve().parent.parent / "examples" / "flight-lateness"
sys.path[:0] = [str(example), str(example.parent.parent / "steps")]

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import xgboost  # noqa: E402
import yaml  # noqa: E402
from flights import load  # noqa: E402

from ratchet_steps.agree import rank_correlation  # noqa: E402
from ratchet_steps.onnx_export import ordinals  # noqa: E402
from ratchet_steps.paired import block_numbers, compact_blocks, paired_differences  # noqa: E402

HOLDOUT = pd.Timedelta(days=28)
LABEL_DELAY = pd.Timedelta(days=1)


def main() -> None:
    spec = yaml.safe_load((example / "watched.yaml").read_text())["spec"]
    zone = spec["data"]["timeZone"]
    rows = load(pd.Timestamp("2013-01-01", tz=zone), pd.Timestamp("2014-01-01", tz=zone))
    rows = rows[rows["late"].notna()].reset_index(drop=True)
    found = []
    for airport in (None, "EWR", "JFK", "LGA"):
        flights = rows if airport is None else rows[rows["origin"] == airport]
        for month in range(4, 13):
            end = pd.Timestamp(f"2013-{month:02d}-01", tz=zone) - LABEL_DELAY
            print(f"{airport or 'all'} {end.date()}", file=sys.stderr, flush=True)
            found += [{"airport": airport, "end": str(end.date()), **each} for each in refits(spec, flights, end)]
    Path(sys.argv[1]).write_text(json.dumps(found), encoding="utf-8")


def refits(spec: dict[str, Any], flights: pd.DataFrame, end: pd.Timestamp) -> list[dict[str, Any]]:
    at = flights["scheduled_departure_at"]
    known, held = flights[at < end], flights[(at >= end - HOLDOUT) & (at < end)]
    sibling = train(spec, known.loc[known.index.difference(held.index)])(held)
    shuffled = known.copy()
    shuffled.loc[held.index, "late"] = np.random.default_rng(1).permutation(held["late"].to_numpy())
    return [{"kind": kind, **agreement(spec, held, train(spec, on)(held), sibling)} for kind, on in (("honest", known), ("shuffled", shuffled))]


def agreement(spec: dict[str, Any], held: pd.DataFrame, refit: np.ndarray, sibling: np.ndarray) -> dict[str, Any]:
    data, evaluation = spec["data"], {"seed": 1, **spec["evaluation"]}
    blocks = block_numbers(held, evaluation["resampleBy"], data["timeColumn"], data["timeZone"])
    labels = held["late"].to_numpy(dtype=np.float64)
    differences = paired_differences(["logLoss"], labels, refit, sibling, compact_blocks(blocks, evaluation["seed"]), 0, evaluation["seed"])
    return {
        "rows": len(held),
        "rankCorrelation": rank_correlation(refit, sibling),
        "meanAbsoluteDifference": float(np.abs(refit - sibling).mean()),
        "differences": differences,
    }


def train(spec: dict[str, Any], rows: pd.DataFrame):
    """The example's recipe without its conversion, which would be most of the time. @returns scores of rows"""
    features, config = spec["data"]["features"], dict(spec["trainer"]["config"])
    rounds, _ = config.pop("rounds"), config.pop("lateRowsWeight")
    categories = {each["name"]: sorted(rows[each["name"]].dropna().unique()) for each in features if each["type"] == "category"}
    matrix = xgboost.DMatrix(ordinals(rows, features, categories), rows["late"].to_numpy(dtype="float32"))
    parameters = {"objective": "binary:logistic", "tree_method": "hist", "nthread": 1, "seed": spec["trainer"]["seed"], **config}
    booster = xgboost.train(parameters, matrix, num_boost_round=rounds)
    return lambda asked: booster.predict(xgboost.DMatrix(ordinals(asked, features, categories)))


if __name__ == "__main__":
    main()
