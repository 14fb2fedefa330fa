"""Logistic regression, given back as one ONNX file."""

from ratchet_steps import trainer
from ratchet_steps.onnx_export import ordinals, with_raw_inputs
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.linear_model import LogisticRegression


def train(training: trainer.Training) -> trainer.Trained:
    rows, features = training.frame, training.features
    categories = {feature["name"]: sorted(rows[feature["name"]].unique()) for feature in features if feature["type"] == "category"}
    model = LogisticRegression().fit(ordinals(rows, features, categories), rows[training.label].astype(int))
    converted = to_onnx(
        model,
        initial_types=[("matrix", FloatTensorType([None, len(features)]))],
        options={"zipmap": False},
        target_opset={"": 15, "ai.onnx.ml": 3},
    )
    return trainer.Trained(model=with_raw_inputs(converted, features, categories), rows=len(rows), metrics={})


if __name__ == "__main__":
    trainer.run(train)
