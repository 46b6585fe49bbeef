"""What answers say beside their bodies: how long they took, what is left of the rate window, and
what time it is at the other end. Written down only for whoever asks, in the thread that asks.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

from services.braze.limits import RateWindow

HALF_A_SECOND_S = 0.5  # the Date header is cut to whole seconds: its middle is the best guess


@dataclass(frozen=True)
class AnswerNote:
    """One answer, whatever its status.

    took_s         from opening the connection to the last byte, seconds
    clock_ahead_s  the answering clock minus this machine's, give or take half a second and half
                   of `took_s`; None without a usable Date header
    """

    path: str
    status: int
    took_s: float
    window: RateWindow
    clock_ahead_s: float | None


_NOTES: ContextVar[list[AnswerNote] | None] = ContextVar("notes", default=None)


@contextmanager
def noting() -> Iterator[list[AnswerNote]]:
    """Collect a note of every answer that this thread gets inside the block, in order."""
    notes: list[AnswerNote] = []
    before = _NOTES.set(notes)
    try:
        yield notes
    finally:
        _NOTES.reset(before)


def take_note(
    path: str, status: int, headers: Mapping[str, str], window: RateWindow, *, took_s: float
) -> None:
    """Add an answer that has just come to this thread's notes, if anybody wants them.

    `headers` has lower-case keys, or does not mind the case.
    """
    notes = _NOTES.get()
    if notes is None:
        return
    middle_s = time.time() - took_s / 2
    there_s = _date_s(headers.get("date", ""))
    ahead_s = None if there_s is None else there_s + HALF_A_SECOND_S - middle_s
    notes.append(AnswerNote(path, status, took_s, window, ahead_s))


def _date_s(said: str) -> float | None:
    """Epoch seconds of an HTTP date; None where it is none."""
    try:
        moment = parsedate_to_datetime(said)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
