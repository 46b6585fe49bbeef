from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from decision_builders import masks_of, people_of, space_of
from hypothesis import given, settings
from hypothesis import strategies as st

from services.decision.choosing import (
    EPSILON_SHARE,
    N_DRAWS,
    choose,
    choose_uniform,
    eligible_hashes,
    propensities,
    sample_draws,
    shared_out,
)
from services.decision.design import place, weights_of
from services.decision.learning import prior
from services.decision.model import NOT_DRAWN, NOTHING_ELIGIBLE, Choices, Reward
from services.decision.replaying import compare, draws_agree, replay
from services.decision.terms import Prices
from services.errors import DataError, ExperimentError

N_SEEDS = 1500


def test_propensities_of_a_person_add_up_to_one(draws, space):
    eligible = masks_of(300, 12, 0.6)
    chances = propensities(draws, space, people_of(300, 2), eligible)
    assert np.allclose(chances.sum(axis=1), 1.0, atol=1e-12)
    assert not chances[~eligible].any()


def test_everything_eligible_keeps_its_share_of_the_uniform_floor(draws, space):
    eligible = masks_of(300, 12, 0.6)
    chances = propensities(draws, space, people_of(300, 2), eligible)
    floor = EPSILON_SHARE / eligible.sum(axis=1, keepdims=True)
    assert (chances >= floor - 1e-15)[eligible].all()


def test_the_logged_propensity_is_that_of_the_chosen_combination(draws, space):
    features, eligible = people_of(300, 2), masks_of(300, 12, 0.6)
    chosen = choose(draws, space, features, eligible, seed=1)
    chances = propensities(draws, space, features, eligible)
    assert np.array_equal(chosen.propensity, chances[np.arange(300), chosen.combination])


def test_combinations_are_chosen_as_often_as_their_propensities_say(draws, space):
    """Twenty people decided by many seeds: counts against the exact chances, by chi-squared."""
    features, eligible = people_of(20, 2, seed=3), masks_of(20, 12, 0.5, seed=3)
    expected = propensities(draws, space, features, eligible, 0.2) * N_SEEDS
    counts = np.zeros_like(expected)
    for seed in range(N_SEEDS):
        chosen = choose(draws, space, features, eligible, seed, 0.2)
        counts[np.arange(20), chosen.combination] += 1
    seen = expected > 0
    square = ((counts - expected)[seen] ** 2 / expected[seen]).sum()
    degrees = seen.sum() - 20
    assert abs(square - degrees) < 4 * np.sqrt(2 * degrees)


def test_the_inverse_propensity_averages_to_the_number_of_eligible_combinations(draws, space):
    n = 60_000
    eligible = masks_of(n, 12, 0.7)
    chosen = choose(draws, space, people_of(n, 2), eligible, seed=9, epsilon=0.2)
    ratio = 1 / chosen.propensity / chosen.n_eligible
    assert abs(ratio.mean() - 1) < 3 * ratio.std() / np.sqrt(n)


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_chunks_and_workers_do_not_change_a_single_bit(draws, space, chunk):
    n = 1000
    features, eligible, people = people_of(n, 2), masks_of(n, 12, 0.6), np.arange(n) * 7 + 3
    whole = choose(draws, space, features, eligible, 4, people=people)

    def decide(start: int) -> Choices:
        part = slice(start, start + chunk)
        return choose(draws, space, features[part], eligible[part], 4, people=people[part])

    with ThreadPoolExecutor(3) as workers:
        parts = list(workers.map(decide, range(0, n, chunk)))
    assert compare(whole, Choices.joined(parts), people).is_identical


def test_a_replay_is_identical_and_a_changed_log_is_named(draws, space):
    features, eligible, people = people_of(200, 2), masks_of(200, 12, 0.6), np.arange(200) + 50
    logged = choose(draws, space, features, eligible, 4, people=people)
    again = replay(logged, draws, space, features, eligible, 4, people=people)
    assert (again.is_identical, again.n_decisions, again.first) == (True, 200, None)
    logged.propensity[17] = np.nextafter(logged.propensity[17], 1)
    logged.combination[40] += 1
    again = replay(logged, draws, space, features, eligible, 4, people=people)
    assert (again.n_different, again.first.row, again.first.person) == (2, 17, 67)
    assert again.first.field == "propensity"


