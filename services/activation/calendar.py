"""When a message goes out: a chosen hour on a calendar day, in the person's own zone.

Rules (RELIABILITY 2.6, DECISIONS 1): an hour that a clock change skips begins at the first instant
after the gap; an hour that happens twice is the first of the two; a zone nobody knows is replaced
by the experiment's. A chosen hour that is over gives the next hour option of the same local day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

import numpy as np

from services.errors import DataError
from services.messages import msg

HOURS = tuple(range(24))
HOUR = timedelta(hours=1)


@lru_cache(maxsize=1)
def _known_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def is_zone(name: str | None) -> bool:
    """Whether `name` is an IANA zone of this machine. Never opens a file by a name from data."""
    return name is not None and name in _known_zones()


@lru_cache(maxsize=65_536)
def hour_start(day: date, hour: int, zone: str) -> datetime | None:
    """Instant (UTC) at which `hour` (0-23) of local `day` begins; None where the day lacks it.

    None happens only where a zone skipped the rest of the day (Apia, 30 December 2011).
    Raises DataError for an hour outside 0-23 or a zone nobody knows.
    """
    if hour not in HOURS:
        raise DataError(msg("{hour} is not an hour of the day.", hour=hour))
    if not is_zone(zone):
        raise DataError(msg("{zone} is not a time zone.", zone=zone))
    where = ZoneInfo(zone)
    wanted = datetime.combine(day, time(hour))
    first = wanted.replace(tzinfo=where, fold=0).astimezone(UTC)
    if first.astimezone(where).replace(tzinfo=None) == wanted:
        return first
    after = _end_of_gap(wanted, where)
    return after if after.astimezone(where).date() == day else None


def send_time(
    day: date,
    hour: int,
    person_zone: str | None,
    experiment_zone: str,
    now: datetime,
    *,
    hour_options: Sequence[int] = (),
) -> datetime | None:
    """When to send to one person, UTC, or None: no hour is left of that local day.

    `hour_options` are the hours the experiment may choose; the ones after `hour` stand in when it
    is over. An hour is over one hour after it began; one that is running is due at once.
    """
    zone = person_zone if person_zone is not None and is_zone(person_zone) else experiment_zone
    for candidate in (hour, *sorted(h for h in hour_options if h > hour)):
        start = hour_start(day, candidate, zone)
        if start is not None and now < start + HOUR:
            return start
    return None


def send_times(
    day: date,
    hours: np.ndarray,
    zones: Sequence[str | None],
    experiment_zone: str,
    now: datetime,
    *,
    hour_options: Sequence[int] = (),
) -> np.ndarray:
    """`send_time` for many people at once.

    hours   int (n_people,), 0-23
    zones   (n_people,), None or an unknown name = the experiment's zone

    Returns datetime64[us] (n_people,), UTC; NaT = no hour is left.
    """
    at = np.full(len(hours), np.datetime64("NaT"), dtype="datetime64[us]")
    if len(hours) == 0:
        return at
    names = np.array([z if is_zone(z) else experiment_zone for z in zones], dtype=object)
    unique, zone_index = np.unique(names.astype(str), return_inverse=True)
    pairs, pair_index = np.unique(
        zone_index.astype(np.int64) * len(HOURS) + np.asarray(hours), return_inverse=True
    )
    instants = np.full(len(pairs), np.datetime64("NaT"), dtype="datetime64[us]")
    for i, pair in enumerate(pairs):
        zone, hour = str(unique[pair // len(HOURS)]), int(pair % len(HOURS))
        start = send_time(day, hour, zone, experiment_zone, now, hour_options=hour_options)
        if start is not None:
            instants[i] = np.datetime64(start.replace(tzinfo=None), "us")
    at[:] = instants[pair_index]
    return at


def unknown_zones(zones: Sequence[str | None]) -> int:
    """How many people have a zone nobody knows, so that the experiment's is used for them."""
    return sum(1 for zone in zones if not is_zone(zone))


def _end_of_gap(wanted: datetime, where: ZoneInfo) -> datetime:
    """First instant (UTC, to the second) after the gap that swallowed local time `wanted`."""
    before = wanted.replace(tzinfo=where, fold=1).astimezone(UTC)  # read with the later offset
    after = wanted.replace(tzinfo=where, fold=0).astimezone(UTC)
    offset = after.astimezone(where).utcoffset()
    low, high = 0, int((after - before).total_seconds())
    while low < high:
        middle = (low + high) // 2
        if (before + timedelta(seconds=middle)).astimezone(where).utcoffset() == offset:
            high = middle
        else:
            low = middle + 1
    return before + timedelta(seconds=low)
