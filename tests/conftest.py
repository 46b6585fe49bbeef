"""One played history for all tests that need one: the real loop, once, copied for each test."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.bootstrap import Console, open_console
from services.settings import load_settings
from tests.chromium import chromium
from tests.engines import both_engines
from tests.stage import Stage, on_stage, play

__all__ = ["both_engines", "chromium"]  # fixtures for every folder


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after weeks of history. Read it, or use `played_home` to change it."""
    shared = tmp_path_factory.getbasetemp()
    if shared.name.startswith("popen-"):  # one history for all processes of the run
        shared = shared.parent
    home = shared / "played"
    with (shared / "played.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "complete").exists():
            shutil.rmtree(home, ignore_errors=True)
            play(home)
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
