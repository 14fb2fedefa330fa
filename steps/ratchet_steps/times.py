"""Instants as ISO text, in one form only, so that equal instants give equal digests."""

from datetime import UTC, datetime

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
