import dataclasses
import math
from itertools import pairwise

import numpy as np
import pytest

from services.errors import ExperimentError
from services.experiment.power import (
    PrePeriod,
    Verdict,
    expected_events,
    last_critical_value,
    power_gate,
)
from services.experiment.spending import critical_values


def audience(weekly_rate: float, n_people: int = 20_000, **changes: float) -> PrePeriod:
    """Poisson events with a lasting gamma effect of variance twice the mean squared."""
    lasting = 2 * weekly_rate**2
    one_week = weekly_rate + lasting
    before = PrePeriod(
        mean=weekly_rate,
        variance_one_week=one_week,
        variance_four_weeks=4 * one_week + 12 * lasting,
        n_people=n_people,
        active_week_share=1 - (1 + 2 * weekly_rate) ** -0.5,
        active_four_weeks_share=1 - (1 + 8 * weekly_rate) ** -0.5,
    )
    return dataclasses.replace(before, **changes)


def gate(before: PrePeriod, **changes):
    held = round(before.n_people * 0.1)
    return power_gate(
        before, **{"n_personalised": before.n_people - 2 * held, "n_control": held, **changes}
    )


def test_many_keen_people_are_told_to_go():
    found = gate(audience(0.05))
    assert found.verdict is Verdict.GO
    assert str(found.sentence) == f"Go. A lift of 30% can be proved in about {found.weeks} weeks."


def test_a_small_hope_takes_long_or_is_hopeless():
    assert gate(audience(0.05), hoped_share=0.16).verdict is Verdict.SLOW
    hopeless = gate(audience(0.05), hoped_share=0.02)
    assert hopeless.verdict is Verdict.DO_NOT_RUN
    assert "Do not run" in str(hopeless.sentence)


def test_waiting_does_not_beat_the_floor_and_the_gate_says_so():
    found = gate(audience(0.05), hoped_share=0.02)
    assert found.floor_share > 0.02
    assert all(week.lift_share >= found.floor_share * 0.99 for week in found.table)
    assert any("Waiting does not help" in str(hint) for hint in found.hints)


def test_the_provable_lift_falls_week_by_week():
    lifts = [week.lift_share for week in gate(audience(0.02)).table]
    assert all(later < earlier for earlier, later in pairwise(lifts))


def test_too_few_events_by_half_time_is_never_go():
    found = gate(audience(0.02, n_people=300), hoped_share=5.0)
    assert found.weeks is None or expected_events(audience(0.02), 30, found.weeks / 2) >= 20


def test_a_larger_control_group_is_suggested_where_it_would_help():
    before = audience(0.02, n_people=20_000)
    found = power_gate(before, n_personalised=19_800, n_control=200, hoped_share=0.2)
    assert found.verdict is Verdict.DO_NOT_RUN
    assert found.better_control_share is not None
    assert any("as control it could be proved" in str(hint) for hint in found.hints)


def test_doubling_the_control_from_5_to_10_per_cent_cuts_the_lift_by_about_27_per_cent():
    before = audience(0.05)
    small = power_gate(before, n_personalised=19_000, n_control=1_000).table[6].lift_share
    large = power_gate(before, n_personalised=18_000, n_control=2_000).table[6].lift_share
    assert 1 - large / small == pytest.approx(0.27, abs=0.02)


def test_earlier_behaviour_that_predicts_makes_it_faster():
    plain, known = audience(0.05), audience(0.05, correlation=0.6)
    assert gate(known).table[4].lift_share < gate(plain).table[4].lift_share


def test_a_rough_base_rate_is_called_rough():
    found = gate(dataclasses.replace(audience(0.05), rough=True))
    assert found.rough
    assert any("Rough" in str(hint) for hint in found.hints)


def test_nobody_converting_is_hopeless_not_an_error():
    found = gate(audience(0.05, mean=0.0))
    assert found.verdict is Verdict.DO_NOT_RUN
    assert math.isinf(found.floor_share)


@pytest.mark.parametrize("hope", [0, -0.1, math.nan])
def test_a_hope_of_nothing_is_refused(hope):
    with pytest.raises(ExperimentError, match="hoped-for lift"):
        gate(audience(0.05), hoped_share=hope)


def test_an_empty_group_is_refused():
    with pytest.raises(ExperimentError, match="would be empty"):
        gate(audience(0.05), n_control=0)


@pytest.mark.parametrize("days", [14, 35, 60, 126, 182])
def test_the_table_of_last_critical_values_agrees_with_the_recursion(days):
    r = [0.0, *(np.sqrt((t - 1) / t) for t in range(2, days + 1))]
    assert last_critical_value(days) == pytest.approx(critical_values(r, days)[-1], abs=0.005)


def test_expected_events_pass_through_both_observed_shares():
    before = audience(0.05)
    assert expected_events(before, 1000, 1) == pytest.approx(1000 * before.active_week_share)
    assert expected_events(before, 1000, 4) == pytest.approx(1000 * before.active_four_weeks_share)
