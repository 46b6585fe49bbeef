"""One chapter of the report: a finding, and the pictures and tables that prove it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from services.bootstrap import Console
from services.experiment.model import Experiment
from services.insights.exhibits import Exhibit
from services.insights.model import Finding


@dataclass(frozen=True)
class Chapter:
    """`exhibits` may be empty where the finding waits for something."""

    finding: Finding
    exhibits: tuple[Exhibit, ...] = ()


@dataclass(frozen=True)
class Scope:
    """What a report is about: one experiment as it stood on `until`.

    since  first day that charts show; the lift always counts all days. None: from the first day
    until  last day that is told of; None: the newest
    """

    console: Console
    experiment: Experiment
    first_day: date
    ended: bool = False
    since: date | None = None
    until: date | None = None

    def shows(self, day: date) -> bool:
        """Whether charts show this day."""
        return (self.since is None or day >= self.since) and (
            self.until is None or day <= self.until
        )
