"""Decisions become ledger rows: bound to targets and properties, once, never for the holdout."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from sending_world import CANVAS, NINE, WORKSPACE, World, an_experiment

from services.activation.model import SkipReason
from services.activation.planning import plan
from services.activation.plans.store import next_due_at, withdraw
from services.errors import DataError
from services.experiment.model import Experiment

pytestmark = pytest.mark.usefixtures("both_engines")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, n_people=30)


def test_a_decision_is_bound_to_its_target_its_properties_and_its_price(world: World):
    table = world.decisions(people=[1, 2])
    done = plan(world.database, world.clock, WORKSPACE, world.experiment, table, extras={"k": 1})
    assert (done.n_planned, done.n_skipped, done.n_kept) == (2, 0, 0)
    assert done.first_send_at == NINE.timestamp() == next_due_at(world.database, "e1")
    first, second = world.rows("SELECT * FROM ledger ORDER BY person")
    assert (first.target_kind, first.cost) == ("campaign", 0.5)
    assert first.properties == '{"hero":"Hello","k":1}'
    assert first.combination == '{"creative":"a","hour":"h9"}'
    assert (second.target_kind, second.target_id) == ("canvas", CANVAS)
    assert second.properties == '{"hero":"b","k":1}'  # an option without a value carries its key


def test_planning_again_changes_nothing_whatever_the_new_decisions_say(world: World):
    world.plan(creative="a")
    before = world.rows("SELECT * FROM ledger ORDER BY person")
    other = world.decisions(creative="b", at=NINE + timedelta(hours=3))
    done = plan(world.database, world.clock, WORKSPACE, world.experiment, other)
    assert done.n_kept == 27
    assert world.rows("SELECT * FROM ledger ORDER BY person") == before


def test_somebody_of_the_holdout_among_the_decisions_stops_the_whole_plan(world: World):
    table = world.decisions(people=[9, 10, 11])
    with pytest.raises(DataError, match="holdout"):
        plan(world.database, world.clock, WORKSPACE, world.experiment, table)
    assert world.states() == {}


def test_a_person_without_an_hour_left_is_skipped_with_the_reason(world: World):
    table = world.decisions(people=[1, 2])
    at = pa.array([NINE, None], pa.timestamp("us", tz="UTC"))
    table = table.set_column(table.column_names.index("send_at"), "send_at", at)
    done = plan(world.database, world.clock, WORKSPACE, world.experiment, table)
    assert done.skipped == {SkipReason.HOUR_PASSED: 1}
    assert world.states() == {"planned": 1, "hour_passed": 1}


def test_a_combination_without_a_target_is_skipped_with_the_reason(world: World):
    document = an_experiment().model_dump(mode="json")
    document["targets"] = document["targets"][:1]
    narrower = Experiment.model_validate(document)
    done = plan(world.database, world.clock, WORKSPACE, narrower, world.decisions(people=[1, 2]))
    assert done.skipped == {SkipReason.NO_TARGET: 1}


def test_somebody_who_was_never_assigned_is_skipped(world: World):
    table = world.decisions(people=[1, 99])
    done = plan(world.database, world.clock, WORKSPACE, world.experiment, table)
    assert done.skipped == {SkipReason.NOT_ASSIGNED: 1}


def test_an_empty_day_plans_nothing(world: World):
    done = plan(
        world.database, world.clock, WORKSPACE, world.experiment, world.decisions().slice(0, 0)
    )
    assert (done.n_planned, done.first_send_at) == (0, None)


def test_ending_an_experiment_withdraws_what_is_still_planned(world: World):
    world.plan()
    assert withdraw(world.database, world.clock, WORKSPACE, "e1") == 27
    assert world.states() == {"ended": 27}
    assert world.dispatch().n_requests == 0


def test_a_table_that_lacks_a_column_is_named(world: World):
    with pytest.raises(DataError, match="grp"):
        plan(
            world.database,
            world.clock,
            WORKSPACE,
            world.experiment,
            world.decisions().drop_columns(["grp"]),
        )
