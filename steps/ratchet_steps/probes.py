"""Asks a model what no holdout row may ask: nulls, unseen categories, extremes, many callers at once.

A probe that crashes has failed: in a sentence for people first, the words of the error last.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd

from .scoring import Feeds, Scorer, describe_scores, feeds_of, is_probability

ROWS = 64
THREADS = 16
UNSEEN = "\u0394 ratchet-unseen"
UNBOUNDED = 1e9
WORDS_MAX = 160
CALLERS = "the champion's callers"
NARROW_ON_PURPOSE = "Where none does: gates.probes: report, for one cycle"
BEFORE = {"challenger": "champion", "refit": "judged sibling"}

Probe = tuple[str, Callable[[], str | None]]
"""Its name and a function that says what is wrong (null: nothing)."""

Refusal = Callable[[dict[str, float | str]], str]
"""How a refusal of these values begins, with `{what}` for what was asked."""


def probe(
    scorer: Scorer, before: Scorer | None, frame: pd.DataFrame, features: list[dict[str, Any]], arm: str, promised: Sequence[dict[str, Any]] = ()
) -> list[dict[str, Any]]:
    """ProbeResults for `scorer`; `before` is the model whose callers must still be understood (the champion), and
    `promised` the features that its model file lets them send."""
    rows = frame.iloc[np.linspace(0, len(frame) - 1, min(ROWS, len(frame))).astype(int)]
    feeds = feeds_of(rows, scorer.inputs, arm)
    declared = {feature["name"]: feature for feature in features}
    taken = {wanted["name"] for wanted in scorer.inputs}
    used = [feature for feature in features if feature["name"] in taken]
    probes = [
        ("signature", lambda: _narrower(promised, declared) or _signature(scorer, before, declared)),
        *_field_probes(scorer, feeds, used, lambda values: _refusal(before, rows, values, arm)),
        ("answers on every holdout row are probabilities", lambda: _answer(scorer, feeds_of(frame, scorer.inputs, arm))),
        (f"{THREADS} callers at once get the answers of one", lambda: _concurrent(scorer, feeds)),
    ]
    return [_run(name, ask) for name, ask in probes]


def _run(name: str, ask: Callable[[], str | None]) -> dict[str, Any]:
    try:
        wrong = ask()
    except Exception as error:
        wrong = f"it failed ({_words(error)})"
    return {"name": name, "passed": wrong is None, "detail": (wrong or "ok")[:500]}


def _words(error: Exception) -> str:
    """An error's own words, on one line and short: they are for whoever mends the model."""
    text = str(error).rsplit("Status Message:", 1)[-1]  # before it ONNX Runtime says where in its graph
    words = f"{type(error).__name__}: {' '.join(text.split())}"
    return words if len(words) <= WORDS_MAX else f"{words[: WORDS_MAX - 1]}\u2026"


def _field_probes(scorer: Scorer, feeds: Feeds, features: list[dict[str, Any]], refusal: Refusal) -> Iterator[Probe]:
    def ask(values: dict[str, float | str], what: str) -> Callable[[], str | None]:
        return _ask_with(scorer, feeds, values, lambda: refusal(values).format(what=what))

    nullable = [feature for feature in features if feature.get("nullable")]
    for feature in nullable:
        yield f"null {feature['name']}", ask({feature["name"]: _null(feature)}, f"a null in {feature['name']}")
    if nullable:
        names = ", ".join(feature["name"] for feature in nullable)
        what = f"a row whose nullable features are all null ({names})"
        yield "every nullable field null", ask({feature["name"]: _null(feature) for feature in nullable}, what)
    for feature in features:
        name = feature["name"]
        if feature["type"] == "category":
            yield f"unseen category in {name}", ask({name: UNSEEN}, f"a category in {name} that it never saw")
            yield f"empty text in {name}", ask({name: ""}, f"an empty text in {name}")
        else:
            for value in _extremes(feature):
                yield f"{name} = {value:g}", ask({name: value}, f"{name} = {value:g}")


def _refusal(before: Scorer | None, rows: pd.DataFrame, values: dict[str, float | str], arm: str) -> str:
    """How a refusal begins; `{what}` stands for what was asked. Today's callers are why it matters: does their model answer?"""
    if before is None:
        return f"the {arm} refuses {{what}}, which the model file allows"
    who = BEFORE[arm]
    feeds = feeds_of(rows, before.inputs, who)
    answers = _ask_with(before, feeds, {name: value for name, value in values.items() if name in feeds}, lambda: "")() is None
    return f"the {arm} refuses {{what}}, which the {who} answers" if answers else f"the {arm} refuses {{what}}, as the {who} does"


def _extremes(feature: dict[str, Any]) -> list[float]:
    low, high = feature.get("min", -UNBOUNDED), feature.get("max", UNBOUNDED)
    return [low, high] if "min" in feature and "max" in feature else [low, 0.0, high]


def _null(feature: dict[str, Any]) -> float | str:
    return float("nan") if feature["type"] == "number" else ""


def _ask_with(scorer: Scorer, feeds: Feeds, values: dict[str, float | str], refused: Callable[[], str]) -> Callable[[], str | None]:
    changed = {name: np.full_like(feeds[name], value) for name, value in values.items()}

    def ask() -> str | None:
        try:
            wrong = _answer(scorer, {**feeds, **changed})
        except Exception as error:
            wrong = _words(error)
        return None if wrong is None else f"{refused()} ({wrong})"

    return ask


def _answer(scorer: Scorer, feeds: Feeds) -> str | None:
    expected = len(next(iter(feeds.values())))
    scores = scorer.score(feeds)
    if len(scores) == expected and is_probability(scores):
        return None
    return f"expected {expected} probabilities in [0, 1], found {describe_scores(scores)}"


def _narrower(promised: Sequence[dict[str, Any]], declared: dict[str, Any]) -> str | None:
    """A model server refuses what the model file does not declare: whatever callers may send today must stay declared."""
    for feature in promised:
        name, now = feature["name"], declared.get(feature["name"])
        if now is None:
            return f"{name}: {CALLERS} may send it, and the model file does not declare it any more. {NARROW_ON_PURPOSE}"
        if now["type"] != feature["type"]:
            return f"{name}: {CALLERS} send a {feature['type']}, the model file now declares a {now['type']}. {NARROW_ON_PURPOSE}"
        if feature.get("nullable") and not now.get("nullable"):
            return f"{name}: {CALLERS} may send null, and the model file does not say nullable any more. {NARROW_ON_PURPOSE}"
    return None


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
            return f"{name}: {CALLERS} do not send it and it may not be null"
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
