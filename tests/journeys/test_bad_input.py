"""Bad days: each ends in a sentence that says what to do, and loses nothing."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import stamina
from pydantic import SecretStr

from services.bootstrap import open_workplace
from services.braze.permissions import Result, check_permissions
from services.cli.console_process import console_process
from services.errors import (
    BrazeError,
    ConsoleError,
    DataError,
    Locked,
    Rejected,
    SetupError,
)
from services.experiment.store import create_draft, load_draft, save_draft
from services.intents.model import IntentState
from services.intents.store import file_intent, find
from services.settings import load_settings, write_connection
from services.worker import one_worker
from services.workflow.acting import act_on_next
from services.workflow.cycle import cycle_start, open_day, send_due
from services.workflow.cycles.store import records
from services.workflow.demo import experiment_document
from services.workflow.history_of_demo import begin
from services.workflow.model import Stage as CycleStage
from services.workflow.model import StageState
from services.workflow.sending import count_states, next_due
from services.workflow.sending_view import worker_alive
from tests.stage import Stage, on_stage

PEOPLE = 300


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Stage]:
    """A sandbox with few people; nothing set up yet."""
    home = tmp_path / "home"
    home.mkdir()
    with on_stage(home, people=PEOPLE) as stage:
        stage.control.run_at(0)
        yield stage


def said(problem: pytest.ExceptionInfo[ConsoleError]) -> str:
    """What happened and what to try: both are there."""
    assert str(problem.value.what)
    assert problem.value.hint is not None
    return str(problem.value)


def with_key(stage: Stage, key: str):
    settings = replace(stage.console.settings, read_key=SecretStr(key), send_key=SecretStr(key))
    return open_workplace(settings)


def test_without_a_key_the_worker_says_where_it_goes(tmp_path: Path):
    write_connection(tmp_path, endpoint="https://rest.iad-01.braze.com", key=None)
    with pytest.raises(SetupError) as problem:
        open_workplace(load_settings({}, home=tmp_path, with_keys=True))
    assert "anneal connect" in said(problem)


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://rest.iad-99.braze.com",
        "http://rest.iad-01.braze.com",
        "https://rest.iad-01.braze.com.evil.example",
        "https://rest.iad-01.braze.com@evil.example",
        "http://127.0.0.1:9",
        "",
    ],
)
def test_a_key_is_never_sent_to_an_endpoint_that_is_not_brazes(endpoint: str, tmp_path: Path):
    write_connection(tmp_path, endpoint=endpoint, key=SecretStr("k" * 20))
    with pytest.raises(SetupError) as problem:
        open_workplace(load_settings({}, home=tmp_path, with_keys=True))
    assert "k" * 20 not in said(problem)


def test_an_unknown_key_is_named_as_such_and_never_repeated(small: Stage):
    wrong = "wrong-key-of-this-test"
    place = with_key(small, wrong)
    with pytest.raises(Rejected) as problem:
        check_permissions(place.reading)
    assert problem.value.status == 401
    assert wrong not in said(problem)
    assert wrong not in repr(place)


def test_one_missing_permission_is_named_and_the_others_work(small: Stage):
    made = small.control._ask("POST", "keys", {"without": ["segments.data_series"]})
    results = {r.name: r.result for r in check_permissions(with_key(small, made["key"]).reading)}
    assert results["segments.data_series"] is Result.MISSING
    assert results["segments.list"] is Result.WORKS
    assert results["campaigns.trigger.send"] in (Result.WORKS, Result.PROBABLY)


def test_an_empty_segment_stops_the_day_and_decides_for_nobody(small: Stage):
    started = begin(small.place, small.control)
    empty = started.experiment.model_copy(
        update={
            "audience": started.experiment.audience.model_copy(
                update={"segment_ids": ("00000000-0000-4000-8000-000000000000",)}
            )
        }
    )
    small.control.jump(cycle_start(small.console, started.experiment, started.first_day))
    with pytest.raises((DataError, BrazeError)) as problem:
        open_day(small.place, empty, started.first_day)
    assert said(problem)
    found = records(small.console.database, started.experiment.id, started.first_day)
    assert found[CycleStage.AUDIENCE].state is StageState.FAILED
    assert found[CycleStage.DECIDE].state is StageState.WAITING
    assert small.console.lake.days("decisions", started.experiment.id) == []


def test_a_campaign_with_a_braze_control_group_cannot_be_launched(small: Stage):
    place, console = small.place, small.console
    begin(place, small.control)
    world = small.control.world()
    document = experiment_document(world)
    controlled = next(c for c in world["all_campaigns"] if c["control_group"])
    document["targets"] = [
        {"when": {}, "kind": "campaign", "id": controlled["id"], "channel": "email"}
    ]
    document["dimensions"] = [d for d in document["dimensions"] if d["key"] != "channel"]
    id = create_draft(console.database, console.clock, by="t", document=document)
    intent = file_intent(console.database, console.clock, "launch", "go", {}, "t", id)
    assert act_on_next(place)
    done = find(console.database, id=intent.id)
    assert done.state is IntentState.FAILED
    assert "control group" in str(done.error).lower()


def test_an_unfinished_draft_cannot_be_launched_and_says_what_is_missing(small: Stage):
    console = small.console
    id = create_draft(console.database, console.clock, by="t", use_case="winback")
    intent = file_intent(console.database, console.clock, "launch", "go", {}, "t", id)
    assert act_on_next(small.place)
    done = find(console.database, id=intent.id)
    assert done.state is IntentState.FAILED
    assert done.error.hint is not None


def test_a_port_in_use_is_a_sentence_and_starts_nothing(tmp_path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Locked) as problem, console_process(tmp_path, port=port):
            pass
    assert "--port" in said(problem)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_home_is_a_sentence(tmp_path: Path):
    tmp_path.chmod(0o500)
    with pytest.raises(SetupError) as problem:
        load_settings({}, home=tmp_path / "home")
    tmp_path.chmod(0o700)
    assert "ANNEAL_HOME" in said(problem)


def test_a_home_that_is_a_file_is_a_sentence(tmp_path: Path):
    (tmp_path / "home").write_text("not a folder")
    with pytest.raises(SetupError) as problem:
        load_settings({}, home=tmp_path / "home")
    assert "ANNEAL_HOME" in said(problem)


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path):
    path = write_connection(
        tmp_path, endpoint="https://rest.iad-01.braze.com", key=SecretStr("secret-key")
    )
    path.chmod(0o644)
    with pytest.raises(SetupError) as problem:
        load_settings({}, home=tmp_path, with_keys=True)
    assert "chmod 600" in said(problem)


def test_a_second_worker_in_the_same_home_is_refused(tmp_path: Path):
    with one_worker(tmp_path), pytest.raises(Locked) as problem, one_worker(tmp_path):
        pass
    assert said(problem)


def test_pages_can_tell_that_nobody_is_working(small: Stage):
    assert not worker_alive(small.console.database)


def test_a_draft_changed_after_the_click_is_not_launched(small: Stage):
    place, console = small.place, small.console
    begin(place, small.control)
    document = experiment_document(small.control.world())
    id = create_draft(console.database, console.clock, by="t", document=document)
    seen = load_draft(console.database, id).revision
    save_draft(
        console.database,
        console.clock,
        id,
        {**document, "name": "x"},
        expected_revision=seen,
        by="o",
    )
    intent = file_intent(
        console.database, console.clock, "launch", "go", {"revision": seen}, "t", id
    )
    assert act_on_next(place)
    assert "changed after" in str(find(console.database, id=intent.id).error)


def test_the_sandbox_gone_in_mid_cycle_loses_nothing_and_sends_nothing_twice(tmp_path: Path):
    home = tmp_path / "home"
    home.mkdir()
    with on_stage(home, people=PEOPLE) as before:
        started = begin(before.place, before.control)
        experiment, day = started.experiment, started.first_day
        before.control.jump(cycle_start(before.console, experiment, day))
        open_day(before.place, experiment, day)
        before.control.jump(next_due(before.console, experiment.id))
        before.sandbox.kill()
        send_due(before.place, experiment.id)
        counts = count_states(before.console, experiment.id, day)
        assert counts.sent == 0
        assert counts.left > 0
    with on_stage(home, people=PEOPLE) as after:
        wait = after.console.clock.now() + timedelta(minutes=20)
        after.control.jump(wait)  # the breaker waits before it tries again
        while (due := next_due(after.console, experiment.id)) is not None:
            if due > after.console.clock.now():
                after.control.jump(due)
            if not send_due(after.place, experiment.id):
                break
        truth = after.control.truth()
        assert truth["accepted"] > 0
        assert truth["duplicates_asked"] == 0
        assert count_states(after.console, experiment.id, day).sent == truth["accepted"]


def test_an_export_that_braze_refuses_fails_the_stage_and_can_be_run_again(small: Stage):
    started = begin(small.place, small.control)
    experiment, day = started.experiment, started.first_day
    small.control.jump(cycle_start(small.console, experiment, day))
    small.control._ask(
        "POST",
        "faults",
        {"faults": [{"path": "/users/export/segment", "kind": "html_before", "count": 1}]},
    )
    with stamina.set_testing(True), pytest.raises((BrazeError, DataError)) as problem:
        open_day(small.place, experiment, day)
    assert said(problem)
    open_day(small.place, experiment, day)
    assert small.console.lake.days("decisions", experiment.id) == [day]
