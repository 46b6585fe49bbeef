"""A restored backup, a copied home or a second installation sends nothing until reconciled."""

from __future__ import annotations

import shutil
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sending_world import DAY, NINE, WORKSPACE, World, an_experiment

from services.activation import pausing
from services.activation.marks import (
    MARK_FILE,
    SLOT_BYTES,
    Mark,
    MarkFile,
    beside_home,
    place_of,
)
from services.activation.model import HeldReason
from services.activation.recognising import Difference, Keeper, marks_of, recognise
from services.activation.reconciling import reconcile
from services.database.engine import Database
from services.errors import AccessError, SetupError


@pytest.fixture
def world(tmp_path: Path) -> World:
    home = tmp_path / "home"
    home.mkdir()
    world = World(home)
    world.plan()
    return world


def restored(world: World, backup: Path) -> None:
    """Put an old copy of the database back, as an operator would."""
    world.database.close()
    shutil.copy(backup, world.home / "state.sqlite")


def backed_up(world: World) -> Path:
    world.database.close()
    copy = world.home.parent / "backup.sqlite"
    shutil.copy(world.home / "state.sqlite", copy)
    return copy


def difference(world: World, **where: Path) -> Difference | None:
    return recognise(world.database, marks_of(world.home, WORKSPACE, **where))


def accept(world: World, *, moved: bool = False, **where: Path):
    return reconcile(
        world.database,
        world.clock,
        marks_of(world.home, WORKSPACE, **where),
        [world.experiment],
        by="me",
        reason="restored last night's backup",
        moved=moved,
    )


def test_a_restored_backup_sends_nothing_and_says_what_to_do(world: World):
    backup = backed_up(world)
    world.dispatch()
    restored(world, backup)
    done = world.dispatch()
    assert done.n_requests == 0
    assert [h.reason for h in done.held] == [HeldReason.SECOND_LIFE]
    assert "anneal reconcile" in str(HeldReason.SECOND_LIFE.what)
    state = pausing.pause_state(world.database, world.home)
    assert state.pauses[0].automatic
    assert "backup" in state.pauses[0].reason
    assert not world.braze.twice()


def test_resuming_alone_does_not_let_a_restored_backup_send(world: World):
    backup = backed_up(world)
    world.dispatch()
    restored(world, backup)
    for _ in range(3):
        world.dispatch()
        pausing.resume(world.database, world.clock, by="me", reason="looks fine")
    assert world.dispatch().n_requests == 0
    assert not world.braze.twice()


def test_after_reconciling_and_resuming_only_new_days_go_out(world: World):
    backup = backed_up(world)
    world.dispatch()
    restored(world, backup)
    world.dispatch()
    done = accept(world)
    assert (done.was, done.through, done.n_skipped) == (Difference.BEHIND, DAY, 108)
    assert world.states() == {"reconciled": 108}
    assert world.dispatch().n_requests == 0
    pausing.resume(world.database, world.clock, by="me", reason="counts agree")
    world.plan()  # the lost day is decided and planned once more
    assert world.dispatch().n_requests == 0
    tomorrow = DAY + timedelta(days=1)
    world.clock.set(NINE + timedelta(days=1))
    world.snapshot(tomorrow)
    world.plan(day=tomorrow)
    assert world.dispatch().n_accepted == 108
    per_person = [person for person, _ in world.braze.truth]
    assert all(per_person.count(p) == 2 for p in set(per_person))  # one on each of two days


def test_a_day_whose_decisions_were_lost_is_planned_as_not_sent(world: World):
    world.run("DELETE FROM ledger")
    world.dispatch()
    world.run("INSERT INTO reconciliations VALUES (1, 0, 'me', 'x', :day, 'e')", day=str(DAY))
    world.plan()
    assert world.states() == {"reconciled": 108}


def test_a_trigger_holds_the_quiet_day_whatever_the_planner_did(world: World):
    world.run("INSERT INTO reconciliations VALUES (1, 0, 'me', 'x', :day, 'e')", day=str(DAY))
    with pytest.raises(sa.exc.IntegrityError, match="nobody knows"):
        world.run("UPDATE ledger SET state = 'sending' WHERE person = 1")


def test_history_that_parted_after_the_backup_is_noticed_by_the_batch_itself(world: World):
    world.dispatch()
    assert difference(world) is None
    world.run("UPDATE batches SET claimed_at = claimed_at + 1 WHERE id = 3")
    assert difference(world) is Difference.BEHIND


def test_another_database_in_the_home_is_noticed(world: World):
    world.dispatch()
    world.run("UPDATE installation SET epoch = 'other'")
    assert difference(world) is Difference.ANOTHER


def test_a_database_that_has_sent_elsewhere_is_noticed_in_a_new_home(world: World):
    world.dispatch()
    (world.home / MARK_FILE).unlink()
    assert difference(world) is Difference.UNMARKED
    assert accept(world, moved=True).through is None
    assert difference(world) is None


def test_a_copied_home_is_noticed_and_may_be_declared_moved(world: World, tmp_path: Path):
    beside = tmp_path / "state"
    world.dispatch(marks=marks_of(world.home, WORKSPACE, beside))
    assert difference(world, beside=beside) is None
    copy = tmp_path / "copy"
    shutil.copytree(world.home, copy)
    world.home = copy
    world.database = Database(f"sqlite:///{copy / 'state.sqlite'}")
    assert difference(world, beside=beside) is Difference.COPIED
    accept(world, moved=True, beside=beside)
    assert difference(world, beside=beside) is None


