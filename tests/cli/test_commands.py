"""The commands, as somebody at a terminal or a script would call them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from services.activation.pausing import is_paused
from services.cli.main import COMMANDS, anneal
from services.errors import AccessError, SetupError
from services.intents.model import IntentState
from services.intents.store import file_intent, find
from services.settings import load_settings
from services.worker import work
from services.workflow.cycle import cycle_start
from services.workflow.history_of_demo import begin
from services.workflow.sending_view import worker_alive
from tests.stage import Stage, on_stage


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A home with a small sandbox that the commands find through ANNEAL_HOME."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("ANNEAL_HOME", str(home))
    with on_stage(home, people=300) as stage:
        stage.control.run_at(0)
        yield stage


def call(*words: str) -> click.testing.Result:
    return CliRunner().invoke(anneal, words)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_explains_itself(name: str):
    said = call(name, "--help")
    assert said.exit_code == 0
    assert "Usage:" in said.output


def test_pause_holds_and_resume_needs_a_reason(small: Stage):
    assert call("pause", "--reason", "a test").exit_code == 0
    assert is_paused(small.console.database, small.console.home)
    assert call("resume").exit_code == 2
    with pytest.raises(AccessError):
        CliRunner().invoke(anneal, ("resume", "--reason", " "), catch_exceptions=False)
    assert call("resume", "--reason", "the test is over").exit_code == 0
    assert not is_paused(small.console.database, small.console.home)


def test_a_cycle_run_by_cron_does_what_is_due_and_doing_it_again_does_nothing_twice(small: Stage):
    started = begin(small.place, small.control)
    day, id = started.first_day, started.experiment.id
    small.control.jump(cycle_start(small.console, started.experiment, day))
    first = json.loads(call("cycle", "--experiment", id, "--day", f"{day}", "--json").output)
    again = json.loads(call("cycle", "--experiment", id, "--day", f"{day}", "--json").output)
    assert first["decided"] > 0
    assert again == first


def test_the_worker_shows_that_it_lives_and_answers_what_pages_ask(small: Stage):
    console = small.console
    asked = file_intent(console.database, console.clock, "check_connection", "now", {}, "somebody")
    stop = threading.Event()
    settings = load_settings({}, home=console.home, with_keys=True)
    worker = threading.Thread(target=work, args=(settings, stop))
    worker.start()
    try:
        until = time.monotonic() + 60
        while find(console.database, id=asked.id).is_open and time.monotonic() < until:
            time.sleep(0.1)
    finally:
        stop.set()
        worker.join(30)
    assert find(console.database, id=asked.id).state is IntentState.DONE
    assert worker_alive(console.database)


def test_without_a_connection_the_worker_says_what_to_do(tmp_path: Path):
    with pytest.raises(SetupError, match="anneal connect"):
        work(load_settings({}, home=tmp_path, with_keys=True))
