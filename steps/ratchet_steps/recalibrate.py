"""Fits the champion's answers to labels that came since its training, and changes nothing else: a cheap first answer to a model
that still ranks well but predicts too much or too little.

Platt's method: two numbers, so that little data is enough, and a rising curve, so that the order of the rows stays as it was.
"""

from typing import Any, NoReturn

import numpy as np
import onnx
import pandas as pd
from onnx import helper, numpy_helper

from .contract import StepFailure, run_job
from .object_store import open_store
from .scoring import OUTPUT, format_of, open_scorer, score_frame
from .trainer import Trained, Training, train_job

ROWS_MIN = 200
CLASS_ROWS_MIN = 20
EDGE = 1e-6
"""Answers of exactly 0 and 1 have no log-odds: nearer to the edge than this counts as this."""


def recalibrate(job: dict[str, Any]) -> dict[str, Any]:
    """TrainInput with `recalibrates` -> TrainOutput. @throws StepFailure InputInvalid: too little came since, or it would not help."""
    champion = job["recalibrates"]
    content = open_store().get(champion["model"]["digest"])
    if format_of(content) != "onnx":
        raise StepFailure("InputInvalid", "the champion is no ONNX model, and only those can be recalibrated; train a new one instead")

    def train(training: Training) -> Trained:
        rows = _newer(training, champion["trainEnd"])
        before = score_frame(open_scorer(content, champion["model"]["inputs"], "champion"), rows, "champion")
        labels = rows[training.label].to_numpy(dtype=np.float64)
        slope, intercept = fit_platt(before, labels)
        model = calibrated(content, slope, intercept)
        after = score_frame(open_scorer(model, champion["model"]["inputs"], "the recalibrated model"), rows, "the recalibrated model")
        gaps = {name: float(abs(scores.mean() - labels.mean())) for name, scores in (("gapBefore", before), ("gapAfter", after))}
        return Trained(model, len(rows), {"slope": slope, "intercept": intercept, **gaps})

    return train_job(job, train)


def _newer(training: Training, train_end: str) -> pd.DataFrame:
    frame = training.frame
    rows = frame[(frame[training.time_column] >= pd.Timestamp(train_end)) & frame[training.label].notna()].reset_index(drop=True)
    positives = int((rows[training.label] == 1).sum())
    if len(rows) < ROWS_MIN or min(positives, len(rows) - positives) < CLASS_ROWS_MIN:
        raise StepFailure(
            "InputInvalid",
            f"expected at least {ROWS_MIN} labelled rows later than {train_end}, where the champion's training ended, with {CLASS_ROWS_MIN} "
            f"of each class, found {len(rows)} with {positives} positive; wait for more, or train a new model",
        )
    return rows


def fit_platt(scores: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Slope and intercept of the log-odds, by maximum likelihood. @throws StepFailure InputInvalid: the order would turn around."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1e6, max_iter=1000, tol=1e-8).fit(_log_odds(scores).reshape(-1, 1), labels)
    slope, intercept = float(model.coef_[0, 0]), float(model.intercept_[0])
    if slope <= 0:
        raise StepFailure(
            "InputInvalid", f"on {len(labels)} newer rows the champion's answers say nothing any more (slope {slope:.3g}): train a new model"
        )
    return slope, intercept


def calibrated(content: bytes, slope: float, intercept: float) -> bytes:
    """The model with `sigmoid(slope · log-odds + intercept)` behind its answer. The bytes depend on the arguments alone."""
    model = onnx.load_model_from_string(content)
    graph = model.graph
    inner = OUTPUT + ".uncalibrated"
    while inner in {name for node in graph.node for name in node.output}:
        inner += "'"
    _rename(graph, OUTPUT, inner)
    numbers = {"low": EDGE, "high": 1 - EDGE, "one": 1.0, "slope": slope, "intercept": intercept}
    named = {name: f"{inner}.{name}" for name in numbers}
    for name, value in numbers.items():
        graph.initializer.append(numpy_helper.from_array(np.array(value, dtype=np.float32), named[name]))

    def step(kind: str, inputs: list[str], output: str) -> str:
        graph.node.append(helper.make_node(kind, inputs, [output], name=output))
        return output

    least = step("Max", [inner, named["low"]], f"{inner}.least")
    most = step("Min", [least, named["high"]], f"{inner}.most")
    others = step("Sub", [named["one"], most], f"{inner}.others")
    odds = step("Div", [most, others], f"{inner}.odds")
    log_odds = step("Log", [odds], f"{inner}.logOdds")
    turned = step("Mul", [log_odds, named["slope"]], f"{inner}.turned")
    moved = step("Add", [turned, named["intercept"]], f"{inner}.moved")
    graph.node.append(helper.make_node("Sigmoid", [moved], [OUTPUT], name=f"{inner}.calibrated"))
    onnx.checker.check_model(model)
    return model.SerializeToString(deterministic=True)


def _rename(graph: onnx.GraphProto, before: str, after: str) -> None:
    """The tensor inside of the graph, also where a branch or a loop reads it; the graph's own output keeps its name."""
    for node in graph.node:
        for names in (node.input, node.output):
            names[:] = [after if name == before else name for name in names]
        for attribute in node.attribute:
            for inner in [attribute.g, *attribute.graphs] if attribute.type in (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS) else []:
                _rename(inner, before, after)


def _log_odds(scores: np.ndarray) -> np.ndarray:
    inside = np.clip(scores, EDGE, 1 - EDGE)
    return np.log(inside / (1 - inside))


def main() -> NoReturn:
    """Runs under the job contract and leaves the process."""
    run_job(("train", "refit"), ("datasetDigest", "files", "features", "label", "timeColumn", "config", "seed", "recalibrates"), recalibrate)


if __name__ == "__main__":
    main()
