"""The activate and settle stages: plan the day's messages, send what is due, clear up doubts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import structlog

from services.activation.delivering import BrazeSender
from services.activation.dispatcher import dispatch_due
from services.activation.marks import beside_home
from services.activation.model import LedgerState
from services.activation.planning import plan
from services.activation.plans.store import day_counts, n_due, next_due_at
from services.activation.recognising import Marks, marks_of
from services.activation.settlement import settle_due
from services.bootstrap import Console, Workplace
from services.experiment.model import Experiment
from services.workflow.cycles.store import Progress
from services.workflow.model import Stage

log = structlog.get_logger()
SENDING_THREADS = 2  # one waits for Braze while the other claims; doubts of an incident stay few


@dataclass(frozen=True)
class Counts:
    """A day's people: messages that went out (or may have), those not sent by rule, those left."""

    sent: int
    skipped: int
    left: int


def plan_day(place: Workplace, experiment: Experiment, day: date) -> None:
    """Ledger rows for the day's decisions. Planning again changes nothing."""
    console = place.console
    lake = console.lake
    decisions = lake.load(lake.parts("decisions", experiment.id, day))
    plan(console.database, console.clock, console.workspace, experiment, decisions)


def activate(place: Workplace, experiment: Experiment) -> bool:
    """Send what is due now. True where anything was dealt with."""
    console = place.console
    if n_due(console.database, console.clock, console.workspace, experiment.id) == 0:
        return False
    progress = Progress(
        console.database, console.clock, experiment.id, _today(console, experiment), Stage.ACTIVATE
    )
    done = dispatch_due(
        console.database,
        console.clock,
        BrazeSender(place.sending, experiment),
        console.lake,
        experiment,
        workspace=console.workspace,
        home=console.home,
        notes=place.notes,
        threads=SENDING_THREADS,
        marks=marks_beside(console),
    )
    for held in done.held:
        log.warning("held", experiment=experiment.id, why=str(held.reason.what))
    counts = count_states(console, experiment.id, _today(console, experiment))
    if counts.sent or counts.skipped or counts.left:  # else it was yesterday's, after midnight
        n_total = counts.sent + counts.left
        progress.write(n_done=counts.sent, n_total=n_total, started_at=progress.now())
    return bool(done.people or done.skipped)


def marks_beside(console: Console) -> Marks:
    """The files by which a restored or copied database is known. A sandbox may be copied freely."""
    outside = None if console.settings.sandbox else beside_home()
    return marks_of(console.home, console.workspace, outside)


def settle(place: Workplace, experiment: Experiment, progress: Progress) -> None:
    """Ask Braze about messages in doubt whose time for a look has come."""
    settled = settle_open(place, experiment)
    progress.advance(settled, settled)


def settle_open(place: Workplace, experiment: Experiment) -> int:
    """As `settle`, without a record; how many people were looked at."""
    console = place.console
    return settle_due(
        console.database,
        console.clock,
        place.reading,
        console.workspace,
        experiment.id,
    ).n_looked


def settle_now(place: Workplace, experiment: Experiment) -> int:
    """Look at every doubt at once, because somebody asked; how many people that were."""
    console = place.console
    settled = settle_due(
        console.database,
        console.clock,
        place.reading,
        console.workspace,
        experiment.id,
        force=True,
    )
    if settled.problem is not None:
        raise settled.problem
    return settled.n_looked


def next_due(console: Console, experiment_id: str) -> datetime | None:
    """When the next planned message is due, UTC; None where nothing is planned."""
    at = next_due_at(console.database, experiment_id)
    return None if at is None else datetime.fromtimestamp(at, UTC)


def count_states(console: Console, experiment_id: str, day: date) -> Counts:
    """What became of the day's decisions so far."""
    sent = skipped = left = 0
    for (state, _), n in day_counts(console.database, experiment_id, day).items():
        if state is LedgerState.SKIPPED:
            skipped += n
        elif state in (LedgerState.PLANNED, LedgerState.SENDING, LedgerState.NOT_DISPATCHED):
            left += n
        elif state is not LedgerState.REJECTED:
            sent += n
    return Counts(sent, skipped, left)


def _today(console: Console, experiment: Experiment) -> date:
    return console.clock.now().astimezone(ZoneInfo(experiment.zone)).date()
