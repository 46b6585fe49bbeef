import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.errors import ExperimentError
from services.experiment import spending
from services.experiment.spending import critical_table, critical_values, spent


def independent(n_looks: int) -> list[float]:
    """Correlations of consecutive looks when every day is new people or new luck."""
    return [0.0, *(np.sqrt((t - 1) / t) for t in range(2, n_looks + 1))]


def test_without_reserve_the_published_boundary_is_reproduced(monkeypatch):
    monkeypatch.setattr(spending, "RESERVE_SHARE", 0.0)
    monkeypatch.setattr(spending, "_paths", type(spending._paths)())
    c = critical_values(independent(60), 60)
    found = [c[day - 1] for day in (7, 14, 21, 30, 45, 60)]
    assert found == pytest.approx([3.60, 3.25, 3.02, 2.79, 2.50, 2.27], abs=0.02)


@pytest.mark.parametrize(
    ("planned_days", "last"),
    [(14, 2.24), (28, 2.28), (42, 2.30), (60, 2.32), (84, 2.33), (182, 2.35)],
)
def test_with_reserve_the_last_planned_day_costs_little_more(planned_days, last):
    assert critical_values(independent(planned_days), planned_days)[-1] == pytest.approx(
        last, abs=0.02
    )


def test_running_past_the_planned_end_widens_the_interval_at_once():
    c = critical_values(independent(120), 60)
    assert c[60] - c[59] > 0.1
    assert c[62] == pytest.approx(2.63, abs=0.02)
    assert c[119] == pytest.approx(3.26, abs=0.02)


def test_five_per_cent_are_spent_in_all_and_never_more():
    assert spent(60, 60) == pytest.approx(0.045)
    assert spent(10_000_000, 60) == pytest.approx(0.05, abs=1e-5)


def crossing_share(correlations, c, n_paths, seed) -> float:
    rng = np.random.default_rng(seed)
    z = rng.standard_normal(n_paths)
    crossed = np.abs(z) >= c[0]
    for r, bound in zip(correlations[1:], c[1:], strict=True):
        z = r * z + np.sqrt(1 - r * r) * rng.standard_normal(n_paths)
        crossed |= np.abs(z) >= bound
    return float(crossed.mean())


@pytest.mark.parametrize("habit", [False, True])
def test_simulated_paths_cross_as_often_as_the_budget_says(habit):
    r = independent(60)
    if habit:
        r = [0.0, *(1 - (1 - x) / 8 for x in r[1:])]
    found = crossing_share(r, critical_values(r, 60), 200_000, seed=3)
    assert found == pytest.approx(0.045, abs=0.0016)


def test_tomorrows_look_does_not_change_todays():
    r = independent(40)
    whole = critical_values(r, 60)
    for day in (1, 2, 17, 40):
        assert critical_values(r[:day], 60) == pytest.approx(whole[:day], abs=0)


def test_the_answer_does_not_depend_on_what_was_computed_before():
    r = independent(30)
    first = critical_values(r, 60)
    spending._paths.clear()
    assert (critical_values(r, 60) == first).all()


def test_a_look_without_news_keeps_its_critical_value_and_spends_nothing():
    r = [0.0, 0.8, 0.9999, 0.9999, 0.9]
    c = critical_values(r, 30)
    assert c[1] == c[2] == c[3]
    assert c[4] < c[3]


def test_strong_habits_bring_the_boundary_down():
    weak, strong = independent(60), [0.0, *([0.999] * 59)]
    assert critical_values(strong, 60)[-1] < critical_values(weak, 60)[-1]


def test_levels_are_ordered_and_the_table_agrees_with_single_levels():
    r = independent(20)
    table = critical_table(r, 60, (0.01, 0.05, 0.2))
    assert (np.diff(table, axis=0) < 0).all()
    assert table[1] == pytest.approx(critical_values(r, 60), abs=1e-12)


def test_a_plan_of_no_days_is_refused():
    with pytest.raises(ExperimentError, match="planned length"):
        critical_values([0.0], 0)


def test_a_correlation_that_is_no_number_is_refused():
    with pytest.raises(ExperimentError, match="not a number"):
        critical_values([0.0, float("nan")], 30)


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=12),
    st.integers(1, 30),
)
@settings(max_examples=25, deadline=None)
def test_critical_values_are_always_finite_and_positive(correlations, planned_days):
    c = critical_values(correlations, planned_days)
    assert np.isfinite(c).all()
    assert (c > 0.5).all()
