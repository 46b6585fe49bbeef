"""Send ids: several sends of one campaign whose statistics are read together.

Each send id has books of its own beside those of the variations: rows of the daily counters.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from services.sandbox.remembering.series import Series

KEPT_S = 14 * 86_400  # statistics of a send id stay that long after the send: Braze docs
MAX_BOOKS = 32_000  # numbers of books are 16-bit in the events


@dataclass
class SendGroup:
    """One send id of one campaign; `books` maps a variation's stream to the group's own."""

    number: int
    target: int
    books: dict[int, int] = field(default_factory=dict)
    last_sent_s: float = -np.inf


class SendIds:
    """All send ids of a workspace."""

    def __init__(self, series: Series, n_streams: int) -> None:
        self._series = series
        self._groups: list[SendGroup] = []
        self._by_name: dict[tuple[int, str], SendGroup] = {}
        self._latest: dict[int, dict[int, int]] = {}  # target → row → number of its group
        self.stream_of_book = np.arange(n_streams, dtype=np.int64)

    def __len__(self) -> int:
        return len(self._groups)

    def create(self, target: int, send_id: str) -> None:
        """Make a send id of a campaign; one that exists stays."""
        if (target, send_id) not in self._by_name:
            group = SendGroup(len(self._groups), target)
            self._groups.append(group)
            self._by_name[target, send_id] = group

    def find(self, target: int, send_id: object) -> SendGroup | None:
        """A send id of a campaign, None where it was never created."""
        return self._by_name.get((target, send_id)) if isinstance(send_id, str) else None

    def book_of(self, group: SendGroup, stream: int, at_s: float) -> int:
        """Where a send of a variation is counted for the group."""
        group.last_sent_s = at_s
        book = group.books.get(stream)
        if book is None:
            if len(self.stream_of_book) >= MAX_BOOKS:
                return stream
            book = group.books[stream] = self._series.new_stream()
            self.stream_of_book = np.append(self.stream_of_book, stream)
        return book

    def receive(self, group: SendGroup, rows: NDArray[np.int64]) -> None:
        """Remember that these people's latest message of the campaign came with this send id."""
        held = self._latest.setdefault(group.target, {})
        held.update(dict.fromkeys(rows.tolist(), group.number))

    def books_of_receipt(
        self, rows: NDArray[np.int64], targets: NDArray[np.int64], streams: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Books of the latest send id each person had from a target, int (n,); -1 where none."""
        found = np.full(len(rows), -1, np.int64)
        for target, latest in self._latest.items():
            for i in np.flatnonzero(targets == target).tolist():
                number = latest.get(int(rows[i]))
                if number is not None:
                    found[i] = self._groups[number].books.get(int(streams[i]), -1)
        return found
