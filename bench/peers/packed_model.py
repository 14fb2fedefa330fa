"""The same ONNX session as a packed MLflow model, for `mlflow models serve`."""

from typing import Any

import mlflow
import numpy as np
from mlflow.pyfunc import PythonModel, PythonModelContext


class OnnxModel(PythonModel):
    def load_context(self, context: PythonModelContext) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(context.artifacts["onnx"], options, providers=["CPUExecutionProvider"])

    def predict(self, context: PythonModelContext, model_input: Any, params: dict[str, Any] | None = None) -> np.ndarray:
        feeds = {
            given.name: model_input[given.name].to_numpy(dtype=object if given.type == "tensor(string)" else np.float32).reshape(-1, 1)
            for given in self.session.get_inputs()
        }
        return self.session.run(["probability"], feeds)[0].reshape(-1)


mlflow.models.set_model(OnnxModel())
