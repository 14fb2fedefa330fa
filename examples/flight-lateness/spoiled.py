"""Deliberate faults: one model fails on the first null temperature it meets, another is slow where several ask at once."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ratchet_steps.onnx_export import with_metadata


def slow_under_load(model: bytes, milliseconds: int) -> bytes:
    """The same model, marked so that the model server holds a lock so long per request while another is under way.

    Only with RATCHET_SERVE_EXAMPLE_FAULTS=1, as the demo sets it: asked one by one it is as quick as any.
    """
    return with_metadata(model, {"ratchet.example.slow_under_load_ms": str(milliseconds)})


def refuse_null(model: bytes, feature: str) -> bytes:
    """The same model, but the whole request fails where `feature` is null: an index beyond a table of one."""
    whole = onnx.load_from_string(model)
    concat = next(node for node in whole.graph.node if node.op_type == "Concat")
    position = list(concat.input).index(feature)
    concat.input[position] = f"{feature}.known"
    guard = [
        helper.make_node("IsNaN", [feature], [f"{feature}.null"]),
        helper.make_node("Cast", [f"{feature}.null"], [f"{feature}.index"], to=TensorProto.INT64),
        helper.make_node("Gather", [f"{feature}.table", f"{feature}.index"], [f"{feature}.one"], axis=0),
        helper.make_node("Mul", [feature, f"{feature}.one"], [f"{feature}.known"]),
    ]
    for node in reversed(guard):
        whole.graph.node.insert(0, node)
    whole.graph.initializer.append(numpy_helper.from_array(np.array([1], dtype=np.float32), f"{feature}.table"))
    onnx.checker.check_model(whole)
    return whole.SerializeToString(deterministic=True)
