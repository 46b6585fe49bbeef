"""What happened while an experiment ran and may have moved its figures."""

from __future__ import annotations

from datetime import date

from services.experiment.model import Experiment
from services.messages import Message, msg


def events_of(
    experiment: Experiment, first_day: date | None, until: date
) -> list[tuple[date, Message]]:
    """Options that came or went after the first day and up to `until`, in order of day."""
    if first_day is None:
        return []
    found: list[tuple[date, Message]] = []
    for dimension in experiment.dimensions:
        for option in dimension.options:
            if option.active_from is not None and option.active_from > first_day:
                found.append((option.active_from, msg("{option} added", option=option.label)))
            if option.active_to is not None and option.active_to > first_day:
                found.append((option.active_to, msg("{option} ended", option=option.label)))
    return sorted((e for e in found if e[0] <= until), key=lambda event: event[0])
