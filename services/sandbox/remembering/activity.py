"""How many people are new, active or gone each day: what the KPI series show.

A session is an occurrence of the world's browse event. Days are closed at midnight UTC, because a
profile remembers only its last session.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from services.sandbox.remembering.profiles import Profiles
from services.sandbox.world.hashing import key_of, uniforms
from services.sandbox.world.model import World
from services.sandbox.world.people import DAY_S, People

MONTH_DAYS = 30
APP_LIFE_S = 3 * 365 * DAY_S  # mean time from the first day to an uninstall, a choice


class Activity:
    """Daily numbers of one workspace. `first_day` is the first day that was watched."""

    def __init__(self, world: World, people: People, profiles: Profiles, first_day: int) -> None:
        self.first_day = first_day
        self._people = people
        self._profiles = profiles
        self._event = world.browse_event
        self._key = key_of(people.seed, "uninstalls")
        self._active: dict[int, int] = {}
        self._monthly: dict[int, int] = {}
        self._gone: Counter[int] = Counter()  # deleted people by the day they were new
        rows = np.arange(people.first_spare)
        moments = self._uninstall_moments(rows)
        if world.app_attribute is not None:
            moments = moments[people.flag(world.app_attribute)[rows]]
        self._uninstalls_s = np.sort(moments)

    def close_day(self, day: int) -> None:
        """Note who was active on a day that has just ended."""
        self._active[day] = self._seen_since(day)
        self._monthly[day] = self._seen_since(day - MONTH_DAYS + 1)

    def forget(self, rows: list[int]) -> None:
        """People are about to be deleted: they stay in what the past days counted."""
        for row in rows:
            self._gone[int(self._people.created_s[row] // DAY_S)] += 1

    def active(self, day: int) -> int:
        """People with a session on a day; of today, so far."""
        return self._active[day] if day in self._active else self._seen_since(day)

    def active_in_month(self, day: int) -> int:
        """People with a session in the 30 days that end with a day."""
        if day in self._monthly:
            return self._monthly[day]
        return self._seen_since(day - MONTH_DAYS + 1)

    def new_people(self, first_day: int, last_day: int, now_s: float) -> dict[int, int]:
        """New profiles of each day from the first to the last, both included."""
        created = self._people.created_s
        inside = (created >= first_day * DAY_S) & (created < (last_day + 1) * DAY_S)
        days = (created[inside & (created <= now_s)] // DAY_S).astype(np.int64)
        found = Counter(days.tolist())
        return {d: found[d] + self._gone[d] for d in range(first_day, last_day + 1)}

    def uninstalls(self, day: int, now_s: float) -> int:
        """People who removed the app on a day; of today, so far."""
        until_s = min((day + 1) * DAY_S, np.nextafter(now_s, np.inf))
        low, high = np.searchsorted(self._uninstalls_s, [day * DAY_S, until_s])
        return max(0, int(high - low))

    def uninstalled_s(self, rows: NDArray[np.int64], now_s: float) -> NDArray[np.float64]:
        """When each person removed the app, NaN for those who have it (again) or never had it."""
        moments = self._uninstall_moments(rows)
        column = self._profiles.events.column(self._event)
        last = self._profiles.events.last[rows, column]
        away = (moments <= now_s) & (last < moments) & np.isfinite(last)
        return np.where(away, moments, np.nan)

    def _uninstall_moments(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        life_s = -APP_LIFE_S * np.log(uniforms(self._key, rows))
        return np.asarray(np.round(self._people.created_s[rows] + life_s, 3))

    def _seen_since(self, day: int) -> int:
        column = self._profiles.events.column(self._event)
        return int(np.count_nonzero(self._profiles.events.last[:, column] >= day * DAY_S))
