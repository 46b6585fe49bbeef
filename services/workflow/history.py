"""Play days of a sandbox faster than they pass: the real loop, hurried along by the virtual clock.

Time stands still while the loop works and jumps to the next thing that is due: the start of a
cycle, or the hour of the next messages. Nothing is computed in any other way than on a live day.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.bootstrap import Workplace
from services.experiment.model import Experiment
from services.workflow.cycle import close_day, cycle_start, day_figures, open_day, send_due
from services.workflow.model import DayFigures
from services.workflow.sandbox_control import SandboxControl
from services.workflow.sending import next_due

LOOK_EVERY_DAYS = 5  # several days' looks together read the outcomes once
END_OF_DAY = time(23, 59)


def play_day(
    place: Workplace,
    control: SandboxControl,
    experiment: Experiment,
    day: date,
    *,
    look: bool = True,
) -> DayFigures:
    """One whole decision day: cycle, every wave of messages at its hour, the day's end."""
    _jump(place, control, cycle_start(place.console, experiment, day))
    open_day(place, experiment, day)
    evening = datetime.combine(day, END_OF_DAY, ZoneInfo(experiment.zone))
    send_until(place, control, experiment.id, evening + timedelta(days=1))
    _jump(place, control, evening)
    close_day(place, experiment, day, look=look)
    return day_figures(place.console, experiment.id, day)


def send_until(
    place: Workplace, control: SandboxControl, experiment_id: str, end: datetime
) -> None:
    """Jump from wave to wave and send each at its hour, up to `end`.

    Stops early where a guard holds everything: the reason stands in the log and on Today.
    """
    while (due := next_due(place.console, experiment_id)) is not None and due <= end:
        _jump(place, control, due)
        if not send_due(place, experiment_id):
            return


def play(
    place: Workplace,
    control: SandboxControl,
    experiment: Experiment,
    first_day: date,
    n_days: int,
    tell: Callable[[DayFigures, int], None],
) -> None:
    """Play `n_days` from `first_day` on; `tell` hears of each with how many are done."""
    for i in range(n_days):
        day = first_day + timedelta(days=i)
        look = (i + 1) % LOOK_EVERY_DAYS == 0 or i == n_days - 1
        tell(play_day(place, control, experiment, day, look=look), i + 1)


def _jump(place: Workplace, control: SandboxControl, to: datetime) -> None:
    if to > place.console.clock.now():
        control.jump(to)
