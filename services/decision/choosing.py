"""Choose a combination for each person, with a propensity that is exactly known.

A day has B posterior draws for everybody. Each person gets one of them by lot and the best eligible
combination under it; with chance ε it is instead any eligible combination, and with chance m(o)
any with option o, for options that are to be tried out at least so often. So, given the draws,

    propensity = (1 − ε − Σ m(o)) · (draws whose best it is) / B + ε / |eligible|
                 + Σ over its options with a least share: m(o) / |eligible with o|.

Prices (what offers cost, what limits ask for) are fixed before any lot, so this stays exact.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import linalg

from services.decision.arrays import Bools, Floats, Ints
from services.decision.chance import Purpose, below, uniforms
from services.decision.design import aligned
from services.decision.floor import floor_of, lots
from services.decision.learning import adapted, posterior
from services.decision.model import NOT_DRAWN, Belief, Choices, Draws, Reward, Space
from services.decision.scoring import count_best, numbers_eligible, pick, tables_of, weighted_lots
from services.decision.terms import Least, Prices, check_explored
from services.errors import DataError
from services.messages import msg

N_DRAWS = 32
TEMPER_SHARE = 0.1  # of the posterior's standard deviation: full strength over-explores in batches
EPSILON_SHARE = 0.02
HASH_BYTES = 16


def sample_draws(
    belief: Belief,
    space: Space,
    seed: int,
    *,
    n_draws: int = N_DRAWS,
    temper: float = TEMPER_SHARE,
) -> Draws:
    """The day's coefficient draws: around the mean of the memories by their weights, with spreads
    of the memories, shared out by the same weights.

    The mean of several predictions errs less than one of them taken by lot.

    For revenue the coefficients are those of the logarithm of chance × value, expanded around the
    base rate: (1 − base rate) · logit coefficients + log-value coefficients.
    """
    belief = adapted(belief, space)
    n_each = shared_out(belief.weights, n_draws)
    noise = np.random.Generator(np.random.Philox(seed)).standard_normal(
        (len(belief.heads), n_draws, belief.layout.size)
    )
    drawn = np.zeros((n_draws, belief.layout.size))
    memory = np.repeat(np.arange(len(n_each)), n_each)
    for share, head, deviates in zip(head_shares(belief), belief.heads, noise, strict=True):
        for m, weight in enumerate(belief.weights):
            now = posterior(head, belief.layout, m)
            mine = memory == m
            spread = linalg.solve_triangular(
                now.factor, deviates[mine].T, lower=True, trans="T", check_finite=False
            )
            drawn += share * weight * now.mean
            drawn[mine] += share * temper * spread.T
    return Draws(belief.layout, drawn, memory.astype(np.int8))


def head_shares(belief: Belief) -> tuple[float, ...]:
    """What each head contributes to the score that is maximised."""
    return (1.0 - belief.base_rate, 1.0) if belief.reward is Reward.REVENUE else (1.0,)


def shared_out(weights: Floats, n: int) -> Ints:
    """Whole numbers that add up to n, as near to `weights` as can be: largest remainders first."""
    exact = weights * n
    whole = np.floor(exact).astype(np.int64)
    missing = n - int(whole.sum())
    whole[np.argsort(whole - exact, kind="stable")[:missing]] += 1
    return whole


def choose(
    draws: Draws,
    space: Space,
    features: np.ndarray,
    eligible: Bools,
    seed: int,
    epsilon: float = EPSILON_SHARE,
    *,
    people: Ints | None = None,
    names: Sequence[str] | None = None,
    prices: Prices | None = None,
    least: Sequence[Least] = (),
) -> Choices:
    """One combination a person, by the day's draws.

    features  float32 (n, n_features); names: their columns, None = as when learnt
    eligible  bool (n, n_combinations)
    people    int64 (n,): surrogates, which make the lot independent of chunks; None = row numbers
    prices    what combinations must earn more than they otherwise would; None = nothing
    least     options that are tried out at least so often

    Somebody without an eligible combination gets NOTHING_ELIGIBLE with propensity 0.
    """
    _check(space, features, eligible)
    check_explored(epsilon, least)
    who = np.arange(len(features)) if people is None else np.asarray(people, dtype=np.int64)
    n_draws = len(draws.coefficients)
    n_eligible = numbers_eligible(eligible)
    draw = below(n_draws, uniforms(seed, who, Purpose.DRAW))
    floor = floor_of(space, eligible, epsilon, least)
    forced = floor.lots(eligible, seed, who)
    columns = aligned(features, names, draws.layout)
    picks = pick(tables_of(draws, space, prices), columns, eligible, draw, forced)
    has_any = n_eligible > 0
    chance = floor.greedy * picks.n_agree / n_draws + floor.chances(picks.combination)
    return Choices(
        combination=picks.combination,
        propensity=np.where(has_any, chance, 0.0),
        draw=np.where(has_any & (forced < 0), draw, NOT_DRAWN).astype(np.int16),
        score=picks.score,
        n_eligible=n_eligible.astype(np.int32),
        eligible_hash=eligible_hashes(eligible),
    )


def choose_uniform(
    eligible: Bools, seed: int, *, people: Ints | None = None, weights: Floats | None = None
) -> Choices:
    """Any eligible combination with the same chance: the random group, and the first day.

    weights  float64 (n_combinations,), above 0: chances in proportion to them instead, where a
             limit on an option asks for it; None = all the same
    """
    n = len(eligible)
    who = np.arange(n) if people is None else np.asarray(people, dtype=np.int64)
    n_eligible = numbers_eligible(eligible)
    if weights is None:
        chosen = lots(eligible, seed, who)
        chance = np.where(n_eligible > 0, 1.0 / np.maximum(n_eligible, 1), 0.0)
    else:
        chosen, chance = weighted_lots(eligible, weights, uniforms(seed, who, Purpose.UNIFORM))
    return Choices(
        combination=chosen.astype(np.int32),
        propensity=chance,
        draw=np.full(n, NOT_DRAWN, dtype=np.int16),
        score=np.full(n, np.nan, dtype=np.float32),
        n_eligible=n_eligible.astype(np.int32),
        eligible_hash=eligible_hashes(eligible),
    )


def propensities(
    draws: Draws,
    space: Space,
    features: np.ndarray,
    eligible: Bools,
    epsilon: float = EPSILON_SHARE,
    *,
    names: Sequence[str] | None = None,
    prices: Prices | None = None,
    least: Sequence[Least] = (),
) -> Floats:
    """Chance of every combination for every person: float64 (n, n_combinations), rows add to 1."""
    _check(space, features, eligible)
    check_explored(epsilon, least)
    counts = count_best(
        tables_of(draws, space, prices), aligned(features, names, draws.layout), eligible
    )
    floor = floor_of(space, eligible, epsilon, least)
    greedy = np.reshape(floor.greedy, (-1, 1)) * counts / len(draws.coefficients)
    return np.asarray(greedy + floor.all_chances(eligible), dtype=np.float64)


def eligible_hashes(eligible: Bools) -> npt.NDArray[np.object_]:
    """Name of each person's eligible set, object (n,): blake2b of the packed row, 32 hex digits."""
    packed = np.packbits(eligible, axis=1)
    out = np.empty(len(packed), dtype=object)
    if not len(packed):
        return out
    rows = packed.view(np.dtype((np.void, packed.shape[1]))).ravel()
    if (packed == packed[0]).all():
        out[:] = _hash(rows[0].tobytes())
        return out
    different, which = np.unique(rows, return_inverse=True)
    named = np.array([_hash(row.tobytes()) for row in different], dtype=object)
    return np.asarray(named[which], dtype=object)


def _hash(packed: bytes) -> str:
    return hashlib.blake2b(packed, digest_size=HASH_BYTES).hexdigest()


def _check(space: Space, features: np.ndarray, eligible: Bools) -> None:
    if eligible.shape != (len(features), space.n_combinations):
        raise DataError(
            msg("People and eligible combinations do not fit together."),
            hint=msg("Nothing was chosen. Decide the day again."),
        )
    if not np.isfinite(features).all():
        raise DataError(
            msg("A feature is not a number."),
            hint=msg("Nothing was chosen. Refresh the audience and try again."),
        )
