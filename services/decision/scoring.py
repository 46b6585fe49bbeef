"""Score every eligible combination of every person under every draw, and find the best.

A combination's score is (sum over its first dimensions) + (sum over its last ones) + what the
combination itself brings (pair effects). Both partial sums are shared by many combinations.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.decision.arrays import Bools, Float32s, Floats, Ints
from services.decision.design import place
from services.decision.loops import (
    count_best_each,
    count_true,
    draw_weighted,
    find_nth,
    pick_each,
)
from services.decision.model import Draws, Space
from services.decision.terms import RATE_OF, Prices


@dataclass(frozen=True)
class Tables:
    """The day's draws, laid out for the loop. B draws innermost.

    options  float32 (width, n_options · B): weight of each feature (intercept first)
    baseline float32 (width,): mean over the draws, for no option changes it
    own      float32 (n_combinations, B): pair effects
    left     int64 (n_left, n_left_dimensions): options of each left part; right likewise
    part     int64 (n_combinations, 2): left part, right part
    """

    options: Float32s
    baseline: Float32s
    own: Float32s
    left: Ints
    right: Ints
    part: Ints
    prices: Prices | None = None

    def exchange(self) -> tuple[Floats, int, float, float]:
        """What the loop needs to price combinations; without prices an empty array comes first."""
        if self.prices is None:
            return np.zeros(0), 0, 0.0, 1.0
        found = self.prices
        return found.of_combination, RATE_OF[found.reward], found.shift, found.scale


def tables_of(draws: Draws, space: Space, prices: Prices | None = None) -> Tables:
    """Lay out draws for a space."""
    placement = place(space, draws.layout)
    width, n_draws = placement.width, len(draws.coefficients)
    n_block_columns = placement.n_blocks * width
    blocks = draws.coefficients[:, :n_block_columns].reshape(n_draws, placement.n_blocks, width)
    blocks = np.concatenate([blocks, np.zeros((n_draws, 1, width))], axis=1)
    coefficients = np.concatenate([draws.coefficients, np.zeros((n_draws, 1))], axis=1)
    own = np.zeros((n_draws, space.n_combinations))
    for column in placement.pairs.T:  # one after the other: the order of adding is part of the bits
        own += coefficients[:, column]
    used, numbers = np.unique(placement.blocks[:, 1:], return_inverse=True)
    numbers = numbers.reshape(space.n_combinations, -1)
    middle = _best_split(numbers)
    left, left_part = np.unique(numbers[:, :middle], axis=0, return_inverse=True)
    right, right_part = np.unique(numbers[:, middle:], axis=0, return_inverse=True)
    return Tables(
        options=_packed(blocks[:, used, :].transpose(2, 1, 0)).reshape(width, -1),
        baseline=_packed(blocks[:, 0, :].mean(axis=0)),
        own=_packed(own.T),
        left=left,
        right=right,
        part=np.stack([left_part.ravel(), right_part.ravel()], axis=1),
        prices=prices,
    )


def _packed(values: Floats) -> Float32s:
    return np.ascontiguousarray(values, dtype=np.float32)


def _best_split(numbers: Ints) -> int:
    """How many dimensions to put left, so that there are fewest parts to add up."""

    def n_parts(middle: int) -> int:
        halves = numbers[:, :middle], numbers[:, middle:]
        return sum(len(np.unique(half, axis=0)) for half in halves)

    return min(range(numbers.shape[1] + 1), key=n_parts)


@dataclass(frozen=True)
class Picks:
    """Outcome of the loop, one row a person.

    combination int32, n_agree int32 (draws whose best is that combination), score float32
    """

    combination: npt.NDArray[np.int32]
    n_agree: npt.NDArray[np.int32]
    score: Float32s


def pick(tables: Tables, features: Float32s, eligible: Bools, draw: Ints, forced: Ints) -> Picks:
    """Choose for each person: the best eligible combination under `draw`, or the one forced.

    features  float32 (n, n_features); eligible bool (n, n_combinations)
    draw      int64 (n,): whose best is taken; forced int64 (n,): a combination, or -1
    """
    n = len(features)
    picks = Picks(np.full(n, -1, np.int32), np.zeros(n, np.int32), np.full(n, np.nan, np.float32))
    pick_each(
        tables.options,
        tables.baseline,
        tables.own,
        tables.left,
        tables.right,
        tables.part,
        np.ascontiguousarray(features, dtype=np.float32),
        np.ascontiguousarray(eligible),
        draw,
        forced,
        *tables.exchange(),
        picks.combination,
        picks.n_agree,
        picks.score,
    )
    return picks


def count_best(tables: Tables, features: Float32s, eligible: Bools) -> Ints:
    """In how many draws each combination is the best: int64 (n, n_combinations)."""
    n, n_combinations = eligible.shape
    counts = np.zeros((n, n_combinations), dtype=np.int64)
    count_best_each(
        tables.options,
        tables.baseline,
        tables.own,
        tables.left,
        tables.right,
        tables.part,
        np.ascontiguousarray(features, dtype=np.float32),
        np.ascontiguousarray(eligible),
        *tables.exchange(),
        counts,
    )
    return counts


def numbers_eligible(eligible: Bools) -> Ints:
    """How many combinations each person may get: int64 (n,) from bool (n, n_combinations)."""
    counts = np.empty(len(eligible), dtype=np.int64)
    count_true(np.ascontiguousarray(eligible), counts)
    return counts


def nth_eligible(eligible: Bools, wanted: Ints) -> Ints:
    """The eligible combination number `wanted` (from 0) of each person; -1 where there is none."""
    found = np.full(len(eligible), -1, dtype=np.int64)
    find_nth(np.ascontiguousarray(eligible), wanted, found)
    return found


def weighted_lots(eligible: Bools, weights: Floats, share: Floats) -> tuple[Ints, Floats]:
    """One eligible combination a person with chances in proportion to the weights, and its chance.

    weights  float64 (n_combinations,), above 0; share float64 (n,), the lots, 0 to below 1

    Returns int64 (n,), -1 where nothing is eligible, and float64 (n,).
    """
    found, chance = np.full(len(eligible), -1, dtype=np.int64), np.zeros(len(eligible))
    draw_weighted(np.ascontiguousarray(eligible), weights, share, found, chance)
    return found, chance
