from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from decision_builders import after, believer, people_of, planted, space_of

from services.decision.choosing import choose, sample_draws
from services.decision.design import fold_moments, fold_vectors, place, weights_of
from services.decision.learning import (
    MEMORIES,
    adapted,
    learn,
    market_changed,
    posterior,
    prior,
)
from services.decision.model import Belief, Draws, Reward, Space
from services.decision.variances import CROSS_VARIANCE, MAIN_VARIANCE, group_variances
from services.errors import DataError


def deviation(belief: Belief, dimension: str, attribute: str) -> float:
    variances = group_variances(belief.layout, belief.heads[0].variances)
    return float(np.sqrt(variances[belief.layout.groups.index((dimension, attribute))]))


def test_folding_moments_equals_writing_the_whole_design_out():
    space = space_of(3, 2, 2)
    layout = prior(space, 2, 0.1).layout
    placement = place(space, layout)
    rng = np.random.default_rng(1)
    n = 60
    z = np.column_stack([np.ones(n), rng.normal(size=(n, 2))])
    combination, curvature = rng.integers(0, 12, n), rng.random(n)
    rows = np.zeros((n, layout.size))
    for i in range(n):
        for block in placement.blocks[combination[i]]:
            rows[i, block * 3 : block * 3 + 3] = z[i]
        rows[i, placement.pairs[combination[i]]] = 1.0
    by = [combination == c for c in range(12)]
    moments = np.stack([(z[m] * curvature[m, None]).T @ z[m] for m in by])
    vectors = np.stack([curvature[m] @ z[m] for m in by])
    assert np.allclose(fold_moments(moments, placement), (rows * curvature[:, None]).T @ rows)
    assert np.allclose(fold_vectors(vectors, placement), curvature @ rows)
    beta = rng.normal(size=layout.size)
    weights = weights_of(beta, placement)[combination]
    assert np.allclose((z * weights).sum(axis=1), rows @ beta)


def test_a_planted_effect_is_found_and_used():
    space = space_of(3, 2, 2)
    belief = believer(space, planted, n_days=8)
    features = people_of(2000, 2, seed=9)
    draws = sample_draws(belief, space, 1)
    chosen = choose(draws, space, features, np.ones((2000, 12), dtype=bool), 1)
    gets_it = space.options[chosen.combination, 0] == 1
    likes_it = features[:, 0] > -0.5
    assert gets_it[likes_it].mean() > 0.9
    assert gets_it[features[:, 0] < -1.2].mean() < 0.3


def test_what_does_not_matter_is_shrunk_away():
    belief = believer(space_of(3, 2, 2), planted, n_days=8)
    assert deviation(belief, "d0", "x0") > 3 * deviation(belief, "d0", "x1")
    assert deviation(belief, "d0", "") > 1.5 * deviation(belief, "d1", "")
    assert deviation(belief, "d1", "") < MAIN_VARIANCE**0.5
    assert deviation(belief, "d1", "x1") < 0.8 * (CROSS_VARIANCE / 2) ** 0.5


def test_days_added_one_by_one_equal_the_days_learnt_together():
    """Up to the point around which each day was expanded, hence the tolerance."""
    space, rng = space_of(3, 2), np.random.default_rng(2)
    features = rng.normal(size=(6000, 2)).astype(np.float32)
    combination = rng.integers(0, 6, 6000)
    logit = planted(features, space.options[combination])
    reward = (rng.random(6000) < 1 / (1 + np.exp(-logit))).astype(float)
    together = learn(prior(space, 2, 0.1), space, features, combination, reward, after(0))
    apart = prior(space, 2, 0.1)
    for part in np.array_split(np.arange(6000), 6):
        apart = learn(apart, space, features[part], combination[part], reward[part], after(0))
    one, two = (
        weights_of(posterior(b.heads[0], b.layout, 0).mean, place(space, b.layout))
        for b in (together, apart)
    )
    assert np.abs(one - two).max() < 0.1
    assert apart.n_rewards == together.n_rewards == 6000
    assert apart.version == 6


