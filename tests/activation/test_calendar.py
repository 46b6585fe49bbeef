"""Hours of the day across zones, gaps, folds and days that never were."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.activation.calendar import (
    hour_start,
    is_zone,
    send_time,
    send_times,
    unknown_zones,
)
from services.errors import DataError

EARLY = datetime(2000, 1, 1, tzinfo=UTC)
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Asia/Kathmandu",
    "America/Havana",
    "Asia/Seoul",
)


@pytest.mark.parametrize(
    ("day", "hour", "zone", "expected"),
    [
        (date(2026, 1, 15), 9, "Asia/Seoul", "2026-01-15T00:00"),
        (date(2026, 3, 29), 2, "Europe/Berlin", "2026-03-29T01:00"),  # gap 2-3: first after it
        (date(2026, 3, 29), 3, "Europe/Berlin", "2026-03-29T01:00"),
        (date(2026, 10, 25), 2, "Europe/Berlin", "2026-10-25T00:00"),  # twice: the first
        (date(2026, 10, 25), 3, "Europe/Berlin", "2026-10-25T02:00"),
        (date(2026, 11, 1), 1, "America/New_York", "2026-11-01T05:00"),
        (date(2026, 10, 4), 2, "Australia/Lord_Howe", "2026-10-03T15:30"),  # half an hour's gap
        (date(2026, 4, 5), 1, "Australia/Lord_Howe", "2026-04-04T14:00"),
        (date(2026, 4, 24), 0, "Africa/Cairo", "2026-04-23T22:00"),  # midnight itself is skipped
        (date(2026, 4, 24), 1, "Africa/Cairo", "2026-04-23T22:00"),
        (date(2011, 12, 31), 0, "Pacific/Apia", "2011-12-30T10:00"),
    ],
)
def test_an_hour_begins_at_the_first_valid_instant(day: date, hour: int, zone: str, expected: str):
    assert hour_start(day, hour, zone) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_a_day_that_a_zone_skipped_has_no_hours():
    assert {hour_start(date(2011, 12, 30), hour, "Pacific/Apia") for hour in range(24)} == {None}


def test_a_passed_hour_gives_the_next_hour_option_of_the_same_local_day():
    at = datetime(2026, 3, 10, 11, 0, tzinfo=UTC)  # noon in Berlin
    found = send_time(date(2026, 3, 10), 9, "Europe/Berlin", "UTC", at, hour_options=(8, 9, 17))
    assert found == datetime(2026, 3, 10, 16, tzinfo=UTC)
    assert send_time(date(2026, 3, 10), 9, "Europe/Berlin", "UTC", at, hour_options=(8, 9)) is None


def test_an_hour_that_is_running_is_due_at_once():
    at = datetime(2026, 3, 10, 9, 59, 59, tzinfo=UTC)
    assert send_time(date(2026, 3, 10), 9, "UTC", "UTC", at) == datetime(2026, 3, 10, 9, tzinfo=UTC)
    assert send_time(date(2026, 3, 10), 9, "UTC", "UTC", at + timedelta(seconds=1)) is None


@pytest.mark.parametrize("zone", [None, "", "Mars/Base", "../../etc/passwd", "Europe/berlin "])
def test_a_zone_nobody_knows_is_replaced_by_the_experiments(zone: str | None):
    found = send_time(date(2026, 1, 15), 9, zone, "Asia/Seoul", EARLY)
    assert found == datetime(2026, 1, 15, 0, tzinfo=UTC)
    assert not is_zone(zone)
    assert unknown_zones([zone, "UTC"]) == 1


@pytest.mark.parametrize(("hour", "zone"), [(24, "UTC"), (-1, "UTC"), (9, "Mars/Base")])
def test_nonsense_is_refused(hour: int, zone: str):
    with pytest.raises(DataError):
        hour_start(date(2026, 1, 15), hour, zone)


def test_in_no_zone_does_a_day_lose_or_double_an_hour():
    day, last = date(2026, 1, 1), date(2027, 12, 31)
    starts = {zone: hour_start(day, 9, zone) for zone in ZONES}
    while day < last:
        day += timedelta(days=1)
        for zone in ZONES:
            start = hour_start(day, 9, zone)
            before = starts[zone]
            assert start is not None
            assert before is not None
            assert timedelta(hours=22) < start - before < timedelta(hours=26)
            assert start.astimezone(ZoneInfo(zone)).date() == day
            starts[zone] = start


@settings(max_examples=25, deadline=None)
@given(
    day=st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    people=st.lists(
        st.tuples(st.integers(0, 23), st.sampled_from([*ZONES, None, "Mars/Base"])), max_size=8
    ),
    now=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),
)
def test_many_at_once_is_the_same_as_one_by_one(
    day: date, people: list[tuple[int, str | None]], now: datetime
):
    now = now.replace(tzinfo=UTC)
    hours = np.array([hour for hour, _ in people], np.int64)
    zones = [zone for _, zone in people]
    found = send_times(day, hours, zones, "Asia/Seoul", now, hour_options=(8, 12, 20))
    for at, hour, zone in zip(found, hours, zones, strict=True):
        one = send_time(day, int(hour), zone, "Asia/Seoul", now, hour_options=(8, 12, 20))
        expected = np.datetime64("NaT") if one is None else np.datetime64(one.replace(tzinfo=None))
        assert at == expected or (np.isnat(at) and one is None)
