"""The compiled loops.

Single precision, one fixed order of operations, no fast-math and no library matrix product, so the
same draws give the same bits on every machine, in every chunk and on any number of workers. Draws
are the innermost axis: each vector lane is one draw, so vectorising reorders nothing.

Where combinations have prices, each person's best is found once without them: that says where the
person stands, and so what a price is in score for them. Arguments are as in `scoring`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np

PRICE_LOGIT_LIMIT = 9.0  # below one in eight thousand a chance is not known any better
PRICE_LOG_LIMIT = 30.0
LOG2_E = 1.4426950408889634
LN2_HIGH, LN2_LOW = 0.693147180369123816490, 1.90821492927058770002e-10  # Cody and Waite's split
EXP_TERMS = 14  # of the series within half of ln 2: the next is below one unit in the last place

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """Compile to machine code, kept on disk; other threads may run meanwhile."""
    return cast(F, numba.njit(cache=True, nogil=True, fastmath=False)(function))


@compiled
def find_nth(eligible: Any, wanted: Any, found: Any) -> None:
    for n in range(len(eligible)):
        left = wanted[n]
        for c in range(eligible.shape[1]):
            if eligible[n, c]:
                if left == 0:
                    found[n] = c
                    break
                left -= 1


@compiled
def count_true(rows: Any, counts: Any) -> None:
    for n in range(len(rows)):
        total = 0
        for c in range(rows.shape[1]):
            total += rows[n, c]
        counts[n] = total


@compiled
def _score_options(options: Any, z: Any, used: Any, scores: Any) -> None:
    width, size = options.shape
    n_used = 0
    for f in range(1, width):
        if z[f - 1] != 0.0:  # indicators mostly are 0: adding it would change nothing
            used[n_used] = f
            n_used += 1
    for k in range(size):
        scores[k] = options[0, k]
    at = 0
    while at + 4 <= n_used:  # four features a pass, added one after the other
        f, g, h, i = used[at], used[at + 1], used[at + 2], used[at + 3]
        u, v, w, x = z[f - 1], z[g - 1], z[h - 1], z[i - 1]
        for k in range(size):
            score = scores[k] + u * options[f, k]
            score += v * options[g, k]
            score += w * options[h, k]
            scores[k] = score + x * options[i, k]
        at += 4
    while at < n_used:
        f = used[at]
        u = z[f - 1]
        for k in range(size):
            scores[k] += u * options[f, k]
        at += 1


@compiled
def _add_parts(members: Any, scores: Any, sums: Any) -> None:
    n_parts, n_members = members.shape
    n_draws = sums.shape[1]
    for i in range(n_parts):
        if n_members == 0:
            for b in range(n_draws):
                sums[i, b] = np.float32(0.0)
            continue
        start = members[i, 0] * n_draws
        for b in range(n_draws):
            sums[i, b] = scores[start + b]
        for j in range(1, n_members):
            start = members[i, j] * n_draws
            for b in range(n_draws):
                sums[i, b] += scores[start + b]


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
def _exponential(x: float) -> float:
    """e to the x by fixed operations, the same bits everywhere, unlike that of a C library."""
    k = math.floor(x * LOG2_E + 0.5)
    r = (x - k * LN2_HIGH) - k * LN2_LOW
    total = 1.0
    for n in range(EXP_TERMS, 0, -1):
        total = 1.0 + total * r / n
    return math.ldexp(total, int(k))


@compiled
def rate_at(kind: int, level: float, shift: float, scale: float) -> float:
    """Score that one unit of reward is worth at a level of the score: `terms.RATE_OF` has kinds."""
    if kind == 0:  # a chance p = 1 / (1 + e^-level) grows by p (1 - p) a step
        logit = min(max(level, -PRICE_LOGIT_LIMIT), PRICE_LOGIT_LIMIT)
        return 2.0 + _exponential(logit) + _exponential(-logit)
    if kind == 1:  # an amount e^(level + shift) grows by itself a step
        return _exponential(-min(max(level + shift, -PRICE_LOG_LIMIT), PRICE_LOG_LIMIT))
    return 1.0 / scale


@compiled
def _level(top: Any, baseline: Any, z: Any) -> float:
    """Mean of a score over the draws, float32 (n_draws,), with what no option changes."""
    total = np.float32(0.0)
    for b in range(len(top)):
        total += top[b]
    level = baseline[0]
    for f in range(1, len(baseline)):
        level += z[f - 1] * baseline[f]
    return float(total / np.float32(len(top)) + level)


@compiled
def _best_priced(
    own: Any, part: Any, lefts: Any, rights: Any, may: Any, price: Any, rate: float,
    top: Any, best: Any,
) -> None:  # fmt: skip
    n_combinations, n_draws = own.shape
    for b in range(n_draws):
        top[b] = np.float32(-np.inf)
        best[b] = np.int32(-1)
    for c in range(n_combinations):
        if may[c]:
            i, j = part[c, 0], part[c, 1]
            number = np.int32(c)
            paid = np.float32(price[c] * rate)
            for b in range(n_draws):
                score = lefts[i, b] + rights[j, b] + own[c, b] - paid
                is_better = score > top[b]
                top[b] = score if is_better else top[b]
                best[b] = number if is_better else best[b]


@compiled
def pick_each(
    options: Any, baseline: Any, own: Any, left: Any, right: Any, part: Any,
    features: Any, eligible: Any, draw: Any, forced: Any,
    price: Any, kind: int, shift: float, scale: float,
    combination: Any, n_agree: Any, mean_score: Any,
) -> None:  # fmt: skip
    width, size = options.shape
    n_draws = own.shape[1]
    used = np.empty(width, np.int64)
    scores = np.empty(size, np.float32)
    lefts = np.empty((len(left), n_draws), np.float32)
    rights = np.empty((len(right), n_draws), np.float32)
    top = np.empty(n_draws, np.float32)
    best = np.empty(n_draws, np.int32)
    for n in range(len(features)):
        z = features[n]
        _score_options(options, z, used, scores)
        _add_parts(left, scores, lefts)
        _add_parts(right, scores, rights)
        _best_of(own, part, lefts, rights, eligible[n], top, best)
        if len(price) and best[0] >= 0:
            rate = rate_at(kind, _level(top, baseline, z), shift, scale)
            _best_priced(own, part, lefts, rights, eligible[n], price, rate, top, best)
        chosen = forced[n]
        if chosen < 0:
            chosen = best[draw[n]]
        if chosen < 0:
            continue
        agree = 0
        i, j = part[chosen, 0], part[chosen, 1]
        for b in range(n_draws):
            agree += best[b] == chosen
            top[b] = lefts[i, b] + rights[j, b] + own[chosen, b]
        combination[n] = chosen
        n_agree[n] = agree
        mean_score[n] = _level(top, baseline, z)


@compiled
def count_best_each(
    options: Any, baseline: Any, own: Any, left: Any, right: Any, part: Any,
    features: Any, eligible: Any, price: Any, kind: int, shift: float, scale: float,
    counts: Any,
) -> None:  # fmt: skip
    width, size = options.shape
    n_draws = own.shape[1]
    used = np.empty(width, np.int64)
    scores = np.empty(size, np.float32)
    lefts = np.empty((len(left), n_draws), np.float32)
    rights = np.empty((len(right), n_draws), np.float32)
    top = np.empty(n_draws, np.float32)
    best = np.empty(n_draws, np.int32)
    for n in range(len(features)):
        _score_options(options, features[n], used, scores)
        _add_parts(left, scores, lefts)
        _add_parts(right, scores, rights)
        _best_of(own, part, lefts, rights, eligible[n], top, best)
        if len(price) and best[0] >= 0:
            rate = rate_at(kind, _level(top, baseline, features[n]), shift, scale)
            _best_priced(own, part, lefts, rights, eligible[n], price, rate, top, best)
        for b in range(n_draws):
            if best[b] >= 0:
                counts[n, best[b]] += 1


@compiled
def draw_weighted(eligible: Any, weights: Any, share: Any, found: Any, chance: Any) -> None:
    n_combinations = eligible.shape[1]
    for n in range(len(eligible)):
        total = 0.0
        for c in range(n_combinations):
            if eligible[n, c]:
                total += weights[c]
        wanted, passed = share[n] * total, 0.0
        for c in range(n_combinations):
            if eligible[n, c]:
                found[n] = c
                passed += weights[c]
                if wanted < passed:
                    break
        if found[n] >= 0:
            chance[n] = weights[found[n]] / total
