"""What the quick steps say of every challenger: clearly better than whoever is champion or anchor."""

import datetime

DAYS, ROWS = 28, 100


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


def evaluation(job):
    """EvaluateInput -> EvaluateOutput."""
    train_end = job["challenger"]["trainEnd"]
    end = datetime.datetime.fromisoformat(train_end.replace("Z", "+00:00")) + datetime.timedelta(days=DAYS)
    champion, anchor = job["champion"], job["anchor"]
    return {
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
    }
