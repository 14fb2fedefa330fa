from datetime import datetime

import pytest

from ratchet_steps.times import start_of_day


@pytest.mark.parametrize(
    ("time", "zone", "start"),
    [
        ("2024-07-01T12:00:00+00:00", "Europe/Zurich", "2024-07-01T00:00:00+02:00"),
        ("2024-07-01T23:00:00+00:00", "Europe/Zurich", "2024-07-02T00:00:00+02:00"),
        ("2024-09-08T12:00:00+00:00", "America/Santiago", "2024-09-08T01:00:00-03:00"),
        ("2024-11-03T12:00:00+00:00", "America/Havana", "2024-11-03T00:00:00-04:00"),
        ("2024-10-27T12:00:00+00:00", "Atlantic/Azores", "2024-10-27T00:00:00+00:00"),
    ],
)
def test_a_day_begins_where_its_zone_says(time, zone, start):
    assert start_of_day(datetime.fromisoformat(time), zone).isoformat() == start
