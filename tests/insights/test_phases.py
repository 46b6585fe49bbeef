"""What a new version of an experiment does to its comparison."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from services.database.engine import Database
from services.experiment.model import DailyCap, Experiment, Group, Metric, MetricKind, Shares
from services.experiment.spending import critical_values
from services.insights.looking import record_looks
from services.insights.phases import phase_of, question
from services.lake import Lake
from services.outcomes.model import OUTCOMES
from services.workflow.insights_view import insights
from services.workflow.people.store import enter

FIRST_DAY = date(2026, 3, 2)
CHANGED_AFTER = 10
N = 600


def version(number: int = 1, **changes) -> Experiment:
    document = {
        "name": "Upsell",
        "salt": "0123456789abcdef",
        "planned_weeks": 4,
        "groups": Shares(personalised=0.6, random=0.0, holdout=0.4),
    }
    return Experiment(id="e1", version=number, **{**document, **changes})


class Ground:
    """A database and a lake in which everybody entered on the first day."""

    def __init__(self, path) -> None:
        self.database = Database.temporary(path / "state.db")
        self.lake = Lake(path / "facts", self.database)
        self.rng = np.random.default_rng(4)
        groups = ["personalised"] * round(0.6 * N) + ["holdout"] * round(0.4 * N)
        enter(self.database, "e1", range(1, N + 1), [Group(g) for g in groups], FIRST_DAY)

    def close(self, experiment: Experiment, first: int, last: int) -> None:
        """Close the days `first` to `last` (from 1) and look at each under that version."""
        for number in range(first, last + 1):
            day = FIRST_DAY + timedelta(days=number - 1)
            people = np.flatnonzero(self.rng.random(N) < 0.12) + 1
            rows = pa.table(
                {
                    "person": people,
                    "day": pa.array([day] * len(people), pa.date32()),
                    "metric": pa.array(["primary"] * len(people)),
                    "value": np.ones(len(people)),
                },
                schema=OUTCOMES,
            )
            self.lake.append("outcomes", experiment.id, day, rows)
            record_looks(self.database, self.lake, experiment)

    def looks(self) -> list[dict]:
        table = self.lake.read("looks", "e1").sort_by("day")
        return [row for row in table.to_pylist() if row["metric"] == "primary"]


@pytest.fixture
def ground(tmp_path):
    made = Ground(tmp_path)
    yield made
    made.database.close()


def test_a_changed_rule_goes_on_with_the_same_comparison(ground):
    ground.close(version(), 1, CHANGED_AFTER)
    ground.close(version(2, rules=(DailyCap(messages=100),)), CHANGED_AFTER + 1, 15)
    rows = ground.looks()
    assert [row["day_number"] for row in rows] == list(range(1, 16))
    path = [row["r"] for row in rows]
    assert [row["c"] for row in rows] == pytest.approx(list(critical_values(path, 28)))


CHANGES = {
    "the planned length": {"planned_weeks": 8},
    "the metric": {"metric": Metric(kind=MetricKind.REVENUE)},
    "the cap": {"metric": Metric(kind=MetricKind.CONVERSION, cap=3.0)},
    "the audience": {"audience": {"segment_ids": ("other",)}},
    "the groups": {"groups": Shares(personalised=0.7, random=0.0, holdout=0.3)},
}


@pytest.mark.parametrize("what", CHANGES)
def test_another_question_is_noticed(what):
    assert question(version(2, **CHANGES[what])) != question(version())


def test_names_rules_and_versions_are_not_the_question():
    renamed = version(7, name="Upsell, again", metric=Metric(kind=MetricKind.CONVERSION, noun="a"))
    assert question(renamed) == question(version())


def test_a_new_planned_length_starts_a_new_clock_and_leaves_the_old_looks_as_they_were(ground):
    ground.close(version(), 1, CHANGED_AFTER)
    before = ground.looks()
    ground.close(version(2, planned_weeks=8), CHANGED_AFTER + 1, 19)
    rows = ground.looks()
    assert rows[:CHANGED_AFTER] == before
    after = rows[CHANGED_AFTER:]
    assert [row["day_number"] for row in after] == list(range(1, 10))
    assert {row["planned_days"] for row in after} == {56}
    path = [row["r"] for row in after]
    assert path[0] == 0
    assert [row["c"] for row in after] == pytest.approx(list(critical_values(path, 56)))
    assert [row["state"] for row in after] == ["not_yet"] * 6 + ["shown"] * 3


def test_what_happened_before_the_change_does_not_count_in_the_new_comparison(ground):
    ground.close(version(), 1, CHANGED_AFTER)
    ground.close(version(2, planned_weeks=8), CHANGED_AFTER + 1, CHANGED_AFTER + 1)
    old, new = ground.looks()[-2:]
    assert new["mean_a"] < old["mean_a"] / 4
    assert (new["n_a"], new["n_b"]) == (old["n_a"], old["n_b"])


def test_the_report_shows_the_newest_comparison_only(ground):
    ground.close(version(), 1, CHANGED_AFTER)
    ground.close(version(2, planned_weeks=8), CHANGED_AFTER + 1, 19)
    seen = insights(ground.lake, version(2, planned_weeks=8))
    assert seen.primary is not None
    assert (seen.primary.day_number, seen.primary.planned_days) == (9, 56)
    assert list(seen.band["day"]) == [FIRST_DAY + timedelta(days=n) for n in (16, 17, 18)]


def test_a_copy_that_is_launched_is_an_experiment_of_its_own(ground):
    ground.close(version(), 1, CHANGED_AFTER)
    copy = version().model_copy(update={"id": "e2", "salt": "fedcba9876543210"})
    enter(ground.database, "e2", range(N + 1, N + 3), [Group.PERSONALISED] * 2, FIRST_DAY)
    ground.close(copy, 1, 2)
    table = ground.lake.read("looks", "e2")
    assert set(table["day_number"].to_pylist()) == {1, 2}


def test_looks_of_an_older_program_go_on(ground):
    ground.close(version(), 1, 3)
    parts = ground.lake.parts("looks", "e1")
    assert all(part.meta["first_day"] == FIRST_DAY.isoformat() for part in parts)
    old = [replace(part, meta={"configuration": "x"}) for part in parts]
    closed = [FIRST_DAY + timedelta(days=n) for n in range(4)]
    found = phase_of(version(), old, closed, closed[3:])
    assert (found.first_day, len(found.parts)) == (FIRST_DAY, 3)