def test_memories_forget_by_days_passed_and_late_days_count_less():
    space = space_of(2)
    features, combination = np.zeros((50, 1), np.float32), np.arange(50) % 2
    reward = (np.arange(50) % 5 == 0).astype(float)
    first = learn(prior(space, 1, 0.2), space, features, combination, reward, after(0))
    nothing = (features[:0], combination[:0], reward[:0])
    later = learn(first, space, *nothing, after(3))
    difference = np.array([0, 0, 1, 0, -1, 0])  # of the two options: the level is no part of it
    for memory, rate in enumerate(MEMORIES):
        before, after_days = (
            difference @ belief.heads[0].precision[memory] @ difference for belief in (first, later)
        )
        assert after_days / before == pytest.approx(rate**3)
    late = learn(later, space, features, combination, reward, after(1))
    added = late.heads[0].precision - later.heads[0].precision
    assert added[2, 0, 0] < 0.7 * added[0, 0, 0]
    assert late.last_day == after(3).toordinal()


def test_a_market_that_turns_is_noticed_and_a_steady_one_is_not():
    space, rng = space_of(3), np.random.default_rng(6)
    belief, alarms = prior(space, 1, 0.1), []
    for day in range(36):
        better = 0 if day < 24 else 2
        combination = rng.integers(0, 3, 2000)
        reward = (rng.random(2000) < 0.06 + 0.08 * (combination == better)).astype(float)
        features = rng.normal(size=(2000, 1)).astype(np.float32)
        belief = learn(belief, space, features, combination, reward, after(day))
        alarms.append(market_changed(belief))
    assert not any(alarms[:24])
    assert any(alarms[24:30])


@pytest.mark.parametrize("reward", list(Reward))
def test_a_belief_and_its_draws_survive_storage_to_the_last_bit(reward):
    space, rng = space_of(3, 2), np.random.default_rng(3)
    belief = prior(space, ["tenure", "tenure above 1"], 0.1, reward=reward, attributes=["t", "t"])
    value = rng.random(500) < 0.2
    amounts = value * (1.0 if reward is Reward.BINARY else rng.lognormal(3, 1, 500))
    if reward is Reward.SIGNED:
        amounts -= 2.0
    belief = learn(belief, space, people_of(500, 2), rng.integers(0, 6, 500), amounts, after(1))
    columns = {name: [value] for name, value in belief.to_columns().items()}
    row = pa.table(columns).to_pylist()[0]
    again = Belief.from_columns(row)
    assert again.to_columns()["description"] == belief.to_columns()["description"]
    for one, two in zip(belief.heads, again.heads, strict=True):
        for name in ("precision", "shift", "start", "variances", "noise", "scale"):
            assert np.array_equal(getattr(one, name), getattr(two, name))
    draws = sample_draws(again, space, 4)
    stored = pa.table(draws.to_columns()).to_pydict()
    assert np.array_equal(Draws.from_columns(stored).coefficients, draws.coefficients)
    assert np.array_equal(sample_draws(belief, space, 4).coefficients, draws.coefficients)


def test_a_belief_or_a_space_that_cannot_be_read_is_refused():
    with pytest.raises(DataError):
        Belief.from_columns({"description": "{}"})
    with pytest.raises(DataError):
        Space.from_json("[]")
    space = space_of(2, 3)
    assert Space.from_json(space.to_json()).to_json() == space.to_json()


def test_options_and_features_come_and_go_without_a_restart():
    before = space_of(3, 2)
    belief = believer(before, planted, n_days=4)
    keys = (("d0", ("o0", "o1", "o9")), ("d1", ("o0", "o1")))
    now = Space(keys, before.options)
    names = ("x0", "x1", "fresh")
    wider = adapted(belief, now, names)
    mean = posterior(belief.heads[0], belief.layout, 0).mean
    again = posterior(wider.heads[0], wider.layout, 0).mean
    assert np.allclose(again[belief.layout.places_in(wider.layout)], mean, atol=1e-9)
    features = people_of(400, 3)
    draws = sample_draws(wider, now, 1)
    chosen = choose(draws, now, features, np.ones((400, 6), bool), 1, names=names)
    assert (now.options[chosen.combination, 0] == 1).mean() > 0.5
    learnt = learn(wider, now, features, chosen.combination, np.zeros(400), after(9), names=names)
    assert dict(learnt.layout.dimensions)["d0"] == ("o0", "o1", "o2", "o9")
    fewer = sample_draws(learnt, now, 1)
    assert choose(fewer, now, features[:, :1], np.ones((400, 6), bool), 1, names=("x0",)).n_people


