"""Crashes at every boundary, zombies, two workers: at most once, and everybody explained."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sending_world import NINE, World, an_experiment

from services.activation import dispatcher, lease
from services.activation.dispatcher import Post, check, deliver
from services.activation.ledger import claim
from services.activation.model import Claim, HeldBack, HeldReason, LedgerState, Reply
from services.activation.pausing import pause
from services.activation.recovery import recover
from services.errors import NeverConnected
from tests import postgres
from tests.engines import ON_SQLITE

pytestmark = pytest.mark.usefixtures("both_engines")


class Killed(BaseException):
    """Stands for the process ending here: no handler runs after it."""


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.plan()
    return world


def take(world: World) -> Claim:
    batch = claim(world.database, world.clock, world.experiment, world.terms())
    assert isinstance(batch, Claim)
    return batch


def post(world: World) -> Post:
    return Post(world.database, world.clock, world.braze, world.home)


def kill_before_send(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def send(claim: Claim, guard: Callable[[], None]) -> Reply:
        raise Killed

    world.braze.send = send  # type: ignore[method-assign]
    kill_at_settling(world, monkeypatch)


def kill_after_send(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    real = world.braze.send

    def send(claim: Claim, guard: Callable[[], None]) -> Reply:
        real(claim, guard)
        raise Killed

    world.braze.send = send  # type: ignore[method-assign]
    kill_at_settling(world, monkeypatch)


def kill_at_settling(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def write_fate(*_: object, **__: object) -> bool:
        raise Killed

    monkeypatch.setattr(dispatcher, "write_fate", write_fate)
    monkeypatch.setattr(
        dispatcher, "settling", lambda *_, **__: write_fate
    )  # together with the next claim


@pytest.mark.parametrize("crash", [kill_before_send, kill_after_send, kill_at_settling])
def test_after_a_crash_nobody_gets_a_second_message_and_one_batch_is_in_doubt(
    world: World, monkeypatch: pytest.MonkeyPatch, crash: Callable[..., None]
):
    real = world.braze.send
    with monkeypatch.context() as broken:
        crash(world, broken)
        with pytest.raises(Killed):
            world.dispatch()
    assert world.states() == {"sending": 50, "planned": 58}
    world.braze.send = real  # type: ignore[method-assign]
    assert recover(world.database, world.clock, alone=True).n_people == 50
    world.dispatch()
    assert world.states() == {"unknown": 50, "accepted": 58}
    assert not world.braze.twice()


def test_a_batch_whose_lease_runs_is_left_to_its_worker_unless_there_is_no_other(world: World):
    take(world)
    assert recover(world.database, world.clock).n_batches == 0
    world.run("UPDATE batches SET lease_until_mono = :t", t=lease.boot_s() - 1)
    assert recover(world.database, world.clock).n_batches == 1
    assert world.states() == {"unknown": 50, "planned": 58}


def test_a_lease_from_before_a_restart_of_the_machine_is_over(world: World):
    take(world)
    world.run("UPDATE batches SET lease_until_mono = :t", t=lease.boot_s() + lease.LEASE_S + 60)
    assert recover(world.database, world.clock).n_batches == 1


def test_recovering_twice_changes_nothing_more(world: World):
    take(world)
    recover(world.database, world.clock, alone=True)
    assert recover(world.database, world.clock, alone=True).n_batches == 0


def test_a_stalled_worker_that_wakes_up_does_not_send(world: World):
    batch = take(world)
    recover(world.database, world.clock, alone=True)
    verdict = deliver(post(world), batch)
    assert verdict.state is LedgerState.NOT_DISPATCHED
    assert world.braze.truth == []
    assert world.states()["unknown"] == 50  # what the recovery said stays


@pytest.mark.parametrize("clock", ["wall_s", "boot_s"])
def test_a_claim_that_waited_too_long_is_not_sent(
    world: World, monkeypatch: pytest.MonkeyPatch, clock: str
):
    batch = take(world)
    late = getattr(lease, clock)() + lease.START_WITHIN_S + 1
    monkeypatch.setattr(lease, clock, lambda: late)
    with pytest.raises(HeldBack) as held:
        check(post(world), batch)
    assert held.value.reason is HeldReason.LEASE_OVER


def test_a_database_that_cannot_be_read_before_the_first_byte_calls_the_send_off(
    world: World, both_engines: str
):
    batch = take(world)
    world.database.close()
    if both_engines == "sqlite":
        (world.home / "state.sqlite").write_bytes(b"not a database")
    else:
        postgres.server().drop(str(world.database.url.database))
    with pytest.raises(HeldBack) as held:
        check(post(world), batch)
    assert held.value.reason is HeldReason.UNREADABLE


@pytest.mark.parametrize("scope", ["*", "e1", "campaign:campaign-a"])
def test_a_pause_between_claim_and_first_byte_calls_the_send_off(world: World, scope: str):
    batch = take(world)
    pause(world.database, world.clock, scope, by="me", reason="stop")
    verdict = deliver(post(world), batch)
    assert verdict.state is LedgerState.NOT_DISPATCHED
    assert world.braze.truth == []
    assert world.states() == {"planned": 108}
    assert world.rows("SELECT tries FROM ledger WHERE tries > 0") == []


def test_requests_that_fail_together_are_one_failure(world: World):
    together = [take(world), take(world)]
    world.braze.answer = lambda _: NeverConnected("no line")
    for batch in together:
        world.clock.advance(timedelta(seconds=1))
        deliver(post(world), batch)
    assert world.rows("SELECT failed_in_row FROM breakers")[0].failed_in_row == 1


def test_a_late_answer_never_overrules_a_recovery(world: World):
    batch = take(world)
    real = world.braze.send

    def send(claim: Claim, guard: Callable[[], None]) -> Reply:
        reply = real(claim, guard)
        recover(world.database, world.clock, alone=True)
        return reply

    world.braze.send = send  # type: ignore[method-assign]
    deliver(post(world), batch)
    assert world.states() == {"unknown": 50, "planned": 58}


def test_two_workers_at_once_send_everybody_once(tmp_path: Path):
    world = World(tmp_path, n_people=600)
    world.plan()
    problems: list[BaseException] = []

    def work() -> None:
        try:
            world.dispatch(threads=2)
        except BaseException as problem:
            problems.append(problem)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert problems == []
    assert world.states() == {"accepted": 540}
    assert not world.braze.twice()


CHILD = """
    import os, sys, time
    from pathlib import Path
    sys.path.insert(0, {tests!r})
    from sending_world import World, WORKSPACE, an_experiment, NINE
    from services.activation.dispatcher import dispatch_due
    from services.activation.model import Reply
    from services.clock import FixedClock
    from services.database.engine import Database
    from services.lake import Lake

    home = Path({home!r})
    truth = open(home / "truth.txt", "a")

    class Slow:
        def send(self, claim, guard):
            guard()
            for person in claim.people:
                truth.write(person.external_id + "\\n")
            truth.flush()
            os.fsync(truth.fileno())
            print("sent", flush=True)
            time.sleep(0.02)
            return Reply(dispatch_id="d")

    database = Database("sqlite:///" + str(home / "state.sqlite"))
    dispatch_due(database, FixedClock(NINE), Slow(), Lake(home / "facts", database),
                 an_experiment(), workspace=WORKSPACE, home=home)
    print("done", flush=True)
"""


@ON_SQLITE
def test_a_killed_process_never_makes_the_next_one_send_twice(tmp_path: Path):
    world = World(tmp_path, n_people=500)
    world.plan()
    code = textwrap.dedent(CHILD.format(tests=str(Path(__file__).parent), home=str(tmp_path)))
    kills = 0
    for _ in range(12):
        with subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env={**os.environ}
        ) as child:
            assert child.stdout is not None
            first = child.stdout.readline().strip()
            if first == "sent" and kills < 3:
                os.kill(child.pid, signal.SIGKILL)
                kills += 1
            child.stdout.read()
        recover(world.database, world.clock, alone=True)
        if first == "done":
            break
    sent = (tmp_path / "truth.txt").read_text().split()
    states = world.states()
    assert kills == 3
    assert len(sent) == len(set(sent))
    assert sum(states.values()) == 450
    assert set(states) <= {"accepted", "unknown"}
    assert states["unknown"] <= kills * 50
    assert world.clock.now() == NINE
    assert world.experiment == an_experiment()
