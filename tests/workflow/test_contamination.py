"""Who got other campaigns is counted from exports; the lift is told with and without them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pyarrow as pa
import pytest

from services.bootstrap import Console
from services.experiment.model import Group
from services.experiment.store import load_version
from services.insights.lift import Direction, Lift
from services.workflow.contamination_view import (
    Contamination,
    GroupTouched,
    contamination,
    touched_sentence,
)
from services.workflow.cost_view import costs_by_day
from services.workflow.insights_view import insights, looks_table
from services.workflow.takeaway.gathering import launched_experiment

SHOWN = Lift(0.048, 0.019, 0.077, 0.01, 0.004, 0.016, Direction.BETTER, 4.0)


def told(first: int, second: int, without: Lift | None = SHOWN, whole: Lift | None = SHOWN) -> str:
    lines = (
        GroupTouched(Group.PERSONALISED, 1000, first),
        GroupTouched(Group.HOLDOUT, 100, second),
    )
    day = date(2026, 3, 30)
    return str(touched_sentence(Contamination(day, lines, whole, without, Group.HOLDOUT)))


def test_the_lift_with_everybody_is_the_one_of_the_look(played_console: Console) -> None:
    experiment = load_version(played_console.database, launched_experiment(played_console, None).id)
    found = contamination(played_console.database, played_console.lake, experiment)
    look = insights(played_console.lake, experiment).primary
    assert found is not None
    assert look is not None
    if look.shown:
        assert found.whole is not None
        assert (found.whole.estimate, found.whole.low, found.whole.high) == pytest.approx(
            (look.estimate, look.low, look.high)
        )
    else:
        assert found.whole is None


def test_only_what_came_after_entry_from_elsewhere_counts(played_console: Console) -> None:
    lake = played_console.lake
    id = launched_experiment(played_console, None).id
    experiment = load_version(played_console.database, id)
    before = contamination(played_console.database, lake, experiment)
    assert before is not None
    people = lake.read("outcomes", id)["person"].to_pylist()
    assert all(0 <= line.touched <= line.n for line in before.lines)
    day, person = before.day, pa.array(sorted(set(people)), pa.int64())
    n = len(person)

    def received(target: str, when: object) -> pa.Table:
        return pa.table(
            {
                "person": person,
                "target_kind": pa.array(["campaign"] * n),
                "target_id": pa.array([target] * n),
                "last_received": pa.array([when] * n, pa.timestamp("us", tz="UTC")),
                "in_control": pa.array([False] * n),
            }
        )

    def moment(days: int) -> object:
        return datetime.combine(day, time(12), UTC) + timedelta(days=days)

    ours = experiment.targets[0].id
    for key, table in (
        ("own", received(ours, moment(0))),
        ("early", received("elsewhere", moment(-400))),
        ("late", received("elsewhere", moment(+1))),
        ("never", received("elsewhere", None)),
    ):
        lake.append("received", id, day, table, key=key)
    assert contamination(played_console.database, lake, experiment) == before
    lake.append("received", id, day, received("elsewhere", moment(0)), key="now")
    after = contamination(played_console.database, lake, experiment)
    assert after is not None
    assert sum(line.touched for line in after.lines) > sum(line.touched for line in before.lines)


def test_the_sentence_says_when_leaving_people_out_bends_the_figure() -> None:
    assert "bends the second figure" in told(700, 30)
    assert "70% and 30%" in told(700, 30)
    even = told(300, 31)
    assert "bends" not in even
    assert "+4.8%" in even
    assert "too few are left" in told(300, 30, without=None)
    assert "not shown yet" in told(300, 30, whole=None, without=None)
    assert "no limit" in told(300, 30, without=replace(SHOWN, high=float("inf")))


def test_the_cost_of_a_day_is_the_difference_times_the_random_people(
    played_console: Console,
) -> None:
    id = launched_experiment(played_console, None).id
    looks = looks_table(played_console.lake, id)
    costs = costs_by_day(looks)
    rows = {
        row["day"]: row
        for row in looks.to_pylist()
        if row["comparison"] == "personalised/random" and row["segment"] == ""
    }
    for line in costs.itertuples():
        row = rows[line.day]
        assert line.value == pytest.approx(row["n_b"] * row["abs_estimate"])
        assert line.low <= line.value <= line.high
    assert costs_by_day(pa.table({})).empty
