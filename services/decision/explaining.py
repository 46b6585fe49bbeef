"""Why this person got this: what was possible, what spoke for it, and what would change it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from services.decision.arrays import Bools, Floats
from services.decision.choosing import EPSILON_SHARE, head_shares, propensities
from services.decision.design import aligned, place, weights_of
from services.decision.layout import BASELINE, Layout
from services.decision.learning import adapted, posterior
from services.decision.model import NO_OPTION, Belief, Draws, Reward, Space
from services.decision.terms import Least, Prices
from services.decision.variances import group_variances


@dataclass(frozen=True)
class Possible:
    """One eligible combination.

    score     what is maximised, posterior mean less price: logits, log value, or scaled value
    chance    propensity, 0 to 1: how likely this was to be chosen
    expected  chance of a reward (binary), chance × median value (revenue), or value (signed)
    """

    combination: int
    keys: dict[str, str]
    score: float
    chance: float
    expected: float


@dataclass(frozen=True)
class Contribution:
    """How much one attribute speaks for the chosen option of one dimension, in score units.

    Against the mean of the dimension's options, and against the average person. `attribute` ""
    stands for what the option does for the average person.
    """

    dimension: str
    option: str
    attribute: str
    amount: float


@dataclass(frozen=True)
class Candidate:
    """A change of one attribute to look into. `size` orders changes, smallest first.

    features  float (n_features,): this person's row, after the change
    eligible  bool (n_combinations,): what the person might get then; None = as before
    """

    attribute: str
    value: str
    size: float
    features: np.ndarray
    eligible: Bools | None = None


@dataclass(frozen=True)
class Flip:
    """The smallest change looked into that makes another combination the best one."""

    attribute: str
    value: str
    combination: int
    keys: dict[str, str]


@dataclass(frozen=True)
class Explanation:
    """`possible` best first; `contributions` by size; `flip` None where no change looked into did.

    Empty where nothing was eligible.
    """

    possible: tuple[Possible, ...]
    contributions: tuple[Contribution, ...]
    flip: Flip | None


@dataclass(frozen=True)
class Importance:
    """How much a dimension (or its interplay with an attribute) moves the score.

    deviation  standard deviation of its coefficients under the learnt prior, in score units
    """

    dimension: str
    attribute: str
    deviation: float


def explain(
    belief: Belief,
    draws: Draws,
    space: Space,
    features: np.ndarray,
    eligible: Bools,
    *,
    average: np.ndarray | None = None,
    candidates: Sequence[Candidate] = (),
    names: Sequence[str] | None = None,
    epsilon: float = EPSILON_SHARE,
    prices: Prices | None = None,
    least: Sequence[Least] = (),
) -> Explanation:
    """Explain the choice for one person.

    features  float (n_features,); eligible bool (n_combinations,)
    average   float (n_features,): the audience's mean; None = zeros, right for standardised columns
    candidates changes to try, each of one attribute
    prices    as given to `choose`, and so is `least`

    Contributions are of the combination with the best posterior mean.
    """
    if not eligible.any():
        return Explanation((), (), None)
    belief = adapted(belief, space, names)
    row = np.asarray(features, dtype=np.float64)[None, :]
    z = _with_intercept(row, names, belief.layout)
    means = tuple(_mean(belief, head) for head in range(len(belief.heads)))
    weights = _weights(belief, means, space)
    score = _net(weights @ z, eligible, prices)
    chance = propensities(
        draws,
        space,
        row.astype(np.float32),
        eligible[None, :],
        epsilon,
        names=names,
        prices=prices,
        least=least,
    )[0]
    expected = _expected(belief, means, space, z)
    ranked = [int(c) for c in np.argsort(-score, kind="stable") if eligible[c]]
    possible = tuple(
        Possible(c, space.keys(c), float(score[c]), float(chance[c]), float(expected[c]))
        for c in ranked
    )
    mean_row = np.zeros_like(row) if average is None else np.asarray(average)[None, :]
    usual = _with_intercept(mean_row.astype(np.float64), names, belief.layout)
    found = _contributions(belief, means, space, ranked[0], z, usual)
    return Explanation(
        possible=possible,
        contributions=tuple(sorted(found, key=lambda one: -abs(one.amount))),
        flip=_smallest_flip(belief, weights, space, ranked[0], eligible, candidates, names, prices),
    )


def importances(belief: Belief) -> tuple[Importance, ...]:
    """Which dimensions and attributes matter, strongest first; the baseline is left out.

    For revenue the two regressions' deviations are added as their scores are.
    """
    shares = head_shares(belief)
    deviation = sum(
        share * np.sqrt(group_variances(belief.layout, head.variances))
        for share, head in zip(shares, belief.heads, strict=True)
    )
    rows = zip(belief.layout.groups, np.asarray(deviation), strict=True)
    kept = [Importance(d, a, float(size)) for (d, a), size in rows if d != BASELINE]
    return tuple(sorted(kept, key=lambda one: -one.deviation))


def _with_intercept(row: np.ndarray, names: Sequence[str] | None, layout: Layout) -> Floats:
    return np.concatenate([[1.0], aligned(row, names, layout)[0]])


def _mean(belief: Belief, head: int) -> Floats:
    """Posterior mean over the memories, by their weights."""
    return np.asarray(
        sum(
            weight * posterior(belief.heads[head], belief.layout, memory).mean
            for memory, weight in enumerate(belief.weights)
        ),
        dtype=np.float64,
    )


def _weights(belief: Belief, means: Sequence[Floats], space: Space) -> Floats:
    """What the score of each combination is made of: float64 (n_combinations, width)."""
    placement = place(space, belief.layout)
    shares = head_shares(belief)
    weights = sum(s * weights_of(mean, placement) for s, mean in zip(shares, means, strict=True))
    return np.asarray(weights, dtype=np.float64)


def _net(score: Floats, eligible: Bools, prices: Prices | None) -> Floats:
    """Scores less prices, at the rate of somebody whose best eligible score this is."""
    if prices is None or not eligible.any():
        return score
    return score - prices.of_combination * prices.rate(float(score[eligible].max()))


def _expected(belief: Belief, means: Sequence[Floats], space: Space, z: Floats) -> Floats:
    placement = place(space, belief.layout)
    first = weights_of(means[0], placement) @ z
    match belief.reward:
        case Reward.BINARY:
            value = special.expit(first)
        case Reward.REVENUE:
            value = special.expit(first) * np.exp(weights_of(means[1], placement) @ z)
        case Reward.SIGNED:
            value = first * belief.heads[0].scale
    return np.asarray(value, dtype=np.float64)


def _contributions(
    belief: Belief, means: Sequence[Floats], space: Space, chosen: int, z: Floats, usual: Floats
) -> Iterable[Contribution]:
    layout = belief.layout
    score = sum(s * m for s, m in zip(head_shares(belief), means, strict=True))
    blocks = np.asarray(score)[: layout.width * (1 + layout.n_options)].reshape(-1, layout.width)
    blocks = np.concatenate([blocks, np.zeros((1, layout.width))])  # of dimensions not had
    placement = place(space, layout)
    attributes = (BASELINE, *layout.attributes)
    for column, (dimension, options) in enumerate(space.dimensions):
        if space.options[chosen, column] == NO_OPTION:
            continue
        mine = placement.blocks[chosen, 1 + column]
        others = np.unique(placement.blocks[:, 1 + column])
        if len(options) > 1:  # against the other options; a lone one against not having it
            others = others[others < placement.n_blocks]
        ahead = blocks[mine] - blocks[others].mean(axis=0)
        amounts = dict.fromkeys(attributes, 0.0)
        amounts[BASELINE] = float(ahead @ usual)
        for attribute, amount in zip(layout.attributes, (ahead * (z - usual))[1:], strict=True):
            amounts[attribute] += float(amount)
        option = options[space.options[chosen, column]]
        yield from (Contribution(dimension, option, a, amount) for a, amount in amounts.items())


def _smallest_flip(
    belief: Belief,
    weights: Floats,
    space: Space,
    best: int,
    eligible: Bools,
    candidates: Sequence[Candidate],
    names: Sequence[str] | None,
    prices: Prices | None,
) -> Flip | None:
    for candidate in sorted(candidates, key=lambda one: one.size):
        row = np.asarray(candidate.features, dtype=np.float64)[None, :]
        may = eligible if candidate.eligible is None else candidate.eligible
        if not may.any():
            continue
        score = _net(weights @ _with_intercept(row, names, belief.layout), may, prices)
        now = int(np.argmax(np.where(may, score, -np.inf)))
        if now != best:
            return Flip(candidate.attribute, candidate.value, now, space.keys(now))
    return None