def test_another_seed_gives_another_lot(draws, space):
    features, eligible = people_of(500, 2), np.ones((500, 12), dtype=bool)
    one, two = (choose(draws, space, features, eligible, seed) for seed in (1, 2))
    assert (one.draw != two.draw).mean() > 0.9


def test_the_compiled_score_is_the_score_of_the_formula(draws, space):
    features = people_of(50, 2)
    chosen = choose(draws, space, features, np.ones((50, 12), dtype=bool), 1)
    weights = np.mean([weights_of(c, place(space, draws.layout)) for c in draws.coefficients], 0)
    z = np.column_stack([np.ones(50), features])
    expected = (z * weights[chosen.combination]).sum(axis=1)
    assert np.allclose(chosen.score, expected, atol=2e-5)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_nothing_that_is_not_eligible_is_ever_chosen(data):
    sizes = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    some = space_of(*sizes)
    n = data.draw(st.integers(1, 6))
    flags = st.lists(st.booleans(), min_size=some.n_combinations, max_size=some.n_combinations)
    eligible = np.array([data.draw(flags) for _ in range(n)])
    belief = prior(some, 2, 0.05)
    seed = data.draw(st.integers(0, 2**63))
    draws = sample_draws(belief, some, seed, temper=1.0)
    epsilon = data.draw(st.floats(0, 1))
    for chosen in (
        choose(draws, some, people_of(n, 2), eligible, seed, epsilon),
        choose_uniform(eligible, seed),
    ):
        has_any = eligible.any(axis=1)
        rows = np.flatnonzero(has_any)
        assert eligible[rows, chosen.combination[rows]].all()
        assert (chosen.propensity[rows] > 0).all()
        assert (chosen.combination[~has_any] == NOTHING_ELIGIBLE).all()
        assert not chosen.propensity[~has_any].any()


def test_the_random_group_gets_every_eligible_combination_equally_often():
    n = 40_000
    eligible = np.tile(np.arange(10) % 3 > 0, (n, 1))
    chosen = choose_uniform(eligible, seed=8)
    counts = np.bincount(chosen.combination, minlength=10)
    assert (chosen.propensity == 1 / 6).all()
    assert (chosen.draw == NOT_DRAWN).all()
    assert ((counts[1:] - n / 6)[eligible[0][1:]] ** 2 / (n / 6)).sum() < 25  # 5 degrees


def test_a_price_moves_choices_away_from_what_costs(draws, space):
    features, eligible = people_of(400, 2), np.ones((400, 12), dtype=bool)
    prices = Prices(Reward.BINARY, np.where(space.options[:, 0] == 1, 50.0, 0.0))
    free = choose(draws, space, features, eligible, 1, epsilon=0.0)
    priced = choose(draws, space, features, eligible, 1, epsilon=0.0, prices=prices)
    assert (space.options[free.combination, 0] == 1).mean() > 0.5
    assert (space.options[priced.combination, 0] != 1).all()


def test_the_same_eligible_set_has_the_same_name_and_another_set_another():
    eligible = np.array([[1, 0, 1], [1, 0, 1], [0, 1, 1]], dtype=bool)
    names = eligible_hashes(eligible)
    assert names[0] == names[1] != names[2]
    packed = np.packbits(eligible[0]).tobytes()
    assert names[0] == hashlib.blake2b(packed, digest_size=16).hexdigest()


def test_draws_are_shared_out_by_weight_and_rederived_from_the_seed(belief, space, draws):
    assert shared_out(np.array([0.5, 0.3, 0.2]), N_DRAWS).tolist() == [16, 10, 6]
    assert draws_agree(belief, space, 5, draws)
    assert not draws_agree(belief, space, 6, draws)


def test_people_that_do_not_fit_the_space_are_refused(draws, space):
    with pytest.raises(DataError):
        choose(draws, space, people_of(5, 2), np.ones((5, 11), dtype=bool), 1)
    with pytest.raises(DataError):
        choose(draws, space, people_of(5, 3), np.ones((5, 12), dtype=bool), 1)
    with pytest.raises(DataError):
        choose(draws, space, np.full((5, 2), np.nan), np.ones((5, 12), dtype=bool), 1)
    with pytest.raises(ExperimentError):
        choose(draws, space, people_of(5, 2), np.ones((5, 12), dtype=bool), 1, epsilon=1.5)
