"""Daily counters behind every data_series: one row a stream and UTC day.

A stream is a campaign variation, a Canvas or a Canvas step.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.sandbox.world.people import DAY_S

COUNTERS = (
    "sent",
    "delivered",
    "bounces",
    "opens",
    "unique_opens",
    "clicks",
    "unique_clicks",
    "unsubscribes",
    "reported_spam",
    "unique_recipients",
    "conversions",
    "conversions_by_send_time",
    "revenue_cents",
    "enrolled",
    "entries",
)
INDEX = {name: i for i, name in enumerate(COUNTERS)}
GROWTH_DAYS = 128


class Series:
    """int64 (n_streams, n_days, n_counters), days counted from `first_day`."""

    def __init__(self, n_streams: int, first_day: int) -> None:
        self.first_day = first_day
        self._counts = np.zeros((n_streams, GROWTH_DAYS, len(COUNTERS)), np.int64)

    def add(
        self,
        counter: str,
        streams: NDArray[np.int64] | int,
        days: NDArray[np.int64] | int,
        amount: NDArray[np.int64] | int = 1,
    ) -> None:
        """Add to one counter; streams, days (since 1970) and amounts broadcast together."""
        columns = np.asarray(days) - self.first_day
        if columns.size and columns.max() >= self._counts.shape[1]:
            grown = np.zeros_like(
                self._counts,
                shape=(len(self._counts), int(columns.max()) + GROWTH_DAYS, len(COUNTERS)),
            )
            grown[:, : self._counts.shape[1]] = self._counts
            self._counts = grown
        index = (np.asarray(streams, dtype=np.int64), columns)
        np.add.at(self._counts[:, :, INDEX[counter]], index, amount)

    def new_stream(self) -> int:
        """Add a stream without any counts. Returns its index."""
        self._counts = np.concatenate([self._counts, np.zeros_like(self._counts[:1])])
        return len(self._counts) - 1

    def window(self, stream: int, first_day: int, n_days: int) -> list[dict[str, int]]:
        """Counters of `n_days` days from `first_day` on, one dict a day; nothing known is zero."""
        out = np.zeros((n_days, len(COUNTERS)), np.int64)
        start = first_day - self.first_day
        low, high = max(start, 0), min(start + n_days, self._counts.shape[1])
        if high > low:
            out[low - start : high - start] = self._counts[stream, low:high]
        return [dict(zip(COUNTERS, row, strict=True)) for row in out.tolist()]

    def span(self, stream: int, counter: str) -> tuple[int, int] | None:
        """First and last day (since 1970) on which a counter moved, or None."""
        days = np.flatnonzero(self._counts[stream, :, INDEX[counter]])
        if not len(days):
            return None
        return int(days[0]) + self.first_day, int(days[-1]) + self.first_day


def day_of(at_s: float) -> int:
    """UTC day of a moment, days since 1970-01-01."""
    return int(at_s // DAY_S)
