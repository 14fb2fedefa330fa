"""A day of labels takes half a second, and the log is ended and shipped every second: read by Python before anything else.

Days are counted from when this file was put here, and are called by the dates from 2013-01-01 on.
"""

import os
import sys
from datetime import date, timedelta

DAY_MS = 500
EPOCH_MS = int(os.stat(__file__).st_mtime * 1000)


def make_short_days(join, start_ms, end_ms, time_zone):
    first, last = ((ms - EPOCH_MS) // DAY_MS for ms in (start_ms, end_ms - 1))
    join.execute("CREATE OR REPLACE TABLE days (day VARCHAR, number INTEGER, startMs BIGINT, endMs BIGINT)")
    for number in range(first, last + 1):
        begins = EPOCH_MS + number * DAY_MS
        name = (date(2013, 1, 1) + timedelta(days=number)).isoformat()
        join.execute("INSERT INTO days VALUES (?, ?, ?, ?)", [name, number, max(start_ms, begins), begins + DAY_MS])


if "ratchet_steps.join_labels" in sys.orig_argv:
    from ratchet_steps import labelled_days

    labelled_days._make_days = make_short_days
if "ratchet_serve" in sys.orig_argv:
    from ratchet_serve import prediction_log

    prediction_log.PredictionLog.__init__.__defaults__ = (1,)
