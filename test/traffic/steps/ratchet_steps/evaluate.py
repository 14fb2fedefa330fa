"""As the quick steps' own, with answers that the served model must give again."""

import datetime
import math

from .quick import finish, read_input

DAYS, ROWS = 28, 100
job = read_input()
train_end = job["challenger"]["trainEnd"]
end = datetime.datetime.fromisoformat(train_end.replace("Z", "+00:00")) + datetime.timedelta(days=DAYS)


def arm(auc, log_loss, model_end):
    return {
        "metrics": {"auc": auc, "logLoss": log_loss, "brier": 0.16},
        "calibration": {"meanPrediction": 0.23, "rate": 0.23, "bins": []},
        "latencyMs": {"p50": 0.1, "p99": 0.2},
        "bytes": 1000,
        "trainEnd": model_end,
    }


def better():
    sums = [ROWS * (-0.03 + (0.01 if day % 2 else -0.01)) for day in range(DAYS)]
    return {"logLoss": {"kind": "mean", "delta": -0.03, "rows": DAYS * ROWS, "blockRows": [ROWS] * DAYS, "blockSums": sums}}


def probability(distance):
    return 1 / (1 + math.exp(1 - distance / 1000))


distances = [float(distance) for distance in range(0, 2000, 10)]
histogram = [0] * 20
for distance in distances:
    histogram[int(probability(distance) * 20)] += 1
served = distances[::10]
champion, anchor = job["champion"], job["anchor"]
finish(
    {
        "holdout": {"start": train_end, "end": end.isoformat().replace("+00:00", "Z")},
        "rows": DAYS * ROWS,
        "labelledRows": DAYS * ROWS,
        "labelCoverage": {"overall": 1, "byScoreDecile": [1] * 10, "byMonth": []},
        "arms": {
            "challenger": arm(0.75, 0.48, train_end),
            "champion": champion and arm(0.7, 0.51, champion["trainEnd"]),
            "anchor": anchor and arm(0.7, 0.51, anchor["trainEnd"]),
            "baseline": None,
            "baseRate": arm(0.5, 0.55, None),
        },
        "differences": {"champion": champion and better(), "anchor": anchor and better(), "baseRate": better()},
        "slices": [],
        "probes": [{"name": "nulls", "passed": True, "detail": ""}],
        "served": {"rows": [{"distance": distance} for distance in served], "scores": [probability(distance) for distance in served]},
        "scoreHistogram": histogram,
    }
)
