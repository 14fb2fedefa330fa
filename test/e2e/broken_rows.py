"""Writes the rows of the wiring model as a source may deliver them: whole, and broken in the ways that happen.

`python broken_rows.py <folder of rows.py> <folder to write to>`
"""

import sys
from pathlib import Path

import pandas as pd

model, target = map(Path, sys.argv[1:])
sys.path.insert(0, str(model))
from rows import load  # noqa: E402

whole = load(pd.Timestamp("2024-01-01", tz="UTC"), pd.Timestamp("2024-04-01", tz="UTC"))
for name, rows in {
    "whole": whole,
    "no rows": whole.head(0),
    "rows of another year": whole.assign(at=whole["at"] - pd.Timedelta(days=366)),
    "the newest days missing": whole[whole["at"] < pd.Timestamp("2024-03-28", tz="UTC")],
    "far too few rows": whole.iloc[::50],
    "a feature gone": whole.drop(columns="x"),
    "a number as text": whole.assign(x=whole["x"].map("{:.2f}".format)),
}.items():
    rows.to_parquet(target / f"{name}.parquet")
