import numpy as np
import pytest

from services.experiment.model import Metric, MetricKind, MetricSource, SourceKind
from services.insights.cuped import adjust
from services.insights.winsorising import MIN_VALUES, choose_cap, needs_cap


def people(n=4000, seed=1):
    rng = np.random.default_rng(seed)
    keen = rng.gamma(2, 1, n)
    before, after = rng.poisson(4 * keen).astype(float), rng.poisson(4 * keen).astype(float)
    first = rng.random(n) < 0.8
    return before, after, first


def test_earlier_behaviour_takes_out_what_people_bring_with_them():
    before, after, first = people()
    found = adjust(after, before, first)
    plain = after[first].mean() - after[~first].mean()
    adjusted = found.residuals[first].mean() - found.residuals[~first].mean()
    assert abs(adjusted) < abs(plain)
    assert 0.2 < found.gain_share < 0.7


def test_the_mean_of_everybody_stays_what_it_was():
    before, after, first = people()
    assert adjust(after, before, first).residuals.mean() == pytest.approx(after.mean())


def test_an_effect_of_the_messages_is_not_adjusted_away():
    before, after, first = people(seed=2)
    after[first] += 1.0
    found = adjust(after, before, first)
    error = after.std() / np.sqrt((~first).sum())
    difference = found.residuals[first].mean() - found.residuals[~first].mean()
    assert difference == pytest.approx(1.0, abs=3 * error)


def test_new_customers_stay_in_with_an_indicator():
    before, after, first = people()
    before[:1000] = np.nan
    found = adjust(after, before, first)
    assert len(found.residuals) == 4000
    assert np.isfinite(found.residuals).all()
    assert found.gain_share > 0.1


@pytest.mark.parametrize("value", [np.nan, 0.0, 3.0])
def test_without_a_usable_past_nothing_is_changed(value):
    _, after, first = people()
    found = adjust(after, np.full(4000, value), first)
    assert (found.residuals == after).all()
    assert (found.slope, found.gain_share) == (0.0, 0.0)


def test_the_cap_is_the_99th_percentile_of_days_with_a_purchase():
    days = np.r_[np.zeros(5000), np.arange(1, 1001)]
    found = choose_cap(days)
    assert found.value == pytest.approx(np.quantile(np.arange(1, 1001), 0.99))
    assert found.warning is None


def test_with_few_purchases_the_cap_is_the_largest_and_says_so():
    found = choose_cap(np.arange(1.0, MIN_VALUES))
    assert found.value == MIN_VALUES - 1
    assert "largest" in str(found.warning)


def test_without_purchases_there_is_no_cap_and_a_warning():
    found = choose_cap(np.zeros(10))
    assert found.value is None
    assert found.warning is not None


def test_only_money_is_capped():
    revenue = MetricSource(kind=SourceKind.REVENUE)
    event = MetricSource(kind=SourceKind.EVENT, name="upgrade")
    assert needs_cap(Metric(kind=MetricKind.REVENUE))
    assert needs_cap(Metric(kind=MetricKind.WEIGHTED, sources=(event, revenue)))
    assert not needs_cap(Metric(kind=MetricKind.CONVERSION, sources=(event,)))
