from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from services.decision.cadence import (
    anchors,
    cadence_space,
    cadences,
    chooses_today,
    due,
    week_start,
    weekdays,
)
from services.errors import ExperimentError
from services.experiment.model import Dimension, DimensionKind, Experiment, Option

MONDAY = date(2026, 3, 2)
SALT = "0123456789abcdef"


def experiment(**values: list) -> Experiment:
    dimensions = tuple(
        Dimension(
            key=kind,
            kind=DimensionKind(kind),
            label=kind,
            options=tuple(
                Option(key=f"{kind}-{i}", label="x", value=v) for i, v in enumerate(listed)
            ),
        )
        for kind, listed in values.items()
    )
    return Experiment(id="e", version=1, name="n", salt=SALT, dimensions=dimensions)


def test_cadences_are_the_valid_pairs_of_frequency_and_weekdays():
    both = experiment(frequency=[7, 2, 1], weekday=[[2, 5], [1], [6]])
    assert cadences(both) == ("daily", "twice:2,5", "weekly:1", "weekly:6")
    assert cadences(experiment(frequency=[7, 2])) == ("daily", "twice:2,5")
    assert cadences(experiment(weekday=[[1], [3, 6]])) == ("weekly:1", "twice:3,6")
    assert cadences(experiment(hour=[9, 18])) == ()


def test_a_frequency_without_fitting_weekdays_is_refused():
    with pytest.raises(ExperimentError):
        cadences(experiment(frequency=[2], weekday=[[1]]))


def test_people_are_due_on_the_days_of_their_cadence():
    week = [MONDAY + timedelta(days=i) for i in range(7)]
    assert [due("twice:2,5", day) for day in week] == [
        False,
        True,
        False,
        False,
        True,
        False,
        False,
    ]
    assert all(due("daily", day) for day in week)
    assert weekdays("weekly:7") == (7,)


@pytest.mark.parametrize("text", ["", "weekly", "weekly:8", "twice:2,", "sometimes"])
def test_what_is_not_a_cadence_is_refused(text):
    with pytest.raises(ExperimentError):
        weekdays(text)


def test_a_cadence_is_held_from_anchor_day_to_anchor_day():
    people = np.arange(300)
    held_since = np.zeros(300, dtype=np.int64)
    chosen_on: dict[int, list[int]] = {int(p): [] for p in people}
    for offset in range(28):
        day = MONDAY + timedelta(days=offset)
        now = chooses_today(people, SALT, day, held_since)
        for person in people[now]:
            anchor = int(anchors(np.array([person]), SALT)[0])
            held_since[person] = week_start(anchor, day).toordinal()
            chosen_on[int(person)].append(offset)
    assert all(days[0] == 0 for days in chosen_on.values())
    assert all(set(np.diff(days[1:])) == {7} for days in chosen_on.values())


def test_anchor_days_are_spread_over_the_week():
    counts = np.bincount(anchors(np.arange(14_000), SALT), minlength=8)[1:]
    assert counts.min() > 1800
    assert counts.max() < 2200


def test_the_weekly_choice_is_an_ordinary_space():
    space = cadence_space(("daily", "weekly:1"))
    assert [space.keys(i) for i in range(2)] == [{"cadence": "daily"}, {"cadence": "weekly:1"}]
