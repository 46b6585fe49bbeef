"""How good the line to Braze is, from notes of its answers: speed, what may still be asked, clocks.

Pure: the notes come from whoever asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median

from services.braze.limits import Family, RateWindow, family_of
from services.braze.notes import AnswerNote
from services.braze.origins import REST_ORIGINS

MOST_CLOCK_DIFFERENCE_S = 60.0  # beyond it rate windows and quiet hours are read wrongly

# Parts of Braze's REST hosts and what its dashboard calls them: Braze docs, "API overview".
_REGIONS = {"iad": "US", "us": "US", "fra": "EU", "au": "AU", "id": "ID"}


@dataclass(frozen=True)
class Line:
    """What some answers say of the line; None where none of them said it.

    latency_s      median seconds from opening the connection to the last byte
    clock_ahead_s  median of Braze's clock minus this machine's, good to about half a second
    windows        where each family's newest window stands, as far as headers said it
    """

    n_answers: int = 0
    latency_s: float | None = None
    clock_ahead_s: float | None = None
    windows: Mapping[Family, RateWindow] = field(default_factory=dict)

    @property
    def clocks_agree(self) -> bool:
        """False only where a difference is known and too large."""
        ahead_s = self.clock_ahead_s
        return ahead_s is None or abs(ahead_s) <= MOST_CLOCK_DIFFERENCE_S


def line_of(answers: Iterable[AnswerNote]) -> Line:
    """Sum up answers, in any order."""
    notes = list(answers)
    ahead = [n.clock_ahead_s for n in notes if n.clock_ahead_s is not None]
    windows: dict[Family, RateWindow] = {}
    for note in sorted(notes, key=_age):
        if note.window.remaining is not None:
            windows[family_of(note.path)] = note.window
    return Line(
        n_answers=len(notes),
        latency_s=median(n.took_s for n in notes) if notes else None,
        clock_ahead_s=median(ahead) if ahead else None,
        windows=windows,
    )


def _age(note: AnswerNote) -> tuple[float, int]:
    """Larger for what is newer: a later window, and within one window fewer requests left."""
    return note.window.reset_s or 0.0, -(note.window.remaining or 0)


def instance_of(endpoint: str) -> str | None:
    """What Braze calls the instance at a REST endpoint, such as US-03; None for any other."""
    if endpoint not in REST_ORIGINS:
        return None
    region, _, number = endpoint.split(".")[1].partition("-")
    return f"{_REGIONS[region]}-{number}"
