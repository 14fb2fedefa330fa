"""Writes a day of predictions as a model server ships them, ended a while ago; every tenth of an unseen kind.

`python logged_predictions.py <folder of ratchet_serve> <folder of rows.py> <store> <model> <version> <model file>`
"""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

steps, rows_folder, store, model, version, model_file = sys.argv[1:]
sys.path[:0] = [steps, rows_folder]
import pandas as pd  # noqa: E402
from rows import load  # noqa: E402

from ratchet_serve.shipper import _by_hour, _create, _parquet  # noqa: E402
from ratchet_steps.scoring import open_scorer, score_frame  # noqa: E402

rows = load(pd.Timestamp("2024-03-01", tz="UTC"), pd.Timestamp("2024-03-29", tz="UTC")).head(600).reset_index(drop=True)
rows.loc[rows.index % 10 == 0, "kind"] = "zeppelin"
scores = score_frame(open_scorer(Path(model_file).read_bytes(), None, "champion"), rows, "champion")
last = datetime.now(UTC) - timedelta(minutes=20)
entries = [
    {
        "id": f"p{number}",
        "row": 0,
        "time": (last - timedelta(seconds=100 * number)).isoformat(timespec="milliseconds"),
        "version": version,
        "instance": "wiring-1",
        "arm": "champion",
        "key": None,
        "features": {"x": float(row["x"]), "kind": row["kind"]},
        "output": float(scores[number]),
        "latencyMs": 3.0,
    }
    for number, row in enumerate(rows.to_dict("records"))
]
for (date, hour), group in _by_hour(entries).items():
    _create(store, f"predictions/{model}/{date}/{hour}/wiring-1-0.parquet", _parquet(group))