def test_revenue_follows_value_and_not_only_conversion():
    """Option 0 converts a little better, option 1 brings three times the money."""
    space, rng = space_of(2, 2), np.random.default_rng(4)
    belief = prior(space, 1, 0.1, reward=Reward.REVENUE)
    for day in range(6):
        combination = rng.integers(0, 4, 2000)
        option = space.options[combination, 0]
        converts = rng.random(2000) < np.where(option == 0, 0.12, 0.10)
        amount = np.exp(rng.standard_t(3, 2000) * 0.5) * np.where(option == 1, 60.0, 20.0)
        belief = learn(
            belief, space, people_of(2000, 1, day), combination, converts * amount, after(day)
        )
    chosen = choose(
        sample_draws(belief, space, 1), space, people_of(500, 1), np.ones((500, 4), bool), 1
    )
    assert (space.options[chosen.combination, 0] == 1).mean() > 0.9


def test_signed_rewards_may_be_negative():
    space, rng = space_of(3), np.random.default_rng(5)
    belief = prior(space, 1, 0.1, reward=Reward.SIGNED)
    for day in range(5):
        combination = rng.integers(0, 3, 1500)
        reward = rng.normal(size=1500) * 40 + np.array([-30.0, 0.0, 25.0])[combination]
        belief = learn(belief, space, people_of(1500, 1, day), combination, reward, after(day))
    chosen = choose(
        sample_draws(belief, space, 1), space, people_of(500, 1), np.ones((500, 3), bool), 1
    )
    assert (chosen.combination == 2).mean() > 0.95


@pytest.mark.parametrize(
    ("combination", "reward"), [(0, 0.5), (9, 1.0), (-1, 1.0), (0, np.nan), (0, -1.0)]
)
def test_rewards_that_cannot_be_are_refused(combination, reward):
    space = space_of(2)
    with pytest.raises(DataError):
        learn(
            prior(space, 1, 0.1), space, np.zeros((1, 1)), np.array([combination]),
            np.array([reward]), after(0),
        )  # fmt: skip


def test_a_level_that_wanders_does_not_make_the_memories_forget_the_options():
    space = space_of(2)
    rng = np.random.default_rng(3)
    belief = prior(space, 1, 0.1)
    for day in range(25):
        level = -2.2 + 0.9 * np.sin(day * 2.1)  # weekdays, outages: nothing an option did
        combination = rng.integers(0, 2, 3000)
        chance = 1 / (1 + np.exp(-(level + 0.25 * (combination == 1))))
        reward = (rng.random(3000) < chance).astype(float)
        belief = learn(
            belief, space, np.zeros((3000, 1), np.float32), combination, reward, after(day)
        )
    assert belief.weights[np.argmin(MEMORIES)] < 0.6
    assert not market_changed(belief)
    mean = posterior(belief.heads[0], belief.layout, int(np.argmax(belief.weights))).mean
    assert mean[4] - mean[2] == pytest.approx(0.25, abs=0.07)


def test_strata_keep_their_level_to_themselves():
    space = space_of(2)
    rng = np.random.default_rng(4)
    belief = prior(space, 1, 0.1)
    for day in range(10):
        stratum = rng.integers(0, 2, 4000)
        combination = np.where(rng.random(4000) < 0.85, stratum, 1 - stratum)  # they go together
        chance = np.where(stratum == 1, 0.2, 0.08)  # and only the stratum matters
        reward = (rng.random(4000) < chance).astype(float)
        features = np.zeros((4000, 1), np.float32)
        belief = learn(belief, space, features, combination, reward, after(day), strata=stratum)
    mean = posterior(belief.heads[0], belief.layout, 0).mean
    assert abs(mean[4] - mean[2]) < 0.25  # without strata: the logit gap of the two levels, 1.06
