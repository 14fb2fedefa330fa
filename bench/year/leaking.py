"""A planted fault: the rows of flights.py with the delay at departure beside them, which nobody knows when the prediction is asked for.

In the warehouse it stands in every row; a caller at the gate cannot send it. It has no `availableAt`, so nothing refuses it early.
"""

import pandas as pd
from flights import _data_folder, load as honest

KEY = ["scheduled_departure_at", "carrier", "flight", "origin"]


def load(start, end) -> pd.DataFrame:
    rows = honest(start, end)
    flights = pd.read_csv(_data_folder() / "flights.csv.zip", usecols=["time_hour", "minute", "carrier", "flight", "origin", "dep_delay"])
    hour = pd.to_datetime(flights.pop("time_hour"), utc=True)
    flights["scheduled_departure_at"] = hour + pd.to_timedelta(flights.pop("minute"), unit="min")
    return rows.merge(flights, on=KEY, how="left")
