"""Writes a small real model, sigmoid(distance / 1000 − 1), with the fault that the model file asks for."""

import os

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ratchet_steps.quick import finish, put, read_input

with open(os.environ["TRAININGS_FILE"], "a", encoding="utf-8") as file:
    file.write(os.environ["RATCHET_JOB_NAME"] + "\n")
job = read_input()
scalar = {name: numpy_helper.from_array(np.array(value, dtype=np.float32), name) for name, value in (("scale", 1000), ("one", 1))}
nodes = [
    helper.make_node("Div", ["distance", "scale"], ["scaled"]),
    helper.make_node("Sub", ["scaled", "one"], ["centred"]),
    helper.make_node("Sigmoid", ["centred"], ["probability"]),
]
given = [helper.make_tensor_value_info("distance", TensorProto.FLOAT, [None, 1])]
answer = [helper.make_tensor_value_info("probability", TensorProto.FLOAT, [None, 1])]
graph = helper.make_graph(nodes, "quick", given, answer, list(scalar.values()))
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
helper.set_model_props(model, {"dataset": job["datasetDigest"], **{f"ratchet.example.{name}": str(value) for name, value in job["config"].items()}})
onnx.checker.check_model(model)
content = model.SerializeToString(deterministic=True)
finish(
    {
        "model": {"format": "onnx", "digest": put(content), "bytes": len(content), "inputs": [{"name": "distance", "type": "number"}]},
        "rows": 1000,
        "trainWindow": {"start": job["files"][0]["window"]["start"], "end": job["files"][-1]["window"]["end"]},
        "metrics": {"auc": 0.75},
        "mlflowRunId": None,
    }
)
