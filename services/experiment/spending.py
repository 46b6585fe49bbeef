"""How far out a difference must be on a given day before it may be called real.

Looking every day at an ordinary 95 % interval finds a difference in a quarter of the experiments
that have none. Here the 5 % are spent over the planned days (Lan & DeMets 1983, 1989), with the
correlation of consecutive looks as measured, and a reserve that keeps the interval honest for an
experiment that runs on (STATISTICS 3). The critical value of a day depends on the correlations and
the planned length only, never on the result, so everybody who computes it gets the same.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from services.errors import ExperimentError
from services.messages import msg

ALPHA = 0.05  # chance of any false "better" or "worse" over all looks of a primary comparison
RESERVE_SHARE = 0.1  # of ALPHA, kept for the days after the planned end: STATISTICS 3
MAX_CORRELATION = 0.999999  # a measured correlation is clipped here: 1 would divide by zero
NEWS_SHARE = 0.001  # below this 1 - r² a look says nothing new: c stays, nothing is spent

_REACH = 7.0  # the grid of the recursion, in standard deviations
_STEP = 0.02
_N_HALF = round(_REACH / _STEP)
_GRID = (np.arange(2 * _N_HALF + 1) - _N_HALF) * _STEP
_TOUCH = 8.0  # standard deviations after which a Gaussian kernel counts as zero
_CACHED_PATHS = 600  # a path of one level is 6 kB, of the forty levels of a p-value 220 kB
_CACHED_BYTES = 96_000_000

Floats = NDArray[np.float64]


def spent(day: float, planned_days: int, *, alpha: float = ALPHA) -> float:
    """Error that may have been spent by the end of `day` (1, 2, …), between 0 and `alpha`.

    The square spends late, where counts are large; after the planned end the reserve is given out
    ever more slowly and never runs dry.
    """
    share = min(day / planned_days, 1.0)
    after = 1.0 - planned_days / day if day > planned_days else 0.0
    return alpha * ((1.0 - RESERVE_SHARE) * share**2 + RESERVE_SHARE * after)


def critical_values(
    correlations: Sequence[float], planned_days: int, *, alpha: float = ALPHA, first_day: int = 1
) -> Floats:
    """Critical value c of each look so far, float (n_looks,), in standard deviations.

    correlations  of the estimate at each look with the estimate at the look before, 0 to 1; the
                  first has no look before it and is not read
    planned_days  length fixed at launch, at least 1
    first_day     experiment day of the first look; looks are one day apart

    Raises ExperimentError for a planned length below one day or a correlation that is no number.
    """
    table = critical_table(correlations, planned_days, (alpha,), first_day=first_day)
    return np.asarray(table[0])


def critical_table(
    correlations: Sequence[float],
    planned_days: int,
    alphas: Sequence[float],
    *,
    first_day: int = 1,
) -> Floats:
    """Critical values for several error levels at once, float (n_alphas, n_looks).

    The kernel of a look is shared by all levels, so forty of them cost about four times one. Paths
    are remembered in this process: tomorrow's call computes one look, not all of them again.
    """
    if planned_days < 1 or first_day < 1:
        raise ExperimentError(
            msg("The planned length is {days} days.", days=planned_days),
            hint=msg("Plan at least one day."),
        )
    path = tuple(min(max(float(r), 0.0), MAX_CORRELATION) for r in correlations)
    if not all(math.isfinite(r) for r in path):
        raise ExperimentError(
            msg("A correlation between two looks is not a number."),
            hint=msg("Days on which nothing was seen have correlation 0."),
        )
    if not path:
        return np.empty((len(alphas), 0))
    levels = tuple(float(alpha) for alpha in alphas)
    known = _longest_known(path, planned_days, levels, first_day)
    for n_looks in range(known.critical.shape[1], len(path)):
        known = _after(known, path[n_looks], first_day + n_looks, planned_days, levels)
        _remember((planned_days, levels, first_day, path[: n_looks + 1]), known)
    return known.critical.copy()


@dataclass(frozen=True)
class _Path:
    """What is left of the paths that have not crossed, after some looks.

    density   float (n_grid, n_alphas), of the last official look; nothing outside ±c
    since     correlation of the last look with the last official one
    official  day of the last official look, 0 before the first
    critical  float (n_alphas, n_looks)
    """

    density: Floats
    since: float
    official: int
    critical: Floats


_Key = tuple[int, tuple[float, ...], int, tuple[float, ...]]
_paths: OrderedDict[_Key, _Path] = OrderedDict()


def _longest_known(
    path: tuple[float, ...], planned_days: int, levels: tuple[float, ...], first_day: int
) -> _Path:
    for n_looks in range(len(path), 0, -1):
        known = _paths.get((planned_days, levels, first_day, path[:n_looks]))
        if known is not None:
            return known
    return _Path(np.empty((0, 0)), 0.0, 0, np.empty((len(levels), 0)))


def _remember(key: _Key, path: _Path) -> None:
    _paths[key] = path
    _paths.pop((*key[:3], key[3][:-1]), None)  # the shorter one is a prefix: not needed again
    room = min(_CACHED_PATHS, max(8, _CACHED_BYTES // max(path.density.nbytes, 1)))
    while len(_paths) > room:
        _paths.popitem(last=False)


def _after(
    path: _Path, correlation: float, day: int, planned_days: int, levels: tuple[float, ...]
) -> _Path:
    first = path.official == 0
    since = path.since * correlation
    if not first and 1.0 - since * since < NEWS_SHARE:
        kept = np.concatenate([path.critical, path.critical[:, -1:]], axis=1)
        return _Path(path.density, since, path.official, kept)
    if first:
        start = np.exp(-0.5 * _GRID**2) / math.sqrt(2.0 * math.pi)
        density = np.repeat(start[:, None], len(levels), axis=1)
    else:
        density = _convolved(path.density, since, _STEP, _N_HALF, _TOUCH)
    budgets = np.array(
        [
            spent(day, planned_days, alpha=alpha)
            - (0.0 if first else spent(path.official, planned_days, alpha=alpha))
            for alpha in levels
        ]
    )
    critical = _stopped(density, budgets, _STEP, _N_HALF)
    return _Path(density, 1.0, day, np.concatenate([path.critical, critical[:, None]], axis=1))


@njit(cache=True)  # type: ignore[untyped-decorator]
def _convolved(density: Floats, r: float, step: float, n_half: int, touch: float) -> Floats:
    """Density of the next look before stopping; symmetric, so half of it is computed."""
    n_levels = density.shape[1]
    out = np.zeros_like(density)
    sd = math.sqrt(1.0 - r * r)
    scale = step / (sd * math.sqrt(2.0 * math.pi))
    for i in range(n_half + 1):
        z = i * step
        if r > 1e-9:
            lowest = max(0, math.floor((z - touch * sd) / (r * step)) + n_half)
            highest = min(2 * n_half, math.ceil((z + touch * sd) / (r * step)) + n_half)
        else:
            lowest, highest = 0, 2 * n_half
        for j in range(lowest, highest + 1):
            if density[j, n_levels - 1] == 0.0 and density[j, 0] == 0.0:
                continue
            gap = (z - r * (j - n_half) * step) / sd
            weight = scale * math.exp(-0.5 * gap * gap)
            for k in range(n_levels):
                out[n_half + i, k] += weight * density[j, k]
        for k in range(n_levels):
            out[n_half - i, k] = out[n_half + i, k]
    return out


@njit(cache=True)  # type: ignore[untyped-decorator]
def _stopped(density: Floats, budgets: Floats, step: float, n_half: int) -> Floats:
    """Take ±c so that the mass outside is each level's budget; zero that mass in place."""
    n_levels = density.shape[1]
    critical = np.empty(n_levels)
    for k in range(n_levels):
        target = 0.5 * budgets[k]
        c = n_half * step
        tail = 0.0  # mass above grid point i, by trapezia
        for i in range(n_half - 1, -1, -1):
            piece = 0.5 * step * (density[n_half + i, k] + density[n_half + i + 1, k])
            if tail + piece >= target:
                if tail > 0.0:  # a tail falls like an exponential: interpolate its logarithm
                    share = math.log(target / tail) / math.log((tail + piece) / tail)
                else:
                    share = target / piece
                c = (i + 1 - share) * step
                break
            tail += piece
            c = i * step
        critical[k] = c
        for i in range(n_half + 1):  # a cell that c cuts keeps the part inside
            inside = min(max((c - (i - 0.5) * step) / step, 0.0), 1.0)
            density[n_half + i, k] *= inside
            density[n_half - i, k] = density[n_half + i, k]
    return critical
