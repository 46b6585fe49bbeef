"""Does the recipe keep what it promises? Short runs always, long ones with `pytest -m slow`."""

import numpy as np
import pytest
from simulated_people import Scenario, most, run

from services.insights.balance import Alarm, group_balance

CONVERSIONS = Scenario(n_people=5_000, weekly_rate=0.05)
ROWS = {
    "20k, 2% a week, conversions": Scenario(20_000, 0.02),
    "20k, 2% a week, revenue capped": Scenario(20_000, 0.02, money=True),
    "2k, 2% a week, conversions": Scenario(2_000, 0.02),
    "entry over 45 days": Scenario(20_000, 0.05, entry_days=45),
    "habit, twice a week": Scenario(5_000, 2.0),
}


def test_healthy_experiments_are_rarely_called_different_though_naive_intervals_are():
    found = run(CONVERSIONS, 50, seed=11)
    assert found["missed"] <= most(0.05, 50)
    assert found["naive_missed"] > most(0.05, 50)


def test_a_lift_that_grows_while_the_policy_learns_is_covered_and_found():
    found = run(Scenario(n_people=20_000, weekly_rate=0.05, effect=0.25), 25, seed=12)
    assert found["missed"] <= most(0.05, 25)
    assert found["detected"] >= 0.75


def test_healthy_groups_raise_no_alarm():
    shares = np.array([0.8, 0.05, 0.05, 0.1])
    rng = np.random.default_rng(13)
    alarms = [group_balance(rng.multinomial(300, shares, 60), shares).alarm for _ in range(150)]
    assert sum(alarm is Alarm.PAUSE for alarm in alarms) == 0
    assert sum(alarm is Alarm.WARN for alarm in alarms) / 150 <= most(0.02, 150)


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS)
def test_no_row_of_the_recipe_misses_more_often_than_promised(row):
    found = run(ROWS[row], 1000, seed=21)
    assert found["missed"] <= most(0.05, 1000)
    assert found["naive_missed"] > most(0.05, 1000)


@pytest.mark.slow
def test_running_on_past_the_planned_end_stays_honest():
    found = run(Scenario(20_000, 0.02), 500, seed=22, planned_days=42)
    assert found["missed"] <= most(0.05, 500)


@pytest.mark.slow
def test_growing_lifts_are_covered_at_all_looks_and_detected():
    found = run(Scenario(20_000, 0.05, effect=0.2), 500, seed=23)
    assert found["missed"] <= most(0.05, 500)
    assert found["detected"] == pytest.approx(0.87, abs=0.06)


@pytest.mark.slow
def test_group_alarms_are_calibrated_over_ten_thousand_experiments():
    shares = np.array([0.8, 0.05, 0.05, 0.1])
    rng = np.random.default_rng(24)
    healthy = [group_balance(rng.multinomial(300, shares, 60), shares).alarm for _ in range(10_000)]
    assert sum(alarm is Alarm.PAUSE for alarm in healthy) / 10_000 <= 0.001
    assert sum(alarm is not Alarm.FINE for alarm in healthy) / 10_000 <= 0.02
    lossy = shares * np.array([1, 1, 1, 0.9])
    lossy /= lossy.sum()
    broken = [group_balance(rng.multinomial(294, lossy, 60), shares).alarm for _ in range(500)]
    assert sum(alarm is not Alarm.FINE for alarm in broken) / 500 >= 0.6
