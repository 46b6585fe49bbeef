from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest

from services.experiment.model import Experiment, Group, Shares
from services.experiment.spending import critical_values
from services.insights.look_rows import LOOKS
from services.insights.looks import GROUPS, People, comparisons, correlation, take_look

FIRST_DAY = date(2026, 3, 2)
N = 4000


def experiment(**changes) -> Experiment:
    return Experiment(
        id="e1", version=1, name="Upsell", salt="0123456789abcdef", planned_weeks=6, **changes
    )


def everybody(seed=1, covariate=None) -> People:
    rng = np.random.default_rng(seed)
    codes = [GROUPS.index(g) for g in (Group.PERSONALISED, Group.RANDOM, Group.HOLDOUT)]
    group = rng.choice(codes, N, p=[0.6, 0.2, 0.2]).astype(np.int8)
    half = np.arange(N) < N // 2
    return People(
        np.arange(1, N + 1),
        group,
        np.full(N, np.datetime64(FIRST_DAY)),
        covariate or {},
        {"half=a": half, "half=b": ~half},
    )


def some_outcomes(people: People, n_days: int, lift: float = 0.0, seed=2) -> pa.Table:
    rng = np.random.default_rng(seed)
    rate = np.where(people.group == GROUPS.index(Group.PERSONALISED), 0.03 * (1 + lift), 0.03)
    person, day = np.nonzero(rng.random((N, n_days)) < rate[:, None])
    return pa.table(
        {
            "person": people.person[person],
            "day": pa.array([FIRST_DAY + timedelta(days=int(d)) for d in day], pa.date32()),
            "metric": pa.array(["primary"] * len(day)),
            "value": np.ones(len(day)),
        }
    )


def looks_until(n_days: int, lift=0.0, doc=None, people=None) -> pa.Table:
    people = people or everybody()
    outcomes = some_outcomes(people, 30, lift)
    past = LOOKS.empty_table()
    for number in range(n_days):
        day = FIRST_DAY + timedelta(days=number)
        look = take_look(doc or experiment(), people, outcomes, past, first_day=FIRST_DAY, day=day)
        past = pa.concat_tables([past, look])
    return past


def primary(looks: pa.Table, segment="") -> list[dict]:
    return [
        row
        for row in looks.to_pylist()
        if row["comparison"] == "personalised/holdout"
        and row["metric"] == "primary"
        and row["segment"] == segment
    ]


def test_no_number_is_shown_in_the_first_week_and_one_is_shown_after_it():
    rows = primary(looks_until(8))
    assert [row["state"] for row in rows] == ["not_yet"] * 6 + ["shown"] * 2
    hidden = ("estimate", "low", "high", "abs_low", "abs_high", "verdict", "score")
    assert all(rows[5][name] is None for name in hidden)
    assert rows[5]["missing_days"] == 1


def test_the_critical_value_follows_from_the_stored_correlations():
    rows = primary(looks_until(12))
    stored = [row["r"] for row in rows]
    assert [row["c"] for row in rows] == pytest.approx(list(critical_values(stored, 42)))
    assert stored[0] == 0
    assert all(0.5 < r < 1 for r in stored[2:])


def test_a_real_lift_is_proved_and_the_day_is_remembered():
    rows = primary(looks_until(30, lift=0.6))
    assert rows[-1]["verdict"] == "better"
    first = next(row["day"] for row in rows if row["verdict"] == "better")
    assert rows[-1]["proved_on"] == first
    assert rows[-1]["low"] < 0.6 < rows[-1]["high"]


def test_a_later_day_leaves_the_rows_of_earlier_days_as_they_were():
    long, short = looks_until(12), looks_until(9)
    assert primary(long)[:9] == primary(short)


def test_segments_only_for_the_primary_comparison_with_a_p_value_that_never_rises():
    looks = looks_until(25, lift=0.6)
    rows = [row for row in looks.to_pylist() if row["segment"]]
    assert {row["comparison"] for row in rows} == {"personalised/holdout"}
    p = [row["p"] for row in primary(looks, "half=a")]
    assert all(later <= earlier for earlier, later in pairwise(p))
    assert p[-1] < 0.05


def test_groups_without_a_share_are_not_compared_and_the_primary_comes_first():
    usual = Shares(personalised=0.7, random=0.1, usual=0.2, holdout=0.0)
    pairs = comparisons(experiment(groups=usual, primary_comparison="usual"))
    assert pairs == ((Group.PERSONALISED, Group.USUAL), (Group.PERSONALISED, Group.RANDOM))


def test_a_useful_past_narrows_the_interval_and_an_unknown_one_does_not():
    people = everybody()
    totals = np.zeros(N)
    outcomes = some_outcomes(people, 30)
    early = outcomes["day"].to_numpy() < np.datetime64(FIRST_DAY + timedelta(days=10))
    np.add.at(totals, outcomes["person"].to_numpy()[early] - 1, 1.0)
    noisy = totals + np.random.default_rng(3).standard_normal(N) * 0.3
    known = everybody(covariate={"primary": noisy})
    row = primary(looks_until(10, people=known))[-1]
    plain = primary(looks_until(10))[-1]
    assert row["gain"] > 0.2
    assert row["high"] - row["low"] < plain["high"] - plain["low"]
    assert plain["gain"] == 0


def test_people_who_enter_later_count_from_their_day():
    people = everybody()
    people.entered_on[: N // 2] = np.datetime64(FIRST_DAY + timedelta(days=5))
    rows = primary(looks_until(8, people=people))
    assert rows[4]["n_a"] + rows[4]["n_b"] < rows[5]["n_a"] + rows[5]["n_b"]


def test_the_correlation_is_that_of_repeated_experiments():
    rng = np.random.default_rng(5)
    before, after, r = [], [], []
    first = np.arange(400) < 300
    for _ in range(1500):
        keen = rng.gamma(0.5, 2, 400)
        yesterday = rng.poisson(5 * keen * 0.1).astype(float)
        today = yesterday + rng.poisson(keen * 0.3)
        before.append(yesterday[first].mean() - yesterday[~first].mean())
        after.append(today[first].mean() - today[~first].mean())
        r.append(correlation(today, yesterday, np.ones(400, bool), (first, ~first)))
    assert np.mean(r) == pytest.approx(np.corrcoef(before, after)[0, 1], abs=0.03)


def test_looks_before_anything_happened_are_not_yet_without_a_date():
    people = everybody()
    nothing = some_outcomes(people, 1).slice(0, 0)
    look = take_look(
        experiment(), people, nothing, LOOKS.empty_table(), first_day=FIRST_DAY, day=FIRST_DAY
    )
    row = primary(look)[0]
    assert (row["state"], row["expected_on"], row["missing_events"]) == ("not_yet", None, 20)
