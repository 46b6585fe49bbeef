"""The compiled loop: score every eligible combination of every person under every draw.

Single precision, one fixed order of operations, no fast-math and no library matrix product, so the
same draws give the same bits on every machine, in every chunk and on any number of workers. Draws
are the innermost axis: each vector lane is one draw, so vectorising reorders nothing.

A combination's score is (sum over its first dimensions) + (sum over its last ones) + what the
combination itself brings (pair effects, prices). Both partial sums are shared by many combinations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

from services.decision.arrays import Bools, Float32s, Floats, Ints
from services.decision.design import place
from services.decision.model import Draws, Space

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """Compile to machine code, kept on disk; other threads may run meanwhile."""
    return cast(F, numba.njit(cache=True, nogil=True, fastmath=False)(function))


@dataclass(frozen=True)
class Tables:
    """The day's draws, laid out for the loop. B draws innermost.

    options  float32 (width, n_options, B): weight of each feature (intercept first)
    baseline float32 (width, B)
    own      float32 (n_combinations, B): pair effects less price
    left     int64 (n_left, n_left_dimensions): options of each left part; right likewise
    part     int64 (n_combinations, 2): left part, right part
    """

    options: Float32s
    baseline: Float32s
    own: Float32s
    left: Ints
    right: Ints
    part: Ints


def tables_of(draws: Draws, space: Space, prices: Floats | None = None) -> Tables:
    """Lay out draws for a space. `prices` float64 (n_combinations,), in the score's unit."""
    placement = place(space, draws.layout)
    width, n_draws = placement.width, len(draws.coefficients)
    n_block_columns = placement.n_blocks * width
    blocks = draws.coefficients[:, :n_block_columns].reshape(n_draws, placement.n_blocks, width)
    own = np.zeros((n_draws, space.n_combinations))
    for column in placement.pairs.T:  # one after the other: the order of adding is part of the bits
        own += draws.coefficients[:, column]
    if prices is not None:
        own -= prices
    used, numbers = np.unique(placement.blocks[:, 1:], return_inverse=True)
    numbers = numbers.reshape(space.n_combinations, -1)
    middle = _best_split(numbers)
    left, left_part = np.unique(numbers[:, :middle], axis=0, return_inverse=True)
    right, right_part = np.unique(numbers[:, middle:], axis=0, return_inverse=True)
    return Tables(
        options=_packed(blocks[:, used, :].transpose(2, 1, 0)),
        baseline=_packed(blocks[:, 0, :].T),
        own=_packed(own.T),
        left=left,
        right=right,
        part=np.stack([left_part.ravel(), right_part.ravel()], axis=1),
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
    _pick(
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
        picks.combination,
        picks.n_agree,
        picks.score,
    )
    return picks


def count_best(tables: Tables, features: Float32s, eligible: Bools) -> Ints:
    """In how many draws each combination is the best: int64 (n, n_combinations)."""
    n, n_combinations = eligible.shape
    counts = np.zeros((n, n_combinations), dtype=np.int64)
    _count_best(
        tables.options,
        tables.own,
        tables.left,
        tables.right,
        tables.part,
        np.ascontiguousarray(features, dtype=np.float32),
        np.ascontiguousarray(eligible),
        counts,
    )
    return counts


def nth_eligible(eligible: Bools, wanted: Ints) -> Ints:
    """The eligible combination number `wanted` (from 0) of each person; -1 where there is none."""
    found = np.full(len(eligible), -1, dtype=np.int64)
    _nth_eligible(np.ascontiguousarray(eligible), wanted, found)
    return found


@compiled
def _nth_eligible(eligible: Any, wanted: Any, found: Any) -> None:
    for n in range(len(eligible)):
        left = wanted[n]
        for c in range(eligible.shape[1]):
            if eligible[n, c]:
                if left == 0:
                    found[n] = c
                    break
                left -= 1


@compiled
def _score_options(options: Any, z: Any, scores: Any) -> None:
    width, n_options, n_draws = options.shape
    for o in range(n_options):
        for b in range(n_draws):
            scores[o, b] = options[0, o, b]
    for f in range(1, width):
        x = z[f - 1]
        if x == 0.0:  # indicators mostly are: adding 0 would change nothing
            continue
        for o in range(n_options):
            for b in range(n_draws):
                scores[o, b] += x * options[f, o, b]


@compiled
def _add_parts(members: Any, scores: Any, sums: Any) -> None:
    n_parts, n_members = members.shape
    n_draws = scores.shape[1]
    for i in range(n_parts):
        for b in range(n_draws):
            sums[i, b] = np.float32(0.0)
        for j in range(n_members):
            o = members[i, j]
            for b in range(n_draws):
                sums[i, b] += scores[o, b]


@compiled
def _best_of(own: Any, part: Any, lefts: Any, rights: Any, may: Any, top: Any, best: Any) -> None:
    n_combinations, n_draws = own.shape
    for b in range(n_draws):
        top[b] = np.float32(-np.inf)
        best[b] = np.int32(-1)
    for c in range(n_combinations):
        if may[c]:
            i, j = part[c, 0], part[c, 1]
            number = np.int32(c)
            for b in range(n_draws):
                score = lefts[i, b] + rights[j, b] + own[c, b]
                is_better = score > top[b]
                top[b] = score if is_better else top[b]
                best[b] = number if is_better else best[b]


@compiled
def _pick(
    options: Any, baseline: Any, own: Any, left: Any, right: Any, part: Any,
    features: Any, eligible: Any, draw: Any, forced: Any,
    combination: Any, n_agree: Any, mean_score: Any,
) -> None:  # fmt: skip
    width, n_options, n_draws = options.shape
    scores = np.empty((n_options, n_draws), np.float32)
    lefts = np.empty((len(left), n_draws), np.float32)
    rights = np.empty((len(right), n_draws), np.float32)
    top = np.empty(n_draws, np.float32)
    best = np.empty(n_draws, np.int32)
    for n in range(len(features)):
        z = features[n]
        _score_options(options, z, scores)
        _add_parts(left, scores, lefts)
        _add_parts(right, scores, rights)
        _best_of(own, part, lefts, rights, eligible[n], top, best)
        chosen = forced[n]
        if chosen < 0:
            chosen = best[draw[n]]
        if chosen < 0:
            continue
        agree = 0
        total = np.float32(0.0)
        for b in range(n_draws):
            if best[b] == chosen:
                agree += 1
            total += lefts[part[chosen, 0], b] + rights[part[chosen, 1], b] + own[chosen, b]
            total += baseline[0, b]
            for f in range(1, width):
                total += z[f - 1] * baseline[f, b]
        combination[n] = chosen
        n_agree[n] = agree
        mean_score[n] = total / np.float32(n_draws)


@compiled
def _count_best(
    options: Any, own: Any, left: Any, right: Any, part: Any,
    features: Any, eligible: Any, counts: Any,
) -> None:  # fmt: skip
    _, n_options, n_draws = options.shape
    scores = np.empty((n_options, n_draws), np.float32)
    lefts = np.empty((len(left), n_draws), np.float32)
    rights = np.empty((len(right), n_draws), np.float32)
    top = np.empty(n_draws, np.float32)
    best = np.empty(n_draws, np.int32)
    for n in range(len(features)):
        _score_options(options, features[n], scores)
        _add_parts(left, scores, lefts)
        _add_parts(right, scores, rights)
        _best_of(own, part, lefts, rights, eligible[n], top, best)
        for b in range(n_draws):
            if best[b] >= 0:
                counts[n, best[b]] += 1
