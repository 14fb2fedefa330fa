"""Makes a converter's model into Ratchet's canonical model file: raw features by name in, `probability` out.

Inputs: one [N, 1] tensor per feature; float32 for numbers (NaN = null), string for categories ('' = null). Categories are
turned into ordinals inside the graph; null and unseen ones become NaN, which tree models take as missing.
"""

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET, ML_OPSET, IR_VERSION = 15, 3, 8


def ordinals(frame: Any, features: list[dict[str, Any]], categories: dict[str, list[str]]) -> np.ndarray:
    """The matrix [rows, features] (float32) that the model is trained on: exactly what the graph below computes."""
    columns = []
    for feature in features:
        values = frame[feature["name"]]
        if feature["type"] == "category":
            values = values.map({category: code for code, category in enumerate(categories[feature["name"]])})
        columns.append(values.to_numpy(dtype="float32", na_value=np.nan))
    return np.column_stack(columns)


def with_raw_inputs(model: onnx.ModelProto, features: list[dict[str, Any]], categories: dict[str, list[str]]) -> bytes:
    """Wraps a classifier that takes one [N, features] float matrix and gives [N, 2] probabilities (as onnxmltools and
    skl2onnx make them, zipmap off). The bytes depend on the arguments alone.
    """
    inner = model.graph
    probabilities = inner.output[-1].name
    inputs, nodes, columns = [], [], []
    for feature in features:
        name = feature["name"]
        if feature["type"] == "category":
            inputs.append(helper.make_tensor_value_info(name, TensorProto.STRING, [None, 1]))
            nodes.append(_encoder(name, categories[name]))
            columns.append(f"{name}.ordinal")
        else:
            inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 1]))
            columns.append(name)
    nodes.append(helper.make_node("Concat", columns, [inner.input[0].name], name="features", axis=1))
    nodes.extend(inner.node)
    nodes.append(helper.make_node("Gather", [probabilities, "positive"], ["probability"], name="probability", axis=1))
    graph = helper.make_graph(
        nodes,
        "ratchet",
        inputs,
        [helper.make_tensor_value_info("probability", TensorProto.FLOAT, [None, 1])],
        [*inner.initializer, numpy_helper.from_array(np.array([1], dtype=np.int64), "positive")],
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)]
    whole = helper.make_model(graph, opset_imports=opsets, producer_name="ratchet", ir_version=IR_VERSION)
    onnx.checker.check_model(whole)
    return whole.SerializeToString(deterministic=True)


def _encoder(name: str, categories: list[str]) -> onnx.NodeProto:
    return helper.make_node(
        "LabelEncoder",
        [name],
        [f"{name}.ordinal"],
        name=f"{name}.encoder",
        domain="ai.onnx.ml",
        keys_strings=categories,
        values_floats=[float(code) for code in range(len(categories))],
        default_float=float("nan"),
    )


def with_metadata(content: bytes, metadata: dict[str, str]) -> bytes:
    """An ONNX file with entries in its metadata."""
    model = onnx.load_model_from_string(content)
    for key, value in metadata.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    return model.SerializeToString(deterministic=True)
