"""The checks of a snapshot, one function each: frame in, CheckResult out, with at most five of the rows that failed."""

import math
from typing import Any

import numpy as np
import pandas as pd

from .failing_rows import examples_of

Check = dict[str, Any]


def check(name: str, severity: str, passed: bool, expected: str, observed: str, examples: list[dict[str, Any]] | None = None) -> Check:
    """A CheckResult."""
    return {
        "name": name,
        "severity": severity,
        "passed": bool(passed),
        "expected": expected,
        "observed": observed,
        "examples": examples or [],
    }


def check_rows(frame: pd.DataFrame, rows_min: int) -> Check:
    """At least rowsMin rows."""
    return check("rows", "stop", len(frame) >= rows_min, f"at least {rows_min} rows", f"{len(frame)} rows")


def check_labels(frame: pd.DataFrame, label: str, parts: pd.Series) -> Check:
    """Every part needs labels of both kinds: with one class there is nothing to learn or to judge by."""
    counts = {part: frame.loc[parts == part, label].value_counts() for part in ("train", "holdout")}
    shares = {part: frame.loc[parts == part, label].notna().mean() for part in ("train", "holdout")}
    observed = "; ".join(
        f"{part}: {int(counts[part].get(0, 0))} × 0, {int(counts[part].get(1, 0))} × 1, {shares[part]:.1%} labelled" for part in counts
    )
    return check("labels", "stop", all(len(count) == 2 for count in counts.values()), "rows of both classes in both parts", observed)


def check_nulls(frame: pd.DataFrame, features: list[dict[str, Any]], context: list[str]) -> Check:
    """No null where the model file does not allow it."""
    names = [feature["name"] for feature in features if not feature.get("nullable")]
    counts = {name: int(frame[name].isna().sum()) for name in names}
    failing = [name for name in names if counts[name]]
    observed = ", ".join(f"{name}: {counts[name]}" for name in failing) or "none"
    rows = frame[failing].isna().any(axis=1) if failing else pd.Series(False, index=frame.index)
    return check(
        "nulls", "stop", not failing, "no null in a feature that is not nullable", observed, examples_of(frame[rows], [*context, *failing])
    )


def check_null_shares(frame: pd.DataFrame, features: list[dict[str, Any]], share_max: float, context: list[str]) -> Check:
    """Nullable features are not mostly null."""
    shares = {feature["name"]: float(frame[feature["name"]].isna().mean()) for feature in features if feature.get("nullable")}
    failing = {name: share for name, share in shares.items() if share > share_max}
    worst = max(shares, key=lambda name: shares[name]) if shares else None
    rows = frame[list(failing)].isna().any(axis=1) if failing else pd.Series(False, index=frame.index)
    observed = ", ".join(f"{name}: {share:.1%}" for name, share in failing.items())
    return check(
        "nullShare",
        "stop",
        not failing,
        f"at most {share_max:.1%} nulls in each nullable feature",
        observed or (f"at most {shares[worst]:.1%} ({worst})" if worst else "no nullable feature"),
        examples_of(frame[rows], [*context, *failing]),
    )


def check_ranges(frame: pd.DataFrame, features: list[dict[str, Any]], rows_max: int, context: list[str]) -> Check:
    """Numbers are finite and between min and max."""
    outside = pd.Series(False, index=frame.index)
    words = []
    for feature in features:
        if feature["type"] != "number":
            continue
        values = frame[feature["name"]]
        low, high = feature.get("min", -math.inf), feature.get("max", math.inf)
        wrong = values.notna() & ((values < low) | (values > high) | np.isinf(values))
        if wrong.any():
            span = f"from {values[wrong].min():g} to {values[wrong].max():g}"
            words.append(f"{feature['name']}: {int(wrong.sum())} rows outside [{low:g}, {high:g}], {span}")
            context = [*context, feature["name"]]
            outside |= wrong
    observed = f"{int(outside.sum())} rows" + (f" ({'; '.join(words)})" if words else "")
    return check(
        "range",
        "stop",
        outside.sum() <= rows_max,
        f"at most {rows_max} rows with a number outside its range",
        observed,
        examples_of(frame[outside], context),
    )


def check_duplicates(frame: pd.DataFrame, keys: list[str], rows_max: int) -> Check:
    """No two rows with the same key."""
    repeated = frame.duplicated(keys)
    observed = f"{int(repeated.sum())} rows repeat the key of another"
    shown = frame[frame.duplicated(keys, keep=False)]
    return check(
        "duplicates",
        "stop",
        repeated.sum() <= rows_max,
        f"at most {rows_max} rows that repeat {', '.join(keys)}",
        observed,
        examples_of(shown if repeated.any() else frame.head(0), keys),
    )


def check_point_in_time(frame: pd.DataFrame, features: list[dict[str, Any]], time_column: str, context: list[str]) -> Check:
    """Each value was known at the time of the prediction; one without a time of knowledge cannot be shown to be."""
    leaking = pd.Series(False, index=frame.index)
    words = []
    for feature in features:
        column = feature.get("availableAt")
        if not column:
            continue
        present = frame[feature["name"]].notna()
        wrong = present & ((frame[column] > frame[time_column]) | frame[column].isna())
        if wrong.any():
            words.append(f"{feature['name']}: {int(wrong.sum())} rows")
            context = [*context, feature["name"], column]
            leaking |= wrong
    observed = ", ".join(words) or "none"
    return check(
        "pointInTime",
        "stop",
        not leaking.any(),
        "every value known (availableAt) no later than its row's time",
        observed,
        examples_of(frame[leaking], context),
    )


def check_rows_per_day(rows_a_day: float, reference_rows_a_day: float, change_max: float) -> Check:
    """About as many rows a day as the champion's snapshot had."""
    change = rows_a_day / reference_rows_a_day - 1
    expected = f"within ±{change_max:.0%} of the champion's snapshot ({reference_rows_a_day:.1f} rows a day)"
    return check("rowsPerDay", "stop", abs(change) <= change_max, expected, f"{rows_a_day:.1f} rows a day ({change:+.1%})")
