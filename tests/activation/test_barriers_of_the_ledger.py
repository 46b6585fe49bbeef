"""The second barrier: even wrong code cannot write these rows."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
import sqlalchemy as sa
from sending_world import World

from services.activation.model import LedgerState
from services.database.barriers import BARRIERS, LEGAL_STEPS

LEGAL = next(b for b in BARRIERS if b.name == "ledger_legal_steps")
pytestmark = pytest.mark.usefixtures("both_engines")


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path, n_people=12)
    world.plan(people=[1, 2, 3])
    return world


def refuses(world: World, sql: str, **values: object) -> bool:
    try:
        world.run(sql, **values)
    except sa.exc.IntegrityError:
        return True
    return False


COPY = (
    "INSERT INTO ledger SELECT workspace, :person, day, slot, experiment_id, decision_id, :grp, "
    "target_kind, target_id, channel, combination, properties, send_at, cost, :state, NULL, NULL, "
    "0, 0, 0, NULL, NULL, 0 FROM ledger WHERE person = 1"
)
SEND = "UPDATE ledger SET state = 'sending' WHERE person = 1"


@pytest.mark.parametrize("state", ["planned", "skipped"])
@pytest.mark.parametrize("grp", ["holdout", "personalised"])
def test_the_holdout_gets_no_row_at_all(world: World, state: str, grp: str):
    assert refuses(world, COPY, person=10, grp=grp, state=state)


def test_somebody_who_was_never_drawn_cannot_be_planned(world: World):
    assert refuses(world, COPY, person=999, grp="personalised", state="planned")
    assert not refuses(world, COPY, person=999, grp="personalised", state="skipped")


@pytest.mark.parametrize("state", ["sending", "accepted", "received"])
def test_no_row_starts_as_sent(world: World, state: str):
    assert refuses(world, COPY, person=4, grp="personalised", state=state)


def test_a_second_row_for_the_same_person_and_day_is_refused(world: World):
    assert refuses(world, COPY, person=1, grp="personalised", state="planned")


def test_nobody_suppressed_erased_or_moved_to_the_holdout_is_sent_to(world: World):
    for sql in (
        "INSERT INTO suppressions VALUES (1, 'asked', 0)",
        "DELETE FROM people WHERE person = 1",
        "UPDATE assignments SET grp = 'holdout' WHERE person = 1",
    ):
        with world.database.engine.connect() as c:  # rolled back: each alone must do
            c.execute(sa.text(sql))
            with pytest.raises(sa.exc.IntegrityError, match="must not be messaged"):
                c.execute(sa.text(SEND))
            c.rollback()
    assert not refuses(world, SEND)


@pytest.mark.parametrize("scope", ["*", "e1", "campaign:campaign-a"])
def test_nothing_starts_while_paused(world: World, scope: str):
    world.run("INSERT INTO pauses VALUES (:scope, true, 'me', 'look', 0, false)", scope=scope)
    assert refuses(world, SEND)
    world.run("UPDATE pauses SET paused = false")
    assert not refuses(world, SEND)


def test_nothing_starts_without_its_durable_decision(world: World):
    world.run("DELETE FROM manifest WHERE kind = 'decisions'")
    assert refuses(world, SEND)


def test_only_legal_steps_are_possible(world: World, both_engines: str):
    on_its_table = " ON ledger" if both_engines == "postgresql" else ""
    states = [s.value for s in LedgerState]
    for before, after in itertools.permutations(states, 2):
        with world.database.engine.connect() as c:
            c.execute(sa.text(f"DROP TRIGGER {LEGAL.name}{on_its_table}"))
            c.execute(sa.text("UPDATE ledger SET state = :s WHERE person = 1"), {"s": before})
            for statement in LEGAL.statements(c.dialect.name):
                c.execute(sa.text(statement))
            change = sa.text("UPDATE ledger SET state = :s WHERE person = 1")
            if (before, after) in LEGAL_STEPS:
                c.execute(change, {"s": after})
            else:
                with pytest.raises(sa.exc.IntegrityError, match="cannot take this step"):
                    c.execute(change, {"s": after})
            c.rollback()


KEY = ("workspace", "person", "day", "slot", "experiment_id", "decision_id")


@pytest.mark.parametrize("column", KEY)
def test_whose_row_it_is_never_changes(world: World, column: str):
    other = "7" if column in ("person", "slot") else "'another'"
    assert refuses(world, f"UPDATE ledger SET {column} = {other} WHERE person = 1")
    same = ", ".join(f"{name} = {name}" for name in KEY)
    assert not refuses(world, f"UPDATE ledger SET {same}")


@pytest.mark.parametrize("state", ["sending", "unknown", "queued", "accepted_partial"])
def test_a_doubt_is_never_deleted(world: World, state: str):
    world.run(SEND)
    if state != "sending":
        world.run("UPDATE ledger SET state = :s WHERE person = 1", s=state)
    assert refuses(world, "DELETE FROM ledger WHERE person = 1")
    assert not refuses(world, "DELETE FROM ledger WHERE person = 2")
