"""Prices, limits and least shares: fixed before the lots, so that every chance stays exact."""

from __future__ import annotations

import math

import numpy as np
import pytest
from decision_builders import masks_of, people_of
from hypothesis import given, settings
from hypothesis import strategies as st

from services.decision.choosing import choose, choose_uniform, propensities
from services.decision.learning import prior
from services.decision.limiting import Limit, price_limits, weigh_limits
from services.decision.model import Choices, Reward
from services.decision.replaying import compare
from services.decision.terms import Least, Prices, priced
from services.errors import ExperimentError

N_SEEDS = 1500


def having(space, option: int) -> np.ndarray:
    return (space.options[:, 0] == option).astype(float)


@settings(max_examples=50, deadline=None)
@given(level=st.floats(-8, 8))
def test_a_unit_of_reward_is_worth_what_the_slope_at_the_persons_level_says(level: float):
    chance = 1 / (1 + math.exp(-level))
    nothing = np.zeros(1)
    assert Prices(Reward.BINARY, nothing).rate(level) == pytest.approx(1 / (chance * (1 - chance)))
    revenue = Prices(Reward.REVENUE, nothing, shift=0.5)
    assert revenue.rate(level) == pytest.approx(math.exp(-level - 0.5), rel=1e-14)
    assert Prices(Reward.SIGNED, nothing, scale=4.0).rate(level) == 0.25


def test_a_price_is_charged_at_each_persons_own_rate(draws, space):
    """Net reward decides: what an offer adds to the chance of a sale against what it costs."""
    features, eligible = people_of(4000, 2), np.ones((4000, 12), dtype=bool)
    mean = draws.coefficients.mean(axis=0)[None, :]
    one = type(draws)(draws.layout, mean, draws.memory[:1])
    free = choose(one, space, features, eligible, 1, 0.0)
    prices = Prices(Reward.BINARY, 0.03 * having(space, 1))
    chosen = choose(one, space, features, eligible, 1, 0.0, prices=prices)
    gave_up = (space.options[free.combination, 0] == 1) & (
        space.options[chosen.combination, 0] != 1
    )
    assert 0.05 < gave_up.mean() < 0.8
    before = 1 / (1 + np.exp(-free.score))
    after = 1 / (1 + np.exp(-chosen.score))
    assert np.quantile((before - after)[gave_up], 0.9) < 0.034
    kept = (space.options[chosen.combination, 0] == 1) & ~gave_up
    assert features[kept, 0].mean() > features[gave_up, 0].mean()


def test_no_more_people_than_the_cap_get_an_option_and_those_who_gain_most_do(belief, draws, space):
    n = 3000
    features, eligible = people_of(n, 2), np.ones((n, 12), dtype=bool)
    cap = Limit("d0=o1", having(space, 1), 0.2 * n)
    prices, kept = price_limits(belief, draws, space, features, eligible, [cap])
    assert kept[0].is_kept
    assert 0.17 * n < kept[0].expected <= 0.2 * n
    chosen = choose(draws, space, features, eligible, 8, prices=prices)
    got = space.options[chosen.combination, 0] == 1
    assert 0.17 < got.mean() <= 0.2
    assert features[got, 0].mean() > 0.8
    unlimited = choose(draws, space, features, eligible, 8)
    assert (space.options[unlimited.combination, 0] == 1).mean() > 0.4


def test_a_budget_and_a_cap_hold_together(belief, draws, space):
    n = 3000
    features, eligible = people_of(n, 2), masks_of(n, 12, 0.8)
    money = 5.0 * having(space, 1) + 1.0 * having(space, 2)
    limits = [Limit("money", money, 2000.0), Limit("d0=o2", having(space, 2), 0.1 * n)]
    prices, kept = price_limits(belief, draws, space, features, eligible, limits)
    assert all(one.is_kept for one in kept)
    spent = [
        money[choose(draws, space, features, eligible, s, prices=prices).combination].sum()
        for s in range(40)
    ]
    assert np.mean(np.array(spent) > 2000.0) <= 0.1
    assert np.mean(spent) > 1800.0


def test_a_limit_that_is_not_near_costs_nothing(belief, draws, space):
    features, eligible = people_of(500, 2), np.ones((500, 12), dtype=bool)
    limit = Limit("d0=o1", having(space, 1), 500.0)
    prices, kept = price_limits(belief, draws, space, features, eligible, [limit])
    assert prices is None
    assert (kept[0].price, kept[0].is_kept) == (0.0, True)


