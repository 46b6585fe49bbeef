"""Who is in a segment, and how large segments were on each day."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from services.sandbox.remembering.profiles import Profiles
from services.sandbox.world.model import Condition, DerivedAttribute, Segment, World
from services.sandbox.world.people import People

_WORDS = {"is": "is", "is_not": "is not", "above": "is more than", "below": "is less than"}


@dataclass
class Membership:
    """Segments of one world over its people; `sizes[key]` maps days since 1970 to sizes."""

    world: World
    people: People
    profiles: Profiles
    sizes: dict[str, dict[int, int]] = field(default_factory=dict)

    def members(self, segment: Segment, now_s: float) -> NDArray[np.int64]:
        """Rows of everybody in a segment now, ascending."""
        inside = self.people.alive(now_s)
        for condition in segment.conditions:
            inside = inside & self._holds(condition, now_s)
        return np.flatnonzero(inside)

    def close_day(self, day: int, now_s: float) -> None:
        """Note the sizes at the end of a UTC day."""
        for segment in self.world.segments:
            size = len(self.members(segment, now_s))
            self.sizes.setdefault(segment.key, {})[day] = size

    def in_segment(self, key: str, rows: NDArray[np.int64], now_s: float) -> NDArray[np.bool_]:
        """Who of `rows` is in the segment with this key, bool (n,)."""
        segment = next(s for s in self.world.segments if s.key == key)
        inside = np.asarray(self.people.created_s[rows] <= now_s)
        for condition in segment.conditions:
            inside = inside & self.holds(condition, rows, now_s)
        return inside

    def holds(
        self, condition: Condition, rows: NDArray[np.int64], now_s: float
    ) -> NDArray[np.bool_]:
        """For whom of `rows` a filter holds, bool (n,)."""
        return self._holds(condition, now_s, rows)

    def _holds(
        self, condition: Condition, now_s: float, rows: NDArray[np.int64] | None = None
    ) -> NDArray[np.bool_]:
        derived = {a.name: a for a in self.world.attributes if isinstance(a, DerivedAttribute)}
        if condition.field in derived:
            values = self.profiles.derived(derived[condition.field].source, now_s, rows)
            self._write_over(values, condition.field, rows)
            wanted = float(condition.value)
        else:
            column = self.people.columns[condition.field]
            values = column.values if rows is None else column.values[rows]
            if column.categories:
                wanted = float(column.categories.index(str(condition.value)))
                values = np.where(values < 0, np.nan, values)
            else:
                wanted = float(condition.value)
        match condition.comparison:
            case "is":
                return np.asarray(values == wanted)
            case "is_not":
                return np.asarray((values != wanted) & ~np.isnan(values))
            case "above":
                return np.asarray(values > wanted)
            case "below":
                return np.asarray(values < wanted)

    def _write_over(
        self, values: NDArray[np.float64], name: str, rows: NDArray[np.int64] | None
    ) -> None:
        """What `users/track` said of a derived attribute wins over what follows from behaviour."""
        overrides = self.people.overrides
        if not overrides:
            return
        places = enumerate(rows.tolist()) if rows is not None else ((r, r) for r in overrides)
        for position, row in places:
            if name in overrides.get(row, ()):
                said = overrides[row][name]
                values[position] = float(said) if isinstance(said, int | float) else np.nan


def description(segment: Segment) -> str:
    """The filters in words, as Braze generates them."""
    if not segment.conditions:
        return "All users"
    return " and ".join(
        f"Custom attribute {c.field} {_WORDS[c.comparison]} "
        f"{str(c.value).lower() if isinstance(c.value, bool) else c.value}"
        for c in segment.conditions
    )
