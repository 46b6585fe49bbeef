"""How often the alarms of group sizes and of logged chances are false, and how often missing."""

import numpy as np
import pytest

from services.insights.balance import Alarm, group_balance
from tests.insights.simulated_choices import sends
from tests.insights.simulated_looks import most

SHARES = np.array([0.8, 0.05, 0.05, 0.1])
A_DAY, DAYS = 300, 60
MOST_PAUSED, MOST_WARNED = 0.001, 0.02
LOST_SHARE, LEAST_WARNED = 0.15, 0.8


def group_alarms(n_runs: int, seed: int, *, first_day: int = 0, daily: int = A_DAY, lost=0.0):
    """Alarms of so many experiments; `lost` of the holdout never reach the record."""
    rng = np.random.default_rng(seed)
    seen = SHARES * np.array([1, 1, 1, 1 - lost])
    seen /= seen.sum()
    found = []
    for _ in range(n_runs):
        entered = rng.multinomial(daily, seen, DAYS)
        entered[0] += rng.multinomial(first_day, seen)
        found.append(group_balance(entered, SHARES).alarm)
    return np.array(found)


def choice_alarms(n_runs: int, seed: int, *, lost: float = 0.0, rare: bool = False):
    """Alarms of the chances; `lost` of the sends of the commonest combination, or of the rarest."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(n_runs):
        made = sends(rng)
        if lost:
            common = np.argsort(np.bincount(made.chosen, minlength=8))[0 if rare else -1]
            made = made.without(int(common), lost, rng)
        found.append(made.judged().alarm)
    return np.array(found)


def test_healthy_groups_raise_no_alarm():
    found = group_alarms(150, seed=13)
    assert (found == Alarm.PAUSE).sum() == 0
    assert (found == Alarm.WARN).mean() <= most(MOST_WARNED, 150)


def test_healthy_choices_raise_no_alarm_and_lost_ones_do():
    healthy = choice_alarms(15, seed=15)
    assert (healthy == Alarm.PAUSE).sum() == 0
    assert (healthy == Alarm.WARN).mean() <= most(MOST_WARNED, 15)
    assert (choice_alarms(4, seed=16, lost=0.3) != Alarm.FINE).all()


@pytest.mark.slow
@pytest.mark.parametrize(("first_day", "daily"), [(0, 300), (20_000, 0), (20_000, 100), (0, 30)])
def test_group_alarms_are_rarely_false_over_ten_thousand_experiments(first_day, daily):
    found = group_alarms(10_000, seed=24, first_day=first_day, daily=daily)
    assert (found == Alarm.PAUSE).mean() <= MOST_PAUSED
    assert (found != Alarm.FINE).mean() <= MOST_WARNED


@pytest.mark.slow
def test_a_tenth_of_the_holdout_lost_is_noticed_as_often_as_published_and_a_fifth_always():
    tenth = group_alarms(1_000, seed=26, lost=0.1)
    assert (tenth != Alarm.FINE).mean() == pytest.approx(0.68, abs=0.05)
    assert (tenth == Alarm.PAUSE).mean() == pytest.approx(0.33, abs=0.05)
    assert (group_alarms(300, seed=27, lost=0.2) != Alarm.FINE).mean() >= 0.99


@pytest.mark.slow
def test_alarms_of_the_chances_are_rarely_false_over_a_thousand_experiments():
    found = choice_alarms(1_000, seed=28)
    assert (found == Alarm.PAUSE).mean() <= most(MOST_PAUSED, 1_000)
    assert (found != Alarm.FINE).mean() <= MOST_WARNED


@pytest.mark.slow
@pytest.mark.parametrize("rare", [False, True])
def test_a_combination_that_loses_fifteen_per_cent_of_its_sends_is_warned_of(rare):
    found = choice_alarms(300, seed=29, lost=LOST_SHARE, rare=rare)
    share = (found != Alarm.FINE).mean()
    assert share >= LEAST_WARNED if not rare else share > 0
