"""The real steps in one warm process, for bench/year.ts: a request a line on stdin, an answer a line on stdout.

`python warm_steps.py <folder of the model file> <store>`. A job is what a model file's cycle or monitoring asks for, worked by the
function that its process would call; what an interpreter takes to start is left out. Beside jobs it plays the world: it asks a
model server about flights as they leave, says what became of them, and keeps the books. The blind policies, whose answers nobody
looks at, are scored without a server.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
MODEL_FOLDER, STORE = sys.argv[1:3]
sys.path[:0] = [MODEL_FOLDER, str(HERE.parent.parent / "steps")]
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["RATCHET_STORE_URI"] = f"file://{STORE}"
os.environ.pop("MLFLOW_TRACKING_URI", None)

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from flights import _data_folder, load  # noqa: E402
from served_week import Refused, ServedWeek  # noqa: E402

from ratchet_steps.contract import StepFailure  # noqa: E402
from ratchet_steps.metrics import all_metrics, row_losses  # noqa: E402
from ratchet_steps.object_store import open_store  # noqa: E402
from ratchet_steps.scoring import Scorer, open_scorer, score_frame  # noqa: E402
from ratchet_steps.times import parse_time  # noqa: E402

ZONE = "America/New_York"
TAXI = pd.Timedelta(minutes=20)
CANCELLED_KNOWN = pd.Timedelta(hours=6)


class World:
    """Every flight of the year that is served, what each policy answered, and when the truth about it was known."""

    def __init__(self, start: str, end: str) -> None:
        first = pd.Timestamp("2013-01-01", tz=ZONE)
        rows = load(first, parse_time(end, "end"))
        late = rows["late"].astype("float64")
        begin = parse_time(start, "start")
        # What a caller falls back on who gets no answer: the share of late flights before serving began.
        self.base_rate = float(late[rows["scheduled_departure_at"] < begin].mean())
        rows = rows[rows["scheduled_departure_at"] >= begin].sort_values(["scheduled_departure_at", "carrier", "flight", "origin"])
        self.rows = rows.reset_index(drop=True)
        self.rows["known_at"] = _known_at(self.rows)
        self.late = self.rows["late"].astype("float64").to_numpy()
        at = self.rows["scheduled_departure_at"]
        local = at.dt.tz_convert(ZONE)
        self.month = local.dt.strftime("%Y-%m").to_numpy()
        self.day = local.dt.strftime("%Y-%m-%d").to_numpy()
        # Of the answer about each flight: its request, and the row in it. What got no answer keeps the name that it was to have.
        self.answer_ids = [(f"unanswered-{index}", 0) for index in range(len(self.rows))]
        self.scores: dict[str, np.ndarray] = {}

    def between(self, column: str, start: str, end: str) -> np.ndarray:
        times = self.rows[column]
        return np.flatnonzero((times >= parse_time(start, "start")) & (times < parse_time(end, "end")))


def _known_at(rows: pd.DataFrame) -> pd.Series:
    """When it was known whether a flight is late: at the gate, departure delay and flight after the scheduled time; a flight that never arrived, after six hours."""
    key = ["scheduled_departure_at", "carrier", "flight", "origin"]
    flown = pd.read_csv(_data_folder() / "flights.csv.zip", usecols=["time_hour", "minute", "carrier", "flight", "origin", "dep_delay", "air_time"])
    flown["scheduled_departure_at"] = pd.to_datetime(flown["time_hour"], utc=True) + pd.to_timedelta(flown["minute"], unit="min")
    found = rows[key].merge(flown, on=key, how="left")
    minutes = pd.to_timedelta(found["dep_delay"] + found["air_time"], unit="min")
    return (found["scheduled_departure_at"] + (minutes + TAXI).fillna(CANCELLED_KNOWN)).to_numpy()


def job(request: dict[str, Any]) -> dict[str, Any]:
    stage, given = request["stage"], request["input"]
    if stage in ("train", "refit"):
        from train import train

        from ratchet_steps.trainer import train_job

        return train_job(given, train)
    return getattr(import_module(f"ratchet_steps.{stage}"), stage)(given)


def serve(request: dict[str, Any]) -> dict[str, Any]:
    """Answers the flights of [start, end) with a model. `log`: a model server answers them, hour by hour, and its log goes to the store."""
    at = world.between("scheduled_departure_at", request["start"], request["end"])
    scorer = scorer_of(request["model"])
    rows = world.rows.iloc[at]
    if "dep_delay" in {wanted["name"] for wanted in scorer.inputs}:
        rows = rows.assign(dep_delay=np.nan)  # not known at the gate
    if request.get("log") and len(at) > 0:
        scores = served(request["log"], request["model"], scorer, at, rows)
    else:
        scores = answers(lambda part: score_frame(scorer, part, "served"), rows)
    mine = world.scores.setdefault(request["policy"], np.full(len(world.rows), np.nan))
    mine[at] = scores
    return {"rows": len(at), "refused": int(np.isnan(scores).sum())}


def scorer_of(digest: str) -> Scorer:
    if digest not in scorers:
        scorers[digest] = open_scorer(open_store().get(digest), None, "served")
    return scorers[digest]


def served(log: dict[str, str], digest: str, scorer: Scorer, at: np.ndarray, rows: pd.DataFrame) -> np.ndarray:
    """A request an hour: what leaves in the same hour is asked together, when the first of it leaves."""
    hours = rows["scheduled_departure_at"].astype("int64").floordiv(3_600 * 10**9).to_numpy()
    starts = np.flatnonzero(np.r_[True, hours[1:] != hours[:-1]])
    with ServedWeek(log, digest, scorer.inputs, os.environ["RATCHET_STORE_URI"]) as server:

        def ask(part: pd.DataFrame) -> np.ndarray:
            request_id = f"f{part.index[0]}-{len(part)}"
            found = server.ask(request_id, part["scheduled_departure_at"].iloc[0], part)
            for row, index in enumerate(part.index):
                world.answer_ids[index] = (request_id, row)
            return found

        return np.concatenate([answers(ask, rows.iloc[first:last]) for first, last in zip(starts, [*starts[1:], len(at)], strict=True)])


def answers(ask: Callable[[pd.DataFrame], np.ndarray], rows: pd.DataFrame) -> np.ndarray:
    """[rows]: NaN where the model gives no answer. Halved until the rows that fail are found."""
    if rows.empty:
        return np.empty(0)
    try:
        return ask(rows)
    except (StepFailure, Refused):
        if len(rows) == 1:
            return np.array([np.nan])
        half = len(rows) // 2
        return np.concatenate([answers(ask, rows.iloc[:half]), answers(ask, rows.iloc[half:])])


def labels(request: dict[str, Any]) -> dict[str, Any]:
    """What became known in [start, end), as a file of labels. A flight that never arrived is told as censored."""
    at = world.between("known_at", request["start"], request["end"])
    lines = []
    for index in at:
        late, known = world.late[index], world.rows["known_at"].iloc[index].isoformat()
        told = {"censored": True} if np.isnan(late) else {"value": int(late)}
        request_id, row = world.answer_ids[index]
        lines.append(json.dumps({"id": request_id, "row": row, "observedAt": known, **told}))
    return {"rows": len(lines), "text": "\n".join(lines)}


def books(_request: dict[str, Any]) -> dict[str, Any]:
    """Per policy: metrics by month and over all months, and sums of log-loss by day. Where there was no answer, the base rate stands."""
    told = ~np.isnan(world.late)
    days, day = np.unique(world.day[told], return_inverse=True)
    found: dict[str, Any] = {"days": days.tolist(), "dayRows": np.bincount(day).tolist(), "months": [], "policies": {}}
    months = sorted(set(world.month))
    found["months"] = [{"month": month, "rows": int((told & (world.month == month)).sum())} for month in months]
    for policy, scores in world.scores.items():
        filled = np.where(np.isnan(scores), world.base_rate, scores)
        losses = row_losses("logLoss", world.late[told], filled[told])
        of_month = []
        for month in months:
            here = world.month == month
            of_month.append({**all_metrics(world.late[told & here], filled[told & here]), "refused": int(np.isnan(scores[here]).sum())})
        whole = {**all_metrics(world.late[told], filled[told]), "refused": int(np.isnan(scores).sum())}
        found["policies"][policy] = {"months": of_month, "year": whole, "dayLogLoss": np.bincount(day, weights=losses).tolist()}
    return found


WORK = {"job": job, "serve": serve, "labels": labels, "books": books}
scorers: dict[str, Scorer] = {}
# Steps print their progress: only answers belong on stdout.
replies, sys.stdout = sys.stdout, sys.stderr
world = World("2013-04-01T00:00:00-04:00", "2014-01-01T00:00:00-05:00")
for line in sys.stdin:
    asked = json.loads(line)
    started, cpu = time.monotonic(), time.process_time()
    try:
        reply: dict[str, Any] = {"result": WORK[asked["do"]](asked)}
    except StepFailure as failure:
        reply = {"failure": {"type": failure.type, "message": str(failure)}}
    except Exception as error:
        reply = {"failure": {"type": "JobFailed", "message": f"{type(error).__name__}: {' '.join(str(error).split())[:500]}"}}
    reply |= {"id": asked["id"], "seconds": time.monotonic() - started, "cpuSeconds": time.process_time() - cpu}
    print(json.dumps(reply), file=replies, flush=True)
