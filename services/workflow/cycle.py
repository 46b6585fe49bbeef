"""One cycle: an experiment's local day, stage by stage.

audience → outcomes → learn → decide → activate (through the day) → settle → series. Every stage is
a function of what is durable already and can be run again for its day; a stage that is done is not
done twice.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow.compute as pc

from services.activation.calendar import hour_start, is_zone
from services.bootstrap import Console, Workplace
from services.experiment.model import Experiment
from services.experiment.store import load_version
from services.insights.looking import record_looks
from services.insights.pictures import record_pictures
from services.workflow.collecting import collect_outcomes
from services.workflow.cycles.store import Progress, is_done, records, stage_of
from services.workflow.deciding import decide
from services.workflow.due import hour_options
from services.workflow.fetching import fetch_series
from services.workflow.kept_counts import keep_counts
from services.workflow.learning import learn_rewards
from services.workflow.model import DayFigures, Stage, StageState
from services.workflow.refreshing import refresh_audience
from services.workflow.sending import activate, count_states, plan_day, settle

LEAD = timedelta(hours=2)  # what a million people's export, learning and deciding may take
NEVER = datetime.max.replace(tzinfo=UTC)
EVENING = timedelta(minutes=30)  # before midnight: the day's numbers are fetched


def cycle_start(console: Console, experiment: Experiment, day: date) -> datetime:
    """When the day's cycle begins, UTC: before the earliest hour option in any person's zone.

    NEVER where no zone has the day: Samoa went from 29 to 31 December 2011.
    """
    zones = {experiment.zone, *_zones(console, experiment)}
    starts = [hour_start(day, hour_options(experiment)[0], zone) for zone in zones]
    known = [s for s in starts if s is not None]
    return min(known) - LEAD if known else NEVER


def day_end(experiment: Experiment, day: date) -> datetime:
    """When the day's numbers are fetched: late on the local day, UTC."""
    midnight = datetime.combine(day + timedelta(days=1), datetime.min.time())
    return midnight.replace(tzinfo=ZoneInfo(experiment.zone)) - EVENING


def open_day(place: Workplace, experiment: Experiment, day: date) -> None:
    """Everything up to the point at which messages are planned.

    Raises ConsoleError from the first stage that fails; its record says why, later ones wait.
    """
    id = experiment.id
    steps: list[tuple[Stage, Callable[[Progress], object]]] = [
        (Stage.AUDIENCE, lambda p: refresh_audience(place, experiment, day, p)),
        (Stage.OUTCOMES, lambda p: collect_outcomes(place, experiment, day, p)),
        (Stage.LEARN, lambda p: learn_rewards(place, experiment, day, p)),
        (Stage.DECIDE, lambda p: _decide_and_plan(place, experiment, day, p)),
    ]
    console = place.console
    for stage, step in steps:
        if is_done(console.database, id, day, stage):
            continue
        with stage_of(console.database, console.clock, id, day, stage) as progress:
            step(progress)


def send_due(place: Workplace, experiment_id: str) -> bool:
    """Send what is due now. True where anything moved, False where all is held or nothing due."""
    return activate(place, load_version(place.console.database, experiment_id))


def close_day(place: Workplace, experiment: Experiment, day: date, *, look: bool = True) -> None:
    """Settle doubts, fetch Braze's numbers, take the looks that are due.

    Looks are taken day by day whenever they are taken; `look` False leaves them to a later call.
    """
    console = place.console
    id = experiment.id
    progress = Progress(console.database, console.clock, id, day, Stage.ACTIVATE)
    progress.write(state=StageState.DONE.value, finished_at=progress.now())
    with stage_of(console.database, console.clock, id, day, Stage.SETTLE) as progress:
        settle(place, experiment, progress)
    with stage_of(console.database, console.clock, id, day, Stage.SERIES) as progress:
        fetch_series(place, experiment, day, progress)
        if look:
            record_looks(console.database, console.lake, experiment)
            record_pictures(console.database, console.lake, experiment)
            keep_counts(console.database, console.lake, id)


def is_open(console: Console, experiment_id: str, day: date) -> bool:
    """Whether the day has been decided and planned."""
    return is_done(console.database, experiment_id, day, Stage.DECIDE)


def is_closed(console: Console, experiment_id: str, day: date) -> bool:
    """Whether the day's last stage is done."""
    return is_done(console.database, experiment_id, day, Stage.SERIES)


def day_figures(console: Console, experiment_id: str, day: date) -> DayFigures:
    """What the day came to, from its records."""
    found = records(console.database, experiment_id, day)
    states = count_states(console, experiment_id, day)
    outcomes = found[Stage.OUTCOMES].note.get("n_outcomes", 0)
    return DayFigures(
        day=day,
        decided=found[Stage.DECIDE].n_done,
        sent=states.sent,
        outcomes=int(str(outcomes)),
        skipped=states.skipped,
    )


def _decide_and_plan(
    place: Workplace, experiment: Experiment, day: date, progress: Progress
) -> None:
    decided = decide(place, experiment, day, progress)
    progress.note.update(
        n_decided=decided.n_decided, by_group=decided.by_group, reasons=decided.reasons
    )
    plan_day(place, experiment, day)
    progress.advance(decided.n_decided, decided.n_decided)


def _zones(console: Console, experiment: Experiment) -> list[str]:
    day = console.lake.latest_day("snapshots", experiment.id)
    if day is None:
        return []
    parts = console.lake.parts("snapshots", experiment.id, day)
    table = console.lake.load(parts, ["time_zone"])
    if "time_zone" not in table.column_names:
        return []
    return [z for z in pc.unique(table["time_zone"]).to_pylist() if is_zone(z)]
