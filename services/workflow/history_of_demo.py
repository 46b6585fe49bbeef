"""The demo's past: weeks of watching an audience, then an experiment, all through the real loop."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time

from services.bootstrap import Workplace
from services.experiment.model import Experiment
from services.workflow.catalogue import refresh
from services.workflow.connection import check
from services.workflow.cycle import cycle_start, open_day
from services.workflow.demo import running_experiment, unfinished_draft
from services.workflow.heartbeat.store import beat
from services.workflow.history import play, send_until
from services.workflow.model import DayFigures
from services.workflow.sandbox_control import SandboxControl
from services.workflow.watching import watch

WATCHED_DAYS = 28  # before launch: the covariate's period, STATISTICS 5
WATCH_EVERY_DAYS = 7  # differences of any two exports add up, so a few are enough for history
WATCHED_AT = clock_time(5)
LATER_MORNING = clock_time(10, 30)  # where the demo's present begins: some messages out, some not


@dataclass(frozen=True)
class Started:
    """The experiment whose history is played, and its first decision day."""

    experiment: Experiment
    first_day: date


def begin(place: Workplace, control: SandboxControl) -> Started:
    """Make a sandbox's console worth looking at: lists, a watched audience, two experiments.

    Time has stood still at the sandbox's start; it moves by WATCHED_DAYS.
    """
    control.run_at(0)
    check(place)
    refresh(place)
    world = control.world()
    start = place.console.clock.now().date()
    first_day = start + timedelta(days=WATCHED_DAYS)
    experiment = running_experiment(place, world, first_day)
    for day in range(0, WATCHED_DAYS, WATCH_EVERY_DAYS):
        target = datetime.combine(start, WATCHED_AT, UTC) + timedelta(days=day)
        if target > place.console.clock.now():
            control.jump(target)
        watch(place, experiment.id, experiment.audience, target.date())
    return Started(experiment, first_day)


def play_history(
    place: Workplace,
    control: SandboxControl,
    started: Started,
    days: int,
    tell: Callable[[DayFigures, int], None],
) -> None:
    """Play `days` decision days. The heartbeat says how many are done, for the console."""
    began = time.time()

    def told(figures: DayFigures, n: int) -> None:
        beat(place.console, started_at=began, detail={"history": {"done": n, "days": days}})
        tell(figures, n)

    beat(place.console, started_at=began, detail={"history": {"done": 0, "days": days}})
    play(place, control, started.experiment, started.first_day, days, told)


def reach_today(place: Workplace, control: SandboxControl, started: Started, days: int) -> None:
    """Begin the day after the history and stop in the late morning, when some messages are out;
    leave a draft behind as somebody would have."""
    day = started.first_day + timedelta(days=days)
    control.jump(cycle_start(place.console, started.experiment, day))
    open_day(place, started.experiment, day)
    unfinished_draft(place)
    check(place)
    refresh(place)
    morning = datetime.combine(day, LATER_MORNING, UTC)
    send_until(place, control, started.experiment.id, morning)
    control.jump(morning)
