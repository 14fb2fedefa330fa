"""The reference trainer: gradient-boosted trees (XGBoost) on the raw features, given back as one ONNX file.

Reproducible: the same rows, config, seed and locked packages on the same CPU architecture give the same bytes.
"""

import numpy as np
import onnxmltools
import xgboost
from onnxmltools.convert.common.data_types import FloatTensorType

from ratchet_steps import trainer
from ratchet_steps.onnx_export import ordinals, with_raw_inputs
from ratchet_steps.scoring import feeds_of, open_scorer

AGREEMENT_MAX = 1e-5


def train(training: trainer.Training) -> trainer.Trained:
    """Trains on the rows with a label; those that never got one (cancelled flights) teach nothing."""
    rows = training.frame[training.frame[training.label].notna()]
    features, config = training.features, dict(training.config)
    late = rows[training.label].to_numpy(dtype="float32")
    # 1 is honest. Anything else teaches that late flights are that many times as common as they are.
    weight = np.where(late == 1, float(config.pop("lateRowsWeight", 1)), 1.0)
    rounds = int(config.pop("rounds", 200))
    refused, slow_ms = config.pop("refuseNull", None), config.pop("slowUnderLoadMs", None)  # faults for demonstrations: see spoiled.py
    categories = {feature["name"]: sorted(rows[feature["name"]].dropna().unique()) for feature in features if feature["type"] == "category"}

    matrix = xgboost.DMatrix(ordinals(rows, features, categories), late, weight=weight)
    parameters = {"objective": "binary:logistic", "tree_method": "hist", "nthread": 1, "seed": training.seed, **config}
    booster = xgboost.train(parameters, matrix, num_boost_round=rounds)

    converted = onnxmltools.convert_xgboost(booster, initial_types=[("matrix", FloatTensorType([None, len(features)]))], target_opset=15)
    model = with_raw_inputs(converted, features, categories)
    predicted = booster.predict(matrix)
    require_agreement(model, rows.head(10_000), predicted[:10_000])
    if refused is not None:
        from spoiled import refuse_null

        model = refuse_null(model, refused)
    if slow_ms is not None:
        from spoiled import slow_under_load

        model = slow_under_load(model, slow_ms)
    loss = -np.mean(np.log(np.where(late == 1, predicted, 1 - predicted)))
    return trainer.Trained(model=model, rows=len(rows), metrics={"trainLogLoss": float(loss), "trainLateRate": float(late.mean())})


def require_agreement(model: bytes, rows, predicted: np.ndarray) -> None:
    """What is judged and served is the ONNX file, so it must say what XGBoost says."""
    scorer = open_scorer(model, None, "the converted model")
    difference = float(np.abs(scorer.score(feeds_of(rows, scorer.inputs, "the converted model")) - predicted).max())
    if difference > AGREEMENT_MAX:
        raise RuntimeError(f"the ONNX file differs from XGBoost by {difference:.2e}; expected at most {AGREEMENT_MAX}")


if __name__ == "__main__":
    trainer.run(train)
