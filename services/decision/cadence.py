"""How often, and on which days, a person may hear from us: chosen for a week, held for a week.

A cadence is one option of its own small space: "daily", "twice:2,5", "weekly:1" (ISO weekdays).
Each person has an anchor weekday, taken from a hash, on which the week of that person starts; so
one day in seven of the audience chooses anew, and no weekday is everybody's first.
"""

from __future__ import annotations

import hashlib
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from services.decision.arrays import Ints
from services.decision.chance import Purpose, below, uniforms
from services.decision.model import Space
from services.errors import ExperimentError
from services.experiment.model import Dimension, DimensionKind, Experiment
from services.messages import msg

DIMENSION = "cadence"
HOLD_DAYS = 7
DAILY = "daily"
WEEKDAYS = tuple(range(1, 8))
NAMES = {1: "weekly", 2: "twice"}
SPREAD_DAYS = {1: (2,), 2: (2, 5)}  # where frequency may vary but weekdays may not: evenly spaced


def cadences(experiment: Experiment) -> tuple[str, ...]:
    """The valid pairs of frequency and weekdays, in document order; empty when neither may vary.

    Raises ExperimentError where no frequency has a matching set of weekdays.
    """
    if not experiment.cadence_dimensions:
        return ()
    day_sets = _day_sets(experiment.cadence_dimensions)
    frequencies = _frequencies(experiment.cadence_dimensions) or tuple(map(len, day_sets))
    found: dict[str, None] = {}
    for frequency in dict.fromkeys(frequencies):
        if frequency >= HOLD_DAYS:
            found[DAILY] = None
            continue
        matching = [days for days in day_sets if len(days) == frequency]
        if not day_sets and frequency in SPREAD_DAYS:
            matching = [SPREAD_DAYS[frequency]]
        found |= dict.fromkeys(named(days) for days in matching)
    if not found:
        raise ExperimentError(
            msg("No weekday option fits any frequency option."),
            hint=msg("Add weekdays with as many days as messages in a week."),
        )
    return tuple(found)


def named(days: tuple[int, ...]) -> str:
    """Name of a set of ISO weekdays: (2, 5) → "twice:2,5", all seven → "daily"."""
    if set(days) == set(WEEKDAYS):
        return DAILY
    return f"{NAMES.get(len(days), 'days')}:{','.join(map(str, sorted(days)))}"


def weekdays(cadence: str) -> tuple[int, ...]:
    """ISO weekdays of a cadence. Raises ExperimentError for anything that is not one."""
    if cadence == DAILY:
        return WEEKDAYS
    _, colon, listed = cadence.partition(":")
    days = tuple(int(day) for day in listed.split(",") if day in set("1234567"))
    if not colon or not days or len(days) != len(listed.split(",")):
        raise ExperimentError(msg("“{cadence}” is not a cadence.", cadence=cadence))
    return days


def due(cadence: str, day: date) -> bool:
    """Whether somebody with this cadence may be sent something on this day."""
    return day.isoweekday() in weekdays(cadence)


def cadence_space(keys: tuple[str, ...]) -> Space:
    """The space of the weekly choice: one dimension, one combination a cadence."""
    return Space(((DIMENSION, keys),), np.arange(len(keys), dtype=np.int16).reshape(-1, 1))


def anchors(people: Ints, salt: str) -> npt.NDArray[np.int64]:
    """ISO weekday on which each person's week starts: int64 (n,), 1 to 7, evenly spread."""
    digest = hashlib.blake2b(salt.encode(), digest_size=8, person=b"anneal week").digest()
    seed = int.from_bytes(digest, "big")
    return 1 + below(HOLD_DAYS, uniforms(seed, np.asarray(people, np.int64), Purpose.ANCHOR))


def week_start(anchor: int, day: date) -> date:
    """First day of the person-week that holds `day`."""
    return day - timedelta(days=(day.isoweekday() - anchor) % HOLD_DAYS)


def chooses_today(people: Ints, salt: str, day: date, held_since: Ints) -> npt.NDArray[np.bool_]:
    """Who needs a cadence today: bool (n,).

    held_since  int64 (n,): ordinal of the week start of the cadence each person holds, 0 = none.
    Somebody new chooses at once, and keeps that choice to the end of the running week.
    """
    ordinal = day.toordinal()
    starts = ordinal - (day.isoweekday() - anchors(people, salt)) % HOLD_DAYS
    return np.asarray(held_since < starts, dtype=np.bool_)


def _frequencies(dimensions: tuple[Dimension, ...]) -> tuple[int, ...]:
    return tuple(
        option.value
        for dimension in dimensions
        if dimension.kind is DimensionKind.FREQUENCY
        for option in dimension.options
        if isinstance(option.value, int)
    )


def _day_sets(dimensions: tuple[Dimension, ...]) -> list[tuple[int, ...]]:
    return [
        tuple(sorted({day for day in option.value if isinstance(day, int)}))
        for dimension in dimensions
        if dimension.kind is DimensionKind.WEEKDAY
        for option in dimension.options
        if isinstance(option.value, list)
    ]
