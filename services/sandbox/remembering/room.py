"""Rows for new profiles. The arrays grow in large steps, so that a profile costs nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.sandbox.remembering.profiles import Profiles, Tally
from services.sandbox.world.hashing import key_of, uniforms
from services.sandbox.world.people import BUCKETS, MISSING, NO_STATE, SPARE_ROWS, People

GROWTH_SHARE = 0.05


def make_room(people: People, profiles: Profiles) -> None:
    """Add spare rows to everything that has a row a person. They hold nobody yet."""
    before = people.n_rows
    more = max(SPARE_ROWS, round(before * GROWTH_SHARE))
    rows = np.arange(before, before + more)
    people.n_rows = before + more
    people.created_s = _longer(people.created_s, more, np.inf)
    people.zone = _longer(people.zone, more, 0)
    people.email_state = _longer(people.email_state, more, NO_STATE)
    people.push_state = _longer(people.push_state, more, NO_STATE)
    buckets = (uniforms(key_of(people.seed, "bucket"), rows) * BUCKETS).astype(np.int16)
    people.random_bucket = np.concatenate([people.random_bucket, buckets])
    people.features = _longer(people.features, more, 0)  # the average person
    people.organic_a_week = _longer(people.organic_a_week, more, 0)
    for column in people.columns.values():
        column.values = _longer(column.values, more, MISSING if column.categories else np.nan)
    for tally in (profiles.events, profiles.purchases):
        _grow(tally, more)
    profiles.grow(more)


def _grow(tally: Tally, more: int) -> None:
    tally.count = _longer(tally.count, more, 0)
    tally.first = _longer(tally.first, more, np.inf)
    tally.last = _longer(tally.last, more, -np.inf)


def _longer(values: NDArray[Any], more: int, fill: float) -> NDArray[Any]:
    """The same array with `more` rows of `fill` behind it."""
    tail = np.full((more, *values.shape[1:]), fill, values.dtype)
    return np.concatenate([values, tail])
