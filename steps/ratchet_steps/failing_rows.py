"""Shows rows that failed a check, as JSON."""

import math
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from .times import iso_time

EXAMPLES_MAX = 5


def examples_of(rows: pd.DataFrame, columns: list[str]) -> list[dict[str, Any]]:
    """At most five rows as JSON values."""
    shown = rows[list(dict.fromkeys(columns))].head(EXAMPLES_MAX)
    return [{name: _plain(value) for name, value in row.items()} for row in shown.to_dict("records")]


def _plain(value: Any) -> Any:
    if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, datetime):
        return iso_time(value)
    if isinstance(value, (np.bool_, bool)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else str(value)
    return str(value)
