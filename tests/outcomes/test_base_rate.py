from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from outcome_world import UPGRADES, moment

from services.outcomes.base_rate import base_rate, from_lifetimes, measured, watched
from services.outcomes.collection import compare_snapshots

PEOPLE = range(1, 201)


def watch(world, n_days: int, weekly_rate=0.5, seed=1):
    """Snapshots of days -n_days … 0; returns the true daily counts, (n_people, n_days)."""
    rng = np.random.default_rng(seed)
    daily = rng.poisson(weekly_rate / 7, (len(PEOPLE), n_days))
    totals = np.zeros(len(PEOPLE), int)
    last = [moment(world.day(-99))] * len(PEOPLE)
    for number in range(n_days + 1):
        if number:
            totals = totals + daily[:, number - 1]
            at = moment(world.day(number - 1 - n_days), 20)
            last = [at if daily[i, number - 1] else last[i] for i in range(len(PEOPLE))]
        born = datetime.combine(world.day(-280), datetime.min.time(), UTC)
        world.snapshot(
            number - n_days,
            {person: {"created_at": born} for person in PEOPLE},
            [
                (person, "event", "upgrade", int(totals[i]), last[i])
                for i, person in enumerate(PEOPLE)
                if totals[i]
            ],
        )
    compare_snapshots(world.lake, "e1", "UTC", world.day(0))
    return daily


def test_four_watched_weeks_are_measured_as_they_were(world):
    daily = watch(world, 28)
    found = base_rate(world.lake, "e1", UPGRADES, world.day(0))
    weekly = daily.reshape(200, 4, 7).sum(axis=2)
    assert found is not None
    assert not found.rough
    assert found.mean == pytest.approx(weekly.mean())
    assert found.variance_one_week == pytest.approx(weekly.var(axis=0).mean())
    assert found.variance_four_weeks == pytest.approx(weekly.sum(axis=1).var())
    assert found.active_week_share == pytest.approx((weekly > 0).mean())
    assert found.n_people == 200


def test_each_days_values_are_on_their_day(world):
    daily = watch(world, 10)
    found = watched(world.lake, "e1", UPGRADES, world.day(0))
    assert (found.daily == daily).all()
    assert found.days[0] == world.day(-10)
    assert found.days[-1] == world.day(-1)


def test_fewer_days_give_a_rough_guess_from_lifetimes(world):
    watch(world, 5)
    assert measured(watched(world.lake, "e1", UPGRADES, world.day(0))) is None
    found = base_rate(world.lake, "e1", UPGRADES, world.day(0))
    assert found is not None
    assert found.rough
    counted = sum(
        row["count"] for row in world.lake.read("counters", "e1", since=world.day(0)).to_pylist()
    )
    assert found.mean == pytest.approx(counted / 200 / 40)


def test_an_audience_never_seen_has_no_base_rate(world):
    assert base_rate(world.lake, "e1", UPGRADES, world.day(0)) is None
    assert from_lifetimes(world.lake, "e1", UPGRADES) is None


def test_a_cap_is_on_the_day_of_a_person(world):
    watch(world, 28, weekly_rate=20)
    free = measured(watched(world.lake, "e1", UPGRADES, world.day(0)))
    capped = measured(watched(world.lake, "e1", UPGRADES, world.day(0)), cap=1.0)
    assert free is not None
    assert capped is not None
    assert capped.mean < free.mean
    assert capped.mean <= 7


def test_a_lifetime_guess_takes_profiles_of_at_least_a_week(world):
    born = moment(world.day(0)) - timedelta(days=2)
    world.snapshot(0, {1: {"created_at": born}}, [])
    assert from_lifetimes(world.lake, "e1", UPGRADES) is None
