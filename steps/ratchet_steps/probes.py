"""Asks a model what no holdout row may ask: nulls, unseen categories, extremes, many callers at once.

A probe that crashes has failed, with the words of the error.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd

from .scoring import Feeds, Scorer, describe_scores, feeds_of, is_probability

ROWS = 64
THREADS = 16
UNSEEN = "\u0394 ratchet-unseen"
UNBOUNDED = 1e9

Probe = tuple[str, Callable[[], str | None]]
"""Its name and a function that says what is wrong (null: nothing)."""


def probe(scorer: Scorer, before: Scorer | None, frame: pd.DataFrame, features: list[dict[str, Any]], arm: str) -> list[dict[str, Any]]:
    """ProbeResults for `scorer`; `before` is the model whose callers must still be understood (the champion)."""
    rows = frame.iloc[np.linspace(0, len(frame) - 1, min(ROWS, len(frame))).astype(int)]
    feeds = feeds_of(rows, scorer.inputs, arm)
    declared = {feature["name"]: feature for feature in features}
    taken = {wanted["name"] for wanted in scorer.inputs}
    used = [feature for feature in features if feature["name"] in taken]
    probes = [
        ("signature", lambda: _signature(scorer, before, declared)),
        *_field_probes(scorer, feeds, used),
        ("answers on every holdout row are probabilities", lambda: _answer(scorer, feeds_of(frame, scorer.inputs, arm))),
        (f"{THREADS} callers at once get the answers of one", lambda: _concurrent(scorer, feeds)),
    ]
    return [_run(name, ask) for name, ask in probes]


def _run(name: str, ask: Callable[[], str | None]) -> dict[str, Any]:
    try:
        wrong = ask()
    except Exception as error:
        wrong = f"{type(error).__name__}: {' '.join(str(error).split())}"
    return {"name": name, "passed": wrong is None, "detail": (wrong or "ok")[:500]}


def _field_probes(scorer: Scorer, feeds: Feeds, features: list[dict[str, Any]]) -> Iterator[Probe]:
    nullable = [feature for feature in features if feature.get("nullable")]
    for feature in nullable:
        yield f"null {feature['name']}", _ask_with(scorer, feeds, {feature["name"]: _null(feature)})
    if nullable:
        yield "every nullable field null", _ask_with(scorer, feeds, {feature["name"]: _null(feature) for feature in nullable})
    for feature in features:
        name = feature["name"]
        if feature["type"] == "category":
            yield f"unseen category in {name}", _ask_with(scorer, feeds, {name: UNSEEN})
            yield f"empty text in {name}", _ask_with(scorer, feeds, {name: ""})
        else:
            for value in _extremes(feature):
                yield f"{name} = {value:g}", _ask_with(scorer, feeds, {name: value})


def _extremes(feature: dict[str, Any]) -> list[float]:
    low, high = feature.get("min", -UNBOUNDED), feature.get("max", UNBOUNDED)
    return [low, high] if "min" in feature and "max" in feature else [low, 0.0, high]


def _null(feature: dict[str, Any]) -> float | str:
    return float("nan") if feature["type"] == "number" else ""


def _ask_with(scorer: Scorer, feeds: Feeds, values: dict[str, float | str]) -> Callable[[], str | None]:
    changed = {name: np.full_like(feeds[name], value) for name, value in values.items()}
    return lambda: _answer(scorer, {**feeds, **changed})


def _answer(scorer: Scorer, feeds: Feeds) -> str | None:
    expected = len(next(iter(feeds.values())))
    scores = scorer.score(feeds)
    if len(scores) == expected and is_probability(scores):
        return None
    return f"expected {expected} probabilities in [0, 1], found {describe_scores(scores)}"


def _signature(scorer: Scorer, before: Scorer | None, declared: dict[str, Any]) -> str | None:
    """Whoever asks the champion today must be understood tomorrow: no new field that may not be null, no other type."""
    inputs = {wanted["name"]: wanted["type"] for wanted in scorer.inputs}
    unknown = [name for name in inputs if name not in declared]
    if unknown:
        return f"expected only the features of the model file, found {', '.join(unknown)}"
    for name, type in inputs.items():
        if declared[name]["type"] != type:
            return f"{name}: expected {declared[name]['type']} as in the model file, found {type}"
    accepted = {wanted["name"]: wanted["type"] for wanted in before.inputs} if before else inputs
    for name, type in inputs.items():
        if name not in accepted and not declared[name].get("nullable"):
            return f"{name}: the champion's callers do not send it and it may not be null"
        if name in accepted and accepted[name] != type:
            return f"{name}: expected {accepted[name]} as the champion takes it, found {type}"
    return None


def _concurrent(scorer: Scorer, feeds: Feeds) -> str | None:
    rows = len(next(iter(feeds.values())))
    singles = [{name: values[index : index + 1] for name, values in feeds.items()} for index in range(rows)]
    alone = [scorer.score(single) for single in singles]
    with ThreadPoolExecutor(THREADS) as pool:
        together = list(pool.map(lambda _: [scorer.score(single) for single in singles], range(THREADS)))
    different = sum(not all(np.array_equal(a, b) for a, b in zip(alone, answers, strict=True)) for answers in together)
    return None if different == 0 else f"{different} of {THREADS} callers got other answers than one caller alone"
