from ratchet_steps import trainer
from ratchet_steps.onnx_export import ordinals, with_raw_inputs
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline


def train(training: trainer.Training) -> trainer.Trained:
    rows = training.frame[training.frame[training.label].notna()]
    features = training.features
    categories = {f["name"]: sorted(rows[f["name"]].dropna().unique()) for f in features if f["type"] == "category"}
    matrix = ordinals(rows, features, categories)  # [rows, features], float32
    # Nulls, and categories that training never saw, come as NaN: also in what is converted.
    recipe = make_pipeline(SimpleImputer(), LogisticRegression(random_state=training.seed, **training.config))
    fitted = recipe.fit(matrix, rows[training.label].astype(int))
    converted = to_onnx(
        fitted,
        initial_types=[("matrix", FloatTensorType([None, len(features)]))],
        options={"zipmap": False},
        target_opset={"": 15, "ai.onnx.ml": 3},
    )
    model = with_raw_inputs(converted, features, categories)
    return trainer.Trained(model=model, rows=len(rows), metrics={})


if __name__ == "__main__":
    trainer.run(train)
