"""The power gate against simulated experiments; every audience in `tests.benchmarks.power`."""

import pytest

from tests.benchmarks.power import LEAST_FOUND, MOST_FALSE, MOST_FOUND, ROWS, Row, measure
from tests.insights.simulated_looks import most
from tests.insights.simulated_people import Scenario


def test_the_smallest_provable_lift_is_found_in_most_experiments_and_nothing_without_one():
    found = measure(Row("small", Scenario(4_000, 0.08), weeks=4), 30, seed=40)
    assert 0.6 <= found.found <= 0.97
    assert found.called_worse_or_better_without_effect <= most(MOST_FALSE, 30)


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS[:3], ids=lambda row: row.name)
def test_75_to_90_of_100_experiments_reach_the_verdict_in_the_stated_weeks(row):
    found = measure(row, 300, seed=41)
    assert LEAST_FOUND <= found.found <= MOST_FOUND
    assert found.called_worse_or_better_without_effect <= most(MOST_FALSE, 300)
