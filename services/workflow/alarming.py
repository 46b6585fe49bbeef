"""What stops sending without a person: Braze counting more than we sent, and health alarms."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from services.activation.alarming import stop_for
from services.activation.counting import watch_counts
from services.bootstrap import Workplace
from services.experiment.model import Experiment, Status
from services.experiment.store import experiments, load_version
from services.insights.health import State, checks
from services.workflow.health_view import LOOKS, LOOKS_DAYS
from services.workflow.people.store import assigned

EVERY = timedelta(hours=1)  # RELIABILITY P12
log = structlog.get_logger()


class Alarms:
    """Looks once an hour, on the clock of the workplace."""

    def __init__(self, place: Workplace) -> None:
        self._place = place
        self._looked_at: datetime | None = None

    def look_hourly(self) -> None:
        """Look where the last look is an hour old. Raises BrazeError."""
        now = self._place.console.clock.now()
        if self._looked_at is not None and abs(now - self._looked_at) < EVERY:
            return
        look(self._place)
        self._looked_at = now


def look(place: Workplace) -> int:
    """Compare counts and check every running experiment; how many alarms stopped something."""
    console = place.console
    rows = experiments(console.database)
    running = [load_version(console.database, r.id) for r in rows if r.status is Status.RUNNING]
    stopped = sum(_look_at_health(place, experiment) for experiment in running)
    found = watch_counts(console.database, console.clock, place.reading, console.workspace, running)
    for excess in found:
        log.error("Braze counts more", target=excess.target, day=str(excess.day), n=excess.n)
    return stopped + len(found)


def _look_at_health(place: Workplace, experiment: Experiment) -> int:
    console = place.console
    today = console.clock.now().astimezone(ZoneInfo(experiment.zone)).date()
    looks = console.lake.read(LOOKS, experiment.id, since=today - timedelta(days=LOOKS_DAYS))
    members = assigned(console.database, experiment.id)
    stopped = 0
    for check in checks(experiment, members, looks, today=today):
        if check.state is State.ACT:
            log.error("health alarm", experiment=experiment.id, check=check.key)
            stopped += stop_for(
                console.database, console.clock, experiment.id, check.key, check.words
            )
    return stopped
