"""What Braze knows of each person: counters, receipts, states. Arrays over rows of people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.sandbox.world.people import DAY_S, People

OPENED_EMAIL, CLICKED_EMAIL, OPENED_PUSH, CONVERTED, IN_CONTROL, COUNTED = 1, 2, 4, 8, 16, 32
RECENT_DAYS = 30
DAYS_A_MONTH = 30.44
NEVER = np.nan


@dataclass
class Occurrences:
    """How often one person did one thing; times are epoch seconds."""

    count: int
    first_s: float
    last_s: float


class Tally:
    """Count, first and last time of named things (events or products), per person.

    Names of the world are columns. Whatever else `users/track` brings is kept by person in
    `others`: a column over everybody for each name a client invents would fill the memory.
    """

    def __init__(self, n_rows: int, names: list[str]) -> None:
        self.names = names
        self.others: dict[int, dict[str, Occurrences]] = {}
        self.count = np.zeros((n_rows, len(names)), np.int32)
        self.first = np.full((n_rows, len(names)), np.inf)
        self.last = np.full((n_rows, len(names)), -np.inf)

    def column(self, name: str) -> int:
        """Position of a name; unknown names get a new column."""
        if name not in self.names:
            self.names.append(name)
            n = len(self.count)
            self.count = np.column_stack([self.count, np.zeros(n, np.int32)])
            self.first = np.column_stack([self.first, np.full(n, np.inf)])
            self.last = np.column_stack([self.last, np.full(n, -np.inf)])
        return self.names.index(name)

    def add(
        self,
        rows: NDArray[np.int64],
        columns: NDArray[np.int64] | int,
        at_s: NDArray[np.float64],
        times: NDArray[np.int64] | int = 1,
    ) -> None:
        """Count occurrences; all arguments broadcast to (n,)."""
        # one flat index: `ufunc.at` is several times slower with two
        where = rows.astype(np.int64) * len(self.names) + np.asarray(columns, dtype=np.int64)
        np.add.at(self.count.reshape(-1), where, times)
        np.maximum.at(self.last.reshape(-1), where, at_s)
        first = self.first.reshape(-1)
        earlier = at_s < first[where]
        np.minimum.at(first, where[earlier], at_s[earlier])

    def note(self, row: int, name: str, at_s: float, times: int = 1) -> None:
        """Count what one person did under any name."""
        if name in self.names:
            self.add(np.array([row]), self.names.index(name), np.array([at_s]), times)
            return
        held = self.others.setdefault(row, {})
        known = held.setdefault(name, Occurrences(0, at_s, at_s))
        known.count += times
        known.first_s, known.last_s = min(known.first_s, at_s), max(known.last_s, at_s)


class Profiles:
    """Everything about people that changes."""

    def __init__(
        self, people: People, n_targets: int, n_steps: int, events: list[str], products: list[str]
    ) -> None:
        n = people.n_rows
        self.people = people
        self.events = Tally(n, events)
        self.purchases = Tally(n, products)
        self.revenue_cents = np.zeros(n, np.int64)
        self.received = np.full((n, n_targets), NEVER)
        self.flags = np.zeros((n, n_targets), np.uint8)
        self.stream_of_receipt = np.full((n, n_targets), -1, np.int16)
        self.step_received = np.full((n, n_steps), NEVER)
        self.fatigue = np.zeros(n, np.float32)
        self.fatigue_at = np.zeros(n)
        self.last_order = np.full(n, -np.inf)
        self._orders_by_day = np.zeros((RECENT_DAYS, n), np.int16)

    def grow(self, more: int) -> None:
        """Add rows of people who have done nothing. The tallies grow on their own."""
        for name, fill in (
            ("revenue_cents", 0),
            ("received", NEVER),
            ("flags", 0),
            ("stream_of_receipt", -1),
            ("step_received", NEVER),
            ("fatigue", 0),
            ("fatigue_at", 0),
            ("last_order", -np.inf),
        ):
            held = getattr(self, name)
            tail = np.full((more, *held.shape[1:]), fill, held.dtype)
            setattr(self, name, np.concatenate([held, tail]))
        empty = np.zeros((RECENT_DAYS, more), np.int16)
        self._orders_by_day = np.concatenate([self._orders_by_day, empty], axis=1)

    def start_day(self, day: int) -> None:
        """Forget the orders of the day that left the window of RECENT_DAYS."""
        self._orders_by_day[day % RECENT_DAYS] = 0

    def count_orders(self, rows: NDArray[np.int64], at_s: NDArray[np.float64]) -> None:
        """Remember orders for `orders_30d` and `days_since_order`."""
        days = (at_s // DAY_S).astype(np.int64) % RECENT_DAYS
        flat = self._orders_by_day.reshape(-1)
        np.add.at(flat, days * self._orders_by_day.shape[1] + rows, np.int16(1))
        np.maximum.at(self.last_order, rows, at_s)

    def derived(
        self, source: str, now_s: float, rows: NDArray[np.int64] | None = None
    ) -> NDArray[np.float64]:
        """A derived attribute of some rows or of everybody, float (n,); NaN where it is not known.

        The world's company keeps it up to date for its own customers; profiles made through the
        API have what they were given.
        """
        values: NDArray[np.float64]
        which = slice(None) if rows is None else rows
        created_s, last_s = self.people.created_s[which], self.last_order[which]
        match source:
            case "orders_30d":
                values = self._orders_by_day[:, which].sum(axis=0, dtype=np.int64).astype(float)
            case "tenure_months":
                values = np.floor(_days_since(created_s, now_s) / DAYS_A_MONTH)
            case "days_away":  # since the last order, or since the beginning where there was none
                values = _days_since(np.maximum(last_s, created_s), now_s)
            case _:
                values = _days_since(last_s, now_s)
        if self.people.made:
            made = list(self.people.made)
            values[made if rows is None else np.isin(rows, made)] = np.nan
        return values


def _days_since(at_s: NDArray[np.float64], now_s: float) -> NDArray[np.float64]:
    """Whole days, NaN where there is no moment to count from."""
    days = np.floor((now_s - at_s) / DAY_S)
    return np.asarray(np.where(np.isfinite(days), days, np.nan))
