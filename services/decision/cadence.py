"""How often, and on which days, a person may hear from us: chosen for a week, held for a week.

A cadence is one option of its own small space; `services.experiment.cadences` says which there are.
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
from services.experiment.cadences import weekdays_of

DIMENSION = "cadence"
HOLD_DAYS = 7


def due(cadence: str, day: date) -> bool:
    """Whether somebody with this cadence may be sent something on this day."""
    return day.isoweekday() in weekdays_of(cadence)


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
