"""When to stop by itself: too many doubts, or too many failures, in a row. Pure.

Opening pauses the workspace; a person closes it by resuming. Between failures the wait grows, and
since it is kept in the database all workers share it: no jitter is needed to keep them apart.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from services.activation.model import LedgerState

MAX_UNKNOWN_IN_ROW = 3  # at most 150 people in doubt an incident and thread: RELIABILITY P8
MAX_FAILED_IN_ROW = 5  # RELIABILITY P8
WAITS_S = (15.0, 60.0, 240.0, 600.0)  # after the first, second, … failure in a row


@dataclass(frozen=True)
class Breaker:
    """Counts of the last requests in a row; `open_since` is epoch seconds, None = closed."""

    unknown_in_row: int = 0
    failed_in_row: int = 0
    open_since: float | None = None


def after(breaker: Breaker, state: LedgerState, now: float) -> Breaker:
    """The breaker after one answered batch.

    Anything Braze took resets both counts. A refusal counts as a failure: five targets refused one
    after the other mean that something larger is wrong than one campaign.
    """
    match state:
        case LedgerState.UNKNOWN:
            counted = replace(breaker, unknown_in_row=breaker.unknown_in_row + 1)
        case LedgerState.NOT_DISPATCHED | LedgerState.REJECTED:
            counted = replace(breaker, failed_in_row=breaker.failed_in_row + 1)
        case _:
            counted = replace(breaker, unknown_in_row=0, failed_in_row=0)
    too_many = (
        counted.unknown_in_row >= MAX_UNKNOWN_IN_ROW or counted.failed_in_row >= MAX_FAILED_IN_ROW
    )
    if too_many and counted.open_since is None:
        return replace(counted, open_since=now)
    return counted


def wait_until(breaker: Breaker, last_failed_at: float | None) -> float:
    """Epoch seconds before which nothing is sent, because Braze was not reached just before."""
    if breaker.failed_in_row == 0 or last_failed_at is None:
        return 0.0
    return last_failed_at + WAITS_S[min(breaker.failed_in_row, len(WAITS_S)) - 1]
