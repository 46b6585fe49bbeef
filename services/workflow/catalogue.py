"""Keep what pages choose from fresh: segments, campaigns, Canvases, templates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from services.audience.catalogue import refresh_catalogue
from services.bootstrap import Workplace
from services.experiment.catalogue.store import load_catalogue

MOST_AGE = timedelta(hours=1)  # a creative changed in Braze must be noticed before many messages


def refresh(place: Workplace, report: Callable[[int, int], None] | None = None) -> int:
    """Read everything anew; how many entries there are."""
    console = place.console
    found = refresh_catalogue(place.reading, console.database, console.clock, report)
    return sum(found.counts.values())


def keep_catalogue_fresh(place: Workplace) -> None:
    """Read everything anew where it is older than MOST_AGE."""
    known = load_catalogue(place.console.database)
    now = place.console.clock.now()
    if known is None or known.refreshed_at is None or now - known.refreshed_at > MOST_AGE:
        refresh(place)
