"""A trainer that survives its node: a small neural network, trained in mini-batches, which keeps checkpoints.

Weights, momentum and position decide what comes next, so they are what a checkpoint holds: killed at any moment and started
again, it gives the same bytes as if nothing had happened. Each epoch draws its own order of rows from the seed.
"""

import time

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from ratchet_steps import trainer
from ratchet_steps.contract import report_training
from ratchet_steps.onnx_export import IR_VERSION, ordinals, with_raw_inputs

NAMES = ("w1", "b1", "w2", "b2")


def train(training: trainer.Training) -> trainer.Trained:
    """Trains on the rows with a label. config: hidden, epochs, batchRows, learningRate, momentum, checkpointSeconds."""
    config, features = training.config, training.features
    rows = training.frame[training.frame[training.label].notna()]
    categories = {f["name"]: sorted(rows[f["name"]].dropna().unique()) for f in features if f["type"] == "category"}
    raw = ordinals(rows, features, categories)
    mean = np.nan_to_num(np.nanmean(raw, axis=0))
    scale = np.maximum(np.nan_to_num(np.nanstd(raw, axis=0)), 1e-6)
    matrix = np.nan_to_num((raw - mean) / scale)  # a null is as the mean
    late = rows[training.label].to_numpy(dtype="float64")

    epochs, batch_rows = int(config.get("epochs", 10)), int(config.get("batchRows", 256))
    batches = -(-len(matrix) // batch_rows)
    state, step = begin_or_go_on(training, matrix.shape[1], int(config.get("hidden", 16)))
    started, first = time.monotonic(), step
    loss = 0.0
    while step < epochs * batches:
        epoch, batch = divmod(step, batches)
        order = np.random.default_rng([training.seed, epoch]).permutation(len(matrix))
        chosen = order[batch * batch_rows : (batch + 1) * batch_rows]
        loss = descend(state, matrix[chosen], late[chosen], float(config.get("learningRate", 0.05)), float(config.get("momentum", 0.9)))
        step += 1
        rate = (step - first) * batch_rows / max(time.monotonic() - started, 1e-6)
        report_training(step, epochs * batches, loss=loss, epoch=epoch + 1, epochs=epochs, examples_per_second=rate)
        training.checkpoints.offer(step, lambda folder: np.savez(folder / "state.npz", **state), config.get("checkpointSeconds", 300))
    model = with_raw_inputs(graph(state, mean, scale), features, categories)
    return trainer.Trained(model=model, rows=len(rows), metrics={"trainLogLoss": float(loss)})


def begin_or_go_on(training: trainer.Training, width: int, hidden: int) -> tuple[dict[str, np.ndarray], int]:
    """The state of the last complete checkpoint and its step, else small random weights and 0."""
    found = training.checkpoints.latest()
    if found is not None:
        with np.load(found.folder / "state.npz") as saved:
            return {name: saved[name] for name in saved.files}, found.step
    random = np.random.default_rng(training.seed)
    weights = random.normal(0, 0.1, (width, hidden)), np.zeros(hidden), random.normal(0, 0.1, hidden), np.zeros(())
    state = dict(zip(NAMES, weights, strict=True))
    return {**state, **{f"{name}.momentum": np.zeros_like(value) for name, value in state.items()}}, 0


def descend(state: dict[str, np.ndarray], matrix: np.ndarray, late: np.ndarray, rate: float, momentum: float) -> float:
    """One step of gradient descent with momentum. Returns the mean log loss of the batch before it."""
    hidden = np.tanh(matrix @ state["w1"] + state["b1"])
    chance = 1 / (1 + np.exp(-(hidden @ state["w2"] + state["b2"])))
    error = (chance - late) / len(late)
    inner = np.outer(error, state["w2"]) * (1 - hidden**2)
    gradients = matrix.T @ inner, inner.sum(axis=0), hidden.T @ error, error.sum()
    for name, gradient in zip(NAMES, gradients, strict=True):
        state[f"{name}.momentum"] = momentum * state[f"{name}.momentum"] - rate * gradient
        state[name] = state[name] + state[f"{name}.momentum"]
    return float(-np.mean(late * np.log(chance + 1e-12) + (1 - late) * np.log(1 - chance + 1e-12)))


def graph(state: dict[str, np.ndarray], mean: np.ndarray, scale: np.ndarray):
    """The network as ONNX, from one matrix to the chances of both classes."""
    constants = {
        "mean": mean,
        "scale": scale,
        "nothing": np.zeros(1),
        "w1": state["w1"],
        "b1": state["b1"],
        "w2": np.column_stack([-state["w2"] / 2, state["w2"] / 2]),
        "b2": np.array([-state["b2"] / 2, state["b2"] / 2]),
    }
    nodes = [
        helper.make_node("Sub", ["matrix", "mean"], ["centred"]),
        helper.make_node("Div", ["centred", "scale"], ["scaled"]),
        helper.make_node("IsNaN", ["scaled"], ["unknown"]),
        helper.make_node("Where", ["unknown", "nothing", "scaled"], ["known"]),
        helper.make_node("Gemm", ["known", "w1", "b1"], ["sums"]),
        helper.make_node("Tanh", ["sums"], ["hidden"]),
        helper.make_node("Gemm", ["hidden", "w2", "b2"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["probabilities"], axis=1),
    ]
    initializers = [numpy_helper.from_array(np.asarray(value, dtype=np.float32), name) for name, value in constants.items()]
    inputs = [helper.make_tensor_value_info("matrix", TensorProto.FLOAT, [None, len(mean)])]
    outputs = [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, 2])]
    body = helper.make_graph(nodes, "network", inputs, outputs, initializers)
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", 15)], ir_version=IR_VERSION)


if __name__ == "__main__":
    trainer.run(train)
