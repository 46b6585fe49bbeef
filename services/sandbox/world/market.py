"""Markets that change: from a known day on people like other options than before.

A learner that only ever averages keeps praising what worked last month; these days show it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from services.sandbox.world.people import DAY_S
from services.sandbox.world.preferences import Preferences

Effect = tuple[str, str, float]  # dimension, option, logits of an incremental conversion


@dataclass(frozen=True)
class MarketChange:
    """What is different from the start of a UTC day on, for everybody.

    days_after_start  whole days after the day on which the virtual present began
    """

    days_after_start: int
    what: str
    effects: tuple[Effect, ...]

    def first_day(self, start_s: float) -> int:
        """Days since 1970-01-01."""
        return int(start_s // DAY_S) + self.days_after_start


# by key of the world; the others stay as they are
CHANGES: Mapping[str, tuple[MarketChange, ...]] = {
    "streaming": (
        MarketChange(
            30,
            "A rival starts a cheaper plan with ads: ours and half the price draw less, and people "
            "would rather try a week for nothing.",
            (("offer", "ads", -0.9), ("offer", "half", -0.5), ("offer", "week", 0.6)),
        ),
    )
}


class Market:
    """Keeps the preferences of a world in step with its changes."""

    def __init__(self, preferences: Preferences, start_s: float) -> None:
        self._preferences = preferences
        self._start_s = start_s
        self._changes = CHANGES.get(preferences.world.key, ())
        self._day = 0

    def open_day(self, day: int) -> None:
        """Let the preferences be those of a UTC day, days since 1970-01-01."""
        self._day = day
        held = [c for c in self._changes if c.first_day(self._start_s) <= day]
        self._preferences.follow([effect for change in held for effect in change.effects])

    @contextmanager
    def seen_on(self, day: date | None) -> Iterator[None]:
        """Ask what preferences are on another day; None is today."""
        today = self._day
        if day is not None:
            self.open_day(day.toordinal() - date(1970, 1, 1).toordinal())
        try:
            yield
        finally:
            self.open_day(today)

    def as_json(self) -> list[dict[str, Any]]:
        """Every change: its first UTC day, what it is, what it does, whether it has come."""
        return [
            {
                "day": _iso(change.first_day(self._start_s)),
                "what": change.what,
                "effects": [
                    {"dimension": dimension, "option": option, "logits": logits}
                    for dimension, option, logits in change.effects
                ],
                "in_force": change.first_day(self._start_s) <= self._day,
            }
            for change in self._changes
        ]


def _iso(day: int) -> str:
    return datetime.fromtimestamp(day * DAY_S, UTC).date().isoformat()
