"""Does the recipe keep what it promises? Short runs always, long ones with `pytest -m slow`.

The points of STATISTICS 12: critical values (1) in tests/experiment/test_spending.py and here in
test_critical_values_independently.py, healthy and growing experiments (2, 3) and agreement (4)
here, segments (5) in test_segments.py, groups and chances (6) in test_alarm_calibration.py, the
power gate (7) in test_power_calibration.py, rules judged on logs (8) in test_off_policy.py and
test_adaptive_logs.py.
"""

import numpy as np
import pytest

from services.experiment.spending import critical_values
from services.insights.lift import Direction, Moments, lift
from tests.benchmarks.lift import LEARNT_LIFT, ROWS, measure
from tests.insights.simulated_looks import is_ready, looks, most, share, verdicts
from tests.insights.simulated_people import Scenario, watch

CONVERSIONS = Scenario(n_people=5_000, weekly_rate=0.05)
FIVE = (
    "20k, 2 % a week, conversions",
    "20k, revenue capped",
    "2k, revenue capped",
    "20k, entry over 45 days, conversions",
    "5k, habit, twice a week",
)
TURNED = {
    Direction.BETTER: Direction.WORSE,
    Direction.WORSE: Direction.BETTER,
    Direction.UNDECIDED: Direction.UNDECIDED,
}


def test_healthy_experiments_are_rarely_called_different_though_naive_intervals_are():
    found = verdicts(CONVERSIONS, 50, seed=11)
    assert share(found, "missed") <= most(0.05, 50)
    assert share(found, "naive_missed") > most(0.05, 50)


def test_a_lift_that_grows_while_the_policy_learns_is_covered_and_found():
    found = verdicts(Scenario(n_people=20_000, weekly_rate=0.05, effect=0.3), 20, seed=12)
    assert share(found, "missed") <= most(0.05, 20)
    assert share(found, "detected_on") >= 0.75


def test_both_intervals_say_the_same_in_either_order_of_the_groups():
    disagreements(CONVERSIONS, 10, seed=14)


def disagreements(scenario: Scenario, n_runs: int, seed: int) -> int:
    """Compare both ways on three days of each run; returns how many comparisons were made."""
    rng = np.random.default_rng(seed)
    made = 0
    for _ in range(n_runs):
        found = looks(watch(scenario, rng))
        a, b = found.first, found.second
        ready = np.flatnonzero(is_ready(a, b, np.arange(1, scenario.days + 1)))
        c = critical_values(found.correlations, scenario.days)
        for day in ready[[0, len(ready) // 2, -1]] if len(ready) else ():
            one = lift(_on(a, day), _on(b, day), c[day])
            other = lift(_on(b, day), _on(a, day), c[day])
            relative = one.low > 0 or one.high < 0
            absolute = one.difference_low > 0 or one.difference_high < 0
            assert relative == absolute == (one.direction is not Direction.UNDECIDED)
            assert other.direction is TURNED[one.direction]
            made += 1
    return made


def _on(moments: Moments, day: int) -> Moments:
    fields = (moments.n, moments.mean, moments.variance, moments.third, moments.n_active)
    return Moments(*(float(field[day]) for field in fields))


@pytest.mark.slow
@pytest.mark.parametrize("name", FIVE)
def test_no_row_of_the_recipe_misses_more_often_than_promised(name):
    row = next(row for row in ROWS if row.name == name)
    found = measure(row, 1000, seed=21)
    assert found.missed <= most(0.05, 1000)
    assert found.naive_missed > most(0.05, 1000)


@pytest.mark.slow
def test_running_on_past_the_planned_end_stays_honest():
    found = verdicts(Scenario(20_000, 0.02), 500, seed=22, planned_days=42)
    assert share(found, "missed") <= most(0.05, 500)


@pytest.mark.slow
def test_growing_lifts_are_covered_at_all_looks_and_detected():
    found = verdicts(Scenario(20_000, 0.05, effect=LEARNT_LIFT), 500, seed=23)
    assert share(found, "missed") <= most(0.05, 500)
    assert share(found, "detected_on") == pytest.approx(0.86, abs=0.05)


@pytest.mark.slow
def test_both_intervals_agree_in_every_run_and_so_do_swapped_groups():
    worlds = (
        Scenario(20_000, 0.05, effect=LEARNT_LIFT),
        Scenario(2_000, 0.02, money=True),
        Scenario(5_000, 2.0),
    )
    assert sum(disagreements(world, 200, seed=25) for world in worlds) > 1_200
