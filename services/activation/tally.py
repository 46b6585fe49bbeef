"""What a run of the dispatcher has done so far, shared by its threads."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

from services.activation.gates.store import target_name
from services.activation.model import (
    Claim,
    Dispatched,
    Held,
    HeldReason,
    LedgerState,
    SkipReason,
    Verdict,
)

Progress = Callable[[int, int], None]  # people dealt with, people due at the start


class Tally:
    """What a run has done so far, shared by its threads."""

    def __init__(self, n_total: int, progress: Progress | None) -> None:
        self._lock = threading.Lock()
        self._n_total = n_total
        self._progress = progress
        self._people: Counter[LedgerState] = Counter()
        self._skipped: Counter[SkipReason] = Counter()
        self._held: dict[tuple[HeldReason, tuple[str, str] | None], Held] = {}
        self._n_requests = 0
        self._n_done = 0

    def blocked(self) -> list[str]:
        """Targets that this run leaves alone."""
        with self._lock:
            return [target_name(*h.target) for h in self._held.values() if h.target is not None]

    def stopped(self) -> bool:
        """Whether something holds everything."""
        with self._lock:
            return any(held.target is None for held in self._held.values())

    def hold(self, held: Held) -> None:
        """Remember why nothing, or nothing to one target, goes out."""
        with self._lock:
            self._held.setdefault((held.reason, held.target), held)

    def skip(self, reasons: dict[SkipReason, int]) -> None:
        """Count people who were not sent to, by rule."""
        with self._lock:
            self._skipped.update(reasons)

    def sent(self, batch: Claim, verdict: Verdict) -> None:
        """Count one request and the people in it."""
        with self._lock:
            self._n_requests += int(verdict.counts or verdict.tried)
            self._people[verdict.state] += len(batch.people)

    def dealt_with(self, n_people: int) -> None:
        """Report progress."""
        with self._lock:
            self._n_done += n_people
            done = min(self._n_done, self._n_total)
        if self._progress is not None:
            self._progress(done, self._n_total)

    def result(self) -> Dispatched:
        """The counts as a value."""
        with self._lock:
            return Dispatched(
                self._n_requests,
                dict(self._people),
                dict(self._skipped),
                tuple(self._held.values()),
            )
