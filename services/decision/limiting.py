"""Keep limits on a day's choices: find the prices (or weights) under which the day is expected to
stay within them, before any lot is drawn.

A limit says how much the people of the day may use up together: money, or the number that get an
option. The multipliers are those of the Lagrangian, found one limit after the other by bisection
(every limit's use falls as its own price rises). Two standard errors of the day's own lots are kept
in hand, so that about one day in forty comes out above a limit, and then by little.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from services.decision.arrays import Bools, Floats
from services.decision.choosing import EPSILON_SHARE, propensities
from services.decision.model import Belief, Draws, Space
from services.decision.terms import Least, Prices, priced

SAMPLE_PEOPLE = 10_000  # of the day's people, evenly spread, that expected use is worked out on
SPARE_ERRORS = 2.0
FIRST_PRICE = 1e-6  # of a reward, for one unit of use
GROWTH = 4.0
MOST_GROWTHS = 25
N_HALVINGS = 8  # of the logarithm: prices are exact to half a percent
MOST_ROUNDS = 6

Chances = Callable[[Floats], Floats]


@dataclass(frozen=True)
class Limit:
    """How much may be used up by all people together.

    name   what it is called in the log
    usage  float64 (n_combinations,), at least 0: what one choice of each combination uses up
    most   in the same unit, for all people of the day who are chosen for
    """

    name: str
    usage: Floats
    most: float


@dataclass(frozen=True)
class Kept:
    """How a limit is expected to come out.

    expected  use of all people together; price: of one unit of use, 0 where nothing had to be done
    is_kept   False where even the highest price leaves more: what everybody may get, and what is
              tried out at random, uses up too much
    """

    name: str
    most: float
    expected: float
    price: float
    is_kept: bool


def price_limits(
    belief: Belief,
    draws: Draws,
    space: Space,
    features: np.ndarray,
    eligible: Bools,
    limits: Sequence[Limit],
    epsilon: float = EPSILON_SHARE,
    *,
    costs: Floats | None = None,
    least: Sequence[Least] = (),
    names: Sequence[str] | None = None,
) -> tuple[Prices | None, tuple[Kept, ...]]:
    """The day's prices for people who are personalised, and how each limit comes out.

    costs  float64 (n_combinations,), in the unit of the reward: charged whatever the limits say

    None where nothing has a price. Other arguments as for `choose`. The same for the same people,
    in whatever chunks they are chosen for afterwards.
    """
    start = np.zeros(space.n_combinations) if costs is None else np.asarray(costs, np.float64)
    if not start.any() and not limits:
        return None, ()
    every = _every(len(features))
    some, may = features[::every], eligible[::every]

    def chances(multipliers: Floats) -> Floats:
        prices = priced(belief, start + _summed(limits, multipliers, space.n_combinations))
        return propensities(
            draws, space, some, may, epsilon, names=names, prices=prices, least=least
        )

    multipliers, kept = _settled(limits, chances, len(features))
    total = start + _summed(limits, multipliers, space.n_combinations)
    return (priced(belief, total) if total.any() else None), kept


def weigh_limits(
    eligible: Bools, limits: Sequence[Limit]
) -> tuple[Floats | None, tuple[Kept, ...]]:
    """The weights of uniform choices that keep the limits, and how each comes out.

    Of all ways to keep them, exponential weights are the one nearest to uniform. None where all
    combinations may keep the same chance.
    """
    if not limits or len(eligible) == 0:
        return None, ()
    may = eligible[:: _every(len(eligible))]

    def chances(multipliers: Floats) -> Floats:
        weights = may * _weights(limits, multipliers, may.shape[1])
        return np.asarray(weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-300))

    multipliers, kept = _settled(limits, chances, len(eligible))
    if not multipliers.any():
        return None, kept
    return _weights(limits, multipliers, eligible.shape[1]), kept


def _weights(limits: Sequence[Limit], multipliers: Floats, n_combinations: int) -> Floats:
    """Relative chances: 1 for the cheapest combination, and far enough above 0 to be divided."""
    raw = _summed(limits, multipliers, n_combinations)
    return np.asarray(np.exp(-np.minimum(raw - raw.min(), 60.0)), dtype=np.float64)


def _settled(
    limits: Sequence[Limit], chances: Chances, n_people: int
) -> tuple[Floats, tuple[Kept, ...]]:
    multipliers = np.zeros(len(limits))
    if n_people == 0:
        return multipliers, tuple(Kept(o.name, o.most, 0.0, 0.0, True) for o in limits)
    for _ in range(MOST_ROUNDS):
        before = multipliers.copy()
        for i, limit in enumerate(limits):
            multipliers[i] = _lowest(limit, i, multipliers, chances, n_people)
        if len(limits) < 2 or np.allclose(multipliers, before, rtol=0.02, atol=0):
            break
    found = chances(multipliers)
    kept = []
    for limit, price in zip(limits, multipliers, strict=True):
        mean, spare = _use(limit, found, n_people)
        is_kept = mean + spare <= limit.most * (1 + 1e-6) + 1e-9
        kept.append(Kept(limit.name, limit.most, mean, float(price), is_kept))
    return multipliers, tuple(kept)


def _lowest(limit: Limit, i: int, multipliers: Floats, chances: Chances, n_people: int) -> float:
    """The lowest multiplier of one limit that keeps it, the others' being as they are."""

    def fits(price: float) -> bool:
        tried = multipliers.copy()
        tried[i] = price
        mean, spare = _use(limit, chances(tried), n_people)
        return mean + spare <= limit.most

    if fits(0.0):
        return 0.0
    high = multipliers[i] or FIRST_PRICE
    while high > FIRST_PRICE and fits(high / GROWTH):
        high /= GROWTH
    for _ in range(MOST_GROWTHS):
        if fits(high):
            break
        high *= GROWTH
    else:
        return float(high)
    low = high / GROWTH
    for _ in range(N_HALVINGS):
        middle = float(np.sqrt(low * high))
        low, high = (low, middle) if fits(middle) else (middle, high)
    return float(high)


def _use(limit: Limit, chances: Floats, n_people: int) -> tuple[float, float]:
    """Expected use of all people, and what is kept in hand for the luck of their lots."""
    one = chances @ limit.usage
    lots = chances @ limit.usage**2 - one**2
    n = len(one)
    variance = n_people * float(lots.mean())
    if n < n_people:  # only some of the people were looked at
        variance += n_people**2 / n * float(one.var())
    return n_people * float(one.mean()), SPARE_ERRORS * float(np.sqrt(max(variance, 0.0)))


def _summed(limits: Sequence[Limit], multipliers: Floats, n_combinations: int) -> Floats:
    total = np.zeros(n_combinations)
    for limit, price in zip(limits, multipliers, strict=True):
        total += price * limit.usage
    return total


def _every(n_people: int) -> int:
    return max(-(-n_people // SAMPLE_PEOPLE), 1)
