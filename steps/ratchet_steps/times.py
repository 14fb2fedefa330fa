"""Instants as ISO text, in one form only, so that equal instants give equal digests."""

from datetime import UTC, datetime

import pandas as pd

from .contract import StepFailure


def parse_time(text: str, field: str) -> datetime:
    """An instant in UTC. @throws StepFailure InputInvalid: no offset, or no time at all."""
    try:
        value = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise StepFailure("InputInvalid", f"{field}: expected an ISO time, found {text!r}") from None
    if value.tzinfo is None:
        raise StepFailure("InputInvalid", f"{field}: expected a time with an offset, found {text!r}")
    return value.astimezone(UTC)


def iso_time(value: datetime) -> str:
    """UTC with milliseconds, as JavaScript writes it (microseconds only where there are any)."""
    value = value.astimezone(UTC)
    precision = "milliseconds" if value.microsecond % 1000 == 0 else "microseconds"
    return value.replace(tzinfo=None).isoformat(timespec=precision) + "Z"


def start_of_day(time: datetime, time_zone: str) -> pd.Timestamp:
    """The first instant of a time's day in a zone. Where clocks change at midnight it is 01:00, or the first of two midnights."""
    day = pd.Timestamp(time).tz_convert(time_zone).date()
    return pd.Timestamp(day).tz_localize(time_zone, nonexistent="shift_forward", ambiguous=True)