def test_a_second_installation_on_this_machine_is_noticed(world: World, tmp_path: Path):
    beside = tmp_path / "state"
    world.dispatch(marks=marks_of(world.home, WORKSPACE, beside))
    home = tmp_path / "second"
    home.mkdir()
    second = World(home)
    second.plan()
    done = second.dispatch(marks=marks_of(home, WORKSPACE, beside))
    assert (done.n_requests, done.held[0].reason) == (0, HeldReason.SECOND_LIFE)
    assert difference(second, beside=beside) is Difference.TAKEN
    accept(second, beside=beside)
    assert difference(second, beside=beside) is None
    assert difference(world, beside=beside) is Difference.TAKEN  # the first one stops instead


def test_of_two_copies_only_the_reconciled_one_sends_on(world: World, tmp_path: Path):
    beside = tmp_path / "state"
    world.dispatch(marks=marks_of(world.home, WORKSPACE, beside))
    original, original_database = world.home, world.database
    copy = tmp_path / "copy"
    shutil.copytree(original, copy)
    world.home, world.database = copy, Database(f"sqlite:///{copy / 'state.sqlite'}")
    accept(world, beside=beside)
    assert difference(world, beside=beside) is None
    world.home, world.database = original, original_database
    assert difference(world, beside=beside) is Difference.TAKEN


def test_a_worker_that_is_behind_does_not_set_the_mark_back(tmp_path: Path):
    file = MarkFile(tmp_path / "mark")
    file.advance(Mark("e", 7, 70.0))
    file.advance(Mark("e", 5, 50.0))
    assert file.read() == replace(Mark("e", 7, 70.0), place=place_of(file.path), turn=1)
    file.advance(Mark("e", 8, 80.0))
    file.renew(Mark("e2", 5, 50.0))
    found = file.read()
    assert found is not None
    assert (found.epoch, found.batch, found.turn) == ("e2", 5, 3)


def test_a_whole_home_put_back_is_noticed_by_the_mark_outside_it(world: World, tmp_path: Path):
    beside = tmp_path / "state"
    marks = marks_of(world.home, WORKSPACE, beside)
    world.run("UPDATE ledger SET send_at = send_at + 3600 WHERE person % 2 = 0")
    world.dispatch(marks=marks)
    world.database.close()
    files = {name: (world.home / name).read_bytes() for name in ("state.sqlite", MARK_FILE)}
    world.clock.advance(timedelta(hours=1))
    world.dispatch(marks=marks)
    world.database.close()
    for name, content in files.items():
        (world.home / name).write_bytes(content)
    assert difference(world) is None  # inside, all fits together
    assert difference(world, beside=beside) is Difference.BEHIND


def test_a_spoilt_slot_falls_back_to_the_other_and_two_stop_everything(world: World):
    world.dispatch()
    path = world.home / MARK_FILE
    whole = path.read_bytes()
    assert len(whole) == 2 * SLOT_BYTES
    for slot in (0, 1):
        spoilt = bytearray(whole)
        spoilt[slot * SLOT_BYTES + 20] ^= 1
        path.write_bytes(bytes(spoilt))
        assert difference(world) is None
    path.write_bytes(b"\0" * 2 * SLOT_BYTES)
    assert difference(world) is Difference.SPOILT
    assert world.dispatch().n_requests == 0


def test_frequency_rules_keep_an_experiment_paused_until_they_are_certain(tmp_path: Path):
    rules = ({"kind": "at_most", "messages": 2, "days": 7}, {"kind": "minimum_gap", "hours": 20})
    world = World(tmp_path, experiment=an_experiment(rules=rules))
    world.plan()
    world.dispatch()
    world.run("UPDATE installation SET epoch = 'other'")
    done = accept(world)
    assert done.waiting == {"e1": DAY + timedelta(days=7)}
    assert pausing.is_paused(world.database, world.home, "e1")


def test_reconciling_needs_a_person_a_reason_and_something_to_reconcile(world: World):
    world.dispatch()
    with pytest.raises(SetupError, match="nothing to reconcile"):
        accept(world)
    world.run("UPDATE installation SET epoch = 'other'")
    marks = marks_of(world.home, WORKSPACE)
    for by, reason in (("", "why"), ("me", " "), ("anneal", "why")):
        with pytest.raises(AccessError, match="person and a reason"):
            reconcile(world.database, world.clock, marks, [], by=by, reason=reason)
    with pytest.raises(SetupError, match="not the one"):
        accept(world, moved=True)


def test_a_mark_that_is_only_just_made_is_none_yet(world: World):
    (world.home / MARK_FILE).touch()
    assert difference(world) is None
    world.dispatch()
    (world.home / MARK_FILE).write_bytes(b"")
    assert difference(world) is Difference.UNMARKED


def test_workers_that_begin_together_do_not_take_each_other_for_a_backup(world: World):
    marks, start = marks_of(world.home, WORKSPACE), threading.Barrier(4)
    found: list[Difference | None] = []

    def begin() -> None:
        start.wait()
        found.append(recognise(world.database, marks))
        Keeper(world.database, marks).keep_newest()

    for _ in range(15):
        (world.home / MARK_FILE).unlink(missing_ok=True)
        workers = [threading.Thread(target=begin) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert set(found) == {None}


def test_a_new_installation_and_one_that_goes_on_are_left_alone(world: World):
    assert difference(world) is None
    for _ in range(3):
        assert not world.dispatch().held
        world.clock.advance(timedelta(minutes=1))
    assert difference(world) is None


def test_the_second_mark_lies_where_the_machine_keeps_state():
    assert beside_home({"ANNEAL_MARKS": "/var/lib/x"}) == Path("/var/lib/x")
    assert beside_home({"XDG_STATE_HOME": "/s"}) == Path("/s/anneal")
