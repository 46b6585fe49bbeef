from datetime import date

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from services.insights.lift import (
    Direction,
    Moments,
    lift,
    moments,
    readiness,
    relative_error,
    score,
    smallest_provable,
    variances_uneven,
)

TODAY = date(2026, 3, 20)


def group(n: int, rate: float, seed: int) -> Moments:
    values = np.random.default_rng(seed).poisson(rate, n).astype(float)
    return moments(values, values > 0)


@st.composite
def groups(draw):
    n = draw(st.integers(30, 5000))
    mean = draw(st.floats(0.005, 3))
    variance = mean * draw(st.floats(0.5, 20))
    third = variance**1.5 * draw(st.floats(-1, 15))
    return Moments(n, mean, variance, third, n)


@given(groups(), groups(), st.floats(1.9, 5))
@settings(max_examples=150, deadline=None)
def test_relative_and_absolute_interval_always_agree_on_no_difference(a, b, critical):
    found = lift(a, b, critical)
    assume(abs(abs(found.score) - critical) > 1e-6)
    relative_out = found.low > 0 or found.high < 0
    absolute_out = found.difference_low > 0 or found.difference_high < 0
    assert absolute_out == (found.direction is not Direction.UNDECIDED)
    if a.mean / b.mean > 0.06 and a.mean / b.mean < 20:
        assert relative_out == absolute_out


@given(groups(), groups(), st.floats(1.9, 5))
@settings(max_examples=60, deadline=None)
def test_swapping_the_groups_turns_the_verdict_round(a, b, critical):
    turned = {
        Direction.BETTER: Direction.WORSE,
        Direction.WORSE: Direction.BETTER,
        Direction.UNDECIDED: Direction.UNDECIDED,
    }
    assert lift(b, a, critical).direction is turned[lift(a, b, critical).direction]


def test_the_interval_holds_every_ratio_that_is_not_rejected_and_no_other():
    a, b = group(16_000, 0.12, 1), group(2_000, 0.1, 2)
    found = lift(a, b, 2.4)
    for ratio in (1 + found.low, 1 + found.high):
        assert abs(float(score(ratio, a, b))) == pytest.approx(2.4, abs=1e-5)
    assert found.low < found.estimate < found.high


def test_for_many_even_events_it_is_the_ordinary_interval():
    rng = np.random.default_rng(4)
    a, b = (moments(rng.normal(10, 2, 200_000), np.ones(200_000, bool)) for _ in range(2))
    found = lift(a, b, 1.96)
    half = 1.96 * np.sqrt(a.variance / a.n + b.variance / b.n)
    assert found.difference_high - found.difference == pytest.approx(half, rel=0.01)


def test_an_end_that_cannot_be_found_is_unbounded():
    a, b = group(400, 0.1, 1), group(40, 0.02, 8)
    assert b.mean > 0
    assert lift(a, b, 4.0).high == np.inf


def test_a_bad_draw_of_few_events_is_not_called_a_gain_as_easily_as_by_an_ordinary_interval():
    a = moments(np.r_[np.ones(320), np.zeros(15_680)], np.ones(16_000, bool))
    b = moments(np.r_[np.ones(22), np.zeros(1_978)], np.ones(2_000, bool))
    welch = (a.mean - b.mean) / np.sqrt(a.variance / a.n + b.variance / b.n)
    assert float(score(1.0, a, b)) < welch


def test_no_number_in_the_first_week_however_many_events():
    a, b = group(16_000, 0.5, 1), group(2_000, 0.5, 2)
    found = readiness(a, b, 6, TODAY)
    assert not found.ready
    assert (found.missing_days, found.missing_events) == (1, 0)
    assert found.expected_on == date(2026, 3, 21)
    assert readiness(a, b, 7, TODAY).ready


def test_missing_events_are_counted_over_both_groups_with_the_day_they_are_expected():
    a, b = Moments(900, 0.1, 0.1, 0.1, 95), Moments(100, 0.1, 0.1, 0.1, 5)
    found = readiness(a, b, 10, TODAY)
    assert found.events == pytest.approx(10)
    assert found.missing_events == 10
    assert found.missing_people == 1000
    assert found.expected_on == date(2026, 3, 30)


def test_a_group_without_any_event_is_not_yet_whatever_the_other_has():
    a, b = Moments(900, 0.5, 0.5, 0.5, 450), Moments(100, 0.0, 0.0, 0.0, 0)
    assert not readiness(a, b, 20, TODAY).ready


def test_without_any_event_no_date_is_promised():
    nobody = Moments(100, 0.0, 0.0, 0.0, 0)
    assert readiness(nobody, nobody, 20, TODAY).expected_on is None


def test_days_to_come_shrink_what_can_be_proved_unless_errors_have_stopped_falling():
    error = relative_error(group(16_000, 0.1, 1), group(2_000, 0.1, 2))
    falling = smallest_provable(error, 15, 60)
    assert falling == pytest.approx(smallest_provable(error, 60, 60) / 2)
    assert smallest_provable(error, 15, 60, error_before=error) == pytest.approx(2 * falling)
    assert smallest_provable(np.inf, 2, 60, error_before=60.0) == np.inf


def test_groups_that_spread_differently_are_warned_of_only_with_enough_events():
    wide, narrow = Moments(5000, 1, 4.0, 9, 2500), Moments(600, 1, 1.0, 1, 300)
    assert variances_uneven(wide, narrow)
    assert not variances_uneven(wide, Moments(60, 1, 1.0, 1, 30))