def test_a_limit_that_cannot_be_kept_is_named_and_kept_as_far_as_can_be(belief, draws, space):
    features = people_of(1000, 2)
    eligible = np.tile(having(space, 1) > 0, (1000, 1))
    limit = Limit("d0=o1", having(space, 1), 100.0)
    _, kept = price_limits(belief, draws, space, features, eligible, [limit])
    assert not kept[0].is_kept
    assert kept[0].expected == pytest.approx(1000.0)


def test_chances_with_prices_and_least_shares_are_those_of_many_lots(belief, draws, space):
    """Twenty people decided by many seeds: counts against the exact chances, by chi-squared."""
    features, eligible = people_of(20, 2, seed=3), masks_of(20, 12, 0.5, seed=3)
    how = {
        "prices": priced(belief, 0.02 * having(space, 1)),
        "least": [Least("d0", "o2", 0.1), Least("d1", "o0", 0.15)],
    }
    expected = propensities(draws, space, features, eligible, 0.1, **how) * N_SEEDS
    assert np.allclose(expected.sum(axis=1), N_SEEDS)
    counts = np.zeros_like(expected)
    for seed in range(N_SEEDS):
        chosen = choose(draws, space, features, eligible, seed, 0.1, **how)
        assert chosen.propensity * N_SEEDS == pytest.approx(
            expected[np.arange(20), chosen.combination], rel=1e-12
        )
        counts[np.arange(20), chosen.combination] += 1
    seen = expected > 0
    square = ((counts - expected)[seen] ** 2 / expected[seen]).sum()
    degrees = seen.sum() - 20
    assert abs(square - degrees) < 4 * np.sqrt(2 * degrees)


def test_everybody_who_may_get_an_option_gets_it_with_its_least_share(draws, space):
    features, eligible = people_of(400, 2), masks_of(400, 12, 0.4)
    least = [Least("d0", "o2", 0.07)]
    chances = propensities(draws, space, features, eligible, 0.0, least=least)
    members = least[0].members(space)
    may = (eligible & members).any(axis=1)
    of_option = (chances * members).sum(axis=1)
    assert (of_option[may] >= 0.07 - 1e-12).all()
    assert not of_option[~may].any()


def test_with_prices_and_least_shares_chunks_do_not_change_a_bit(belief, draws, space):
    n = 500
    features, eligible, people = people_of(n, 2), masks_of(n, 12, 0.6), np.arange(n) * 3
    how = {
        "prices": priced(belief, 0.02 * having(space, 1)),
        "least": [Least("d0", "o2", 0.1)],
    }
    whole = choose(draws, space, features, eligible, 4, people=people, **how)
    parts = [
        choose(draws, space, features[s], eligible[s], 4, people=people[s], **how)
        for s in (slice(at, at + 7) for at in range(0, n, 7))
    ]
    assert compare(whole, Choices.joined(parts), people).is_identical


def test_uniform_choices_keep_a_limit_by_weights_with_exact_chances(space):
    n = 20_000
    eligible = masks_of(n, 12, 0.7)
    limit = Limit("d0=o1", having(space, 1), 0.1 * n)
    weights, kept = weigh_limits(eligible, [limit])
    assert kept[0].is_kept
    chosen = choose_uniform(eligible, 5, weights=weights)
    assert 0.09 < (space.options[chosen.combination, 0] == 1).mean() <= 0.1
    ratio = 1 / chosen.propensity / chosen.n_eligible
    assert abs(ratio.mean() - 1) < 3 * ratio.std() / np.sqrt(n)
    assert eligible[np.arange(n), chosen.combination].all()
    assert weigh_limits(eligible, [Limit("d0=o1", having(space, 1), n)])[0] is None


def test_prices_survive_json_and_nonsense_is_refused(belief, draws, space):
    prices = priced(belief, np.arange(12) / 7)
    again = Prices.from_dict(prices.to_dict())
    assert (again.of_combination == prices.of_combination).all()
    assert (again.reward, again.shift, again.scale) == (prices.reward, prices.shift, prices.scale)
    few = people_of(3, 2), np.ones((3, 12), dtype=bool)
    with pytest.raises(ExperimentError):
        choose(draws, space, *few, 1, least=[Least("d0", "o1", 0.6)])


def test_revenue_prices_are_in_money(space):
    start = prior(space, 2, 0.1, reward=Reward.REVENUE)
    found = priced(start, np.ones(12))
    level = 0.9 * math.log(0.1 / 0.9) + math.log(50.0)  # the score of an average person who buys 50
    expected = 0.1 * 50.0 * math.exp(start.heads[1].noise / 2)
    assert found.rate(level) == pytest.approx(1 / expected)
