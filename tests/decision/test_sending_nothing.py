"""Sending nothing is a combination without options: chosen, learnt and explained like any other."""

from __future__ import annotations

import numpy as np
import pytest
from decision_builders import after, people_of, space_of

from services.decision.choosing import choose, propensities, sample_draws
from services.decision.design import fold_moments, fold_vectors, place, weights_of
from services.decision.explaining import explain
from services.decision.learning import learn, prior
from services.decision.model import NO_OPTION, Space


def with_nothing(*sizes: int) -> Space:
    messages = space_of(*sizes)
    n = messages.n_combinations
    options = np.full((n + 1, len(sizes) + 1), NO_OPTION, np.int16)
    options[:n, :-1] = messages.options
    options[n, -1] = 0
    return Space((*messages.dimensions, ("send", ("nothing",))), options)


SPACE = with_nothing(3, 2)
NOTHING = SPACE.n_combinations - 1


@pytest.fixture(scope="module")
def belief():
    """People with a high x0 like messages, the others rather hear nothing."""
    rng = np.random.default_rng(0)
    found = prior(SPACE, 2, 0.1)
    for day in range(8):
        features = people_of(2500, 2, seed=day)
        chosen = rng.integers(0, SPACE.n_combinations, 2500)
        logit = -2.0 + np.where(chosen == NOTHING, 0.0, 0.9 * features[:, 0])
        reward = (rng.random(2500) < 1 / (1 + np.exp(-logit))).astype(float)
        found = learn(found, SPACE, features, chosen, reward, after(day))
    return found


def test_nothing_has_no_options_and_survives_json():
    assert SPACE.keys(NOTHING) == {"send": "nothing"}
    assert set(SPACE.keys(0)) == {"d0", "d1"}
    again = Space.from_json(SPACE.to_json())
    assert (again.options == SPACE.options).all()


def test_what_a_combination_does_not_have_adds_nothing_to_its_score():
    layout = prior(SPACE, 2, 0.1).layout
    placement = place(SPACE, layout)
    coefficients = np.random.default_rng(1).normal(size=layout.size)
    weights = weights_of(coefficients, placement)
    design = np.zeros((SPACE.n_combinations, layout.width, layout.size))
    for at in range(layout.size):
        unit = np.zeros(layout.size)
        unit[at] = 1.0
        design[:, :, at] = weights_of(unit, placement)
    assert np.allclose(design @ coefficients, weights)
    vectors = np.random.default_rng(2).normal(size=weights.shape)
    moments = vectors[:, :, None] * vectors[:, None, :]
    assert np.allclose(fold_vectors(vectors, placement), np.einsum("cw,cwp->p", vectors, design))
    expected = np.einsum("cwp,cwv,cvq->pq", design, moments, design)
    assert np.allclose(fold_moments(moments, placement), expected)


def test_it_is_chosen_for_those_who_do_better_without_a_message(belief):
    features = people_of(3000, 2, seed=50)
    eligible = np.ones((3000, SPACE.n_combinations), dtype=bool)
    draws = sample_draws(belief, SPACE, 3)
    chosen = choose(draws, SPACE, features, eligible, 3)
    nothing = chosen.combination == NOTHING
    assert nothing[features[:, 0] < -0.7].mean() > 0.75
    assert nothing[features[:, 0] > 0.7].mean() < 0.1
    chances = propensities(draws, SPACE, features[:200], eligible[:200])
    assert np.allclose(chances.sum(axis=1), 1.0)
    said = explain(belief, draws, SPACE, np.array([-2.0, 0.0]), eligible[0])
    assert said.possible[0].keys == {"send": "nothing"}
    assert {c.dimension for c in said.contributions} == {"send"}
