"""A home with a running sandbox, for tests that drive the real thing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import SecretStr

from services.bootstrap import Console, Workplace, open_workplace
from services.experiment.model import Experiment, Status
from services.experiment.store import experiments, load_version
from services.sandbox.process import SandboxProcess, running
from services.settings import load_settings, write_connection
from services.workflow.history_of_demo import WATCHED_DAYS, begin, play_history, reach_today
from services.workflow.sandbox_control import SandboxControl

PEOPLE = 2_000
DAYS = 21
FIRST_MOMENT = datetime(2026, 8, 3, tzinfo=UTC)
SEED = 11


@dataclass(frozen=True)
class Stage:
    """A home with a running sandbox: everything a journey needs."""

    place: Workplace
    control: SandboxControl
    sandbox: SandboxProcess
    experiment: Experiment | None

    @property
    def console(self) -> Console:
        return self.place.console


@contextmanager
def on_stage(home: Path, *, people: int = PEOPLE, seed: int = SEED) -> Iterator[Stage]:
    """Run a sandbox on a home and open the worker's things beside it."""
    with running(home, people=people, seed=seed, start=FIRST_MOMENT) as sandbox:
        write_connection(home, endpoint=sandbox.url, key=SecretStr(sandbox.key), sandbox=True)
        place = open_workplace(load_settings({}, home=home, with_keys=True))
        try:
            yield Stage(place, SandboxControl(sandbox.url), sandbox, running_experiment(place))
        finally:
            place.reading.close()
            place.sending.close()
            place.console.database.close()


def running_experiment(place: Workplace) -> Experiment | None:
    """The experiment that runs in this home, if one does."""
    rows = experiments(place.console.database)
    found = [row for row in rows if row.status is Status.RUNNING]
    return load_version(place.console.database, found[0].id) if found else None


def play(home: Path) -> None:
    """Make a home with DAYS days of history through the real loop."""
    home.mkdir()
    with on_stage(home) as stage:
        started = begin(stage.place, stage.control)
        play_history(stage.place, stage.control, started, DAYS, lambda _figures, _n: None)
        reach_today(stage.place, stage.control, started, DAYS)


def last_day() -> datetime:
    """The last whole decision day of the played history."""
    return FIRST_MOMENT + timedelta(days=WATCHED_DAYS + DAYS - 1)
