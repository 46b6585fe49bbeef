"""One played history for all tests that need one: the real loop, once, copied for each test."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.bootstrap import Console, Workplace, open_console, open_workplace
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


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after DAYS days of history. Read it, or use `played_home` to change it."""
    shared = tmp_path_factory.getbasetemp()
    if shared.name.startswith("popen-"):  # one history for all processes of the run
        shared = shared.parent
    home = shared / "played"
    with (shared / "played.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "complete").exists():
            shutil.rmtree(home, ignore_errors=True)
            _play(home)
            (home / "complete").touch()
    return home


@pytest.fixture
def played_home(played: Path, tmp_path: Path) -> Path:
    """A copy of the played home that a test may change."""
    copy = tmp_path / "home"
    shutil.copytree(played, copy)
    (copy / "complete").unlink()
    return copy


@pytest.fixture
def played_console(played_home: Path) -> Iterator[Console]:
    """The copied home without a sandbox or a worker, as the console opens it."""
    console = open_console(load_settings({}, home=played_home))
    yield console
    console.database.close()


@pytest.fixture
def stage(played_home: Path) -> Iterator[Stage]:
    """The copied home with its sandbox running again, where it was."""
    with on_stage(played_home) as stage:
        yield stage


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


def _play(home: Path) -> None:
    home.mkdir()
    with on_stage(home) as stage:
        started = begin(stage.place, stage.control)
        play_history(stage.place, stage.control, started, DAYS, lambda _figures, _n: None)
        reach_today(stage.place, stage.control, started, DAYS)


def last_day() -> datetime:
    """The last whole decision day of the played history."""
    return FIRST_MOMENT + timedelta(days=WATCHED_DAYS + DAYS - 1)
