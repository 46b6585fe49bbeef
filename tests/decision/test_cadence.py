from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from services.decision.cadence import (
    anchors,
    cadence_space,
    chooses_today,
    due,
    week_start,
)

MONDAY = date(2026, 3, 2)
SALT = "0123456789abcdef"


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
