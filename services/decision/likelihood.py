"""How rewards speak about coefficients: chance, logarithm of a value, or a plain value."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol, Self

import numpy as np
from scipy import special

from services.decision.arrays import Floats
from services.decision.design import Placement, fold_moments, fold_vectors, weights_of
from services.decision.model import Belief, Head, Reward, Space
from services.errors import DataError
from services.messages import msg

LOGIT_LIMIT = 12.0  # beyond it a chance is 0 or 1 to six places, and its curvature is noise
TAIL_DEGREES = 4.0  # Student's t of log values: one huge basket must not steer the belief
NOISE_PRIOR_REWARDS = 200.0  # past rewards the running noise estimate is worth at most
LEAST_NOISE = 1e-6
OFFSET_VARIANCE = 0.25  # of a day's level around what is believed, logit or log units
N_OFFSET_STEPS = 4
BLOCK_ROWS = 2048  # of decisions, whose products are added up while in the processor's cache


@dataclass(frozen=True)
class Outcomes:
    """Decisions sorted by combination.

    z        float64 (n, width): intercept, then features
    bounds   int64 (n_used + 1,): where each used combination starts
    reward   float64 (n,)
    stratum  int64 (n,): decisions whose common level is a matter of the day, not of any option
    offset   float64 (n,): that level, added to what coefficients expect
    """

    z: Floats
    bounds: np.ndarray
    reward: Floats
    stratum: np.ndarray
    offset: Floats

    @classmethod
    def sorted(
        cls, features: np.ndarray, row: np.ndarray, reward: Floats, stratum: np.ndarray | None
    ) -> Self:
        """Sort decisions by `row`, the number of their combination among those used."""
        order = np.argsort(row, kind="stable")
        z = np.empty((len(features), 1 + features.shape[1]))
        z[:, 0] = 1.0
        for at in range(0, len(z), BLOCK_ROWS):
            z[at : at + BLOCK_ROWS, 1:] = features[order[at : at + BLOCK_ROWS]]
        n_used = int(row.max()) + 1 if len(row) else 0
        bounds = np.searchsorted(row[order], np.arange(n_used + 1))
        strata = np.zeros(len(reward), np.int64) if stratum is None else stratum[order]
        return cls(z, bounds, reward[order], strata, np.zeros(len(reward)))

    def only(self, keep: np.ndarray) -> Outcomes:
        """The decisions where `keep` holds; combinations keep their numbers."""
        counts = np.concatenate([[0], np.cumsum(keep)])
        return Outcomes(
            self.z[keep],
            counts[self.bounds],
            self.reward[keep],
            self.stratum[keep],
            self.offset[keep],
        )

    def with_levels(self, levels: Floats) -> Outcomes:
        """The same decisions, each offset by the level of its stratum: float64 (n_strata,)."""
        return replace(self, offset=levels[self.stratum])

    def centred(self) -> Outcomes:
        """The same decisions with offsets that add up to zero: their mean is the intercept's."""
        return replace(self, offset=self.offset - self.offset.mean()) if len(self.z) else self

    def by_stratum(self, values: Floats) -> Floats:
        """Sum of `values` (n,) over each stratum: float64 (n_strata,)."""
        return np.asarray(np.bincount(self.stratum, weights=values), dtype=np.float64)

    def expected(self, weights: Floats) -> Floats:
        """z·θ(a) + offset of every decision: float64 (n,) from weights (n_used, width)."""
        out = np.empty(len(self.reward))
        for i, (start, stop) in enumerate(zip(self.bounds[:-1], self.bounds[1:], strict=True)):
            out[start:stop] = self.z[start:stop] @ weights[i]
        return out + self.offset

    def folded(self, curvature: Floats, pull: Floats, placement: Placement) -> Information:
        """Σ curvature·zz' and Σ pull·z over decisions, in the coefficients of the layout."""
        width = self.z.shape[1]
        moments = np.zeros((len(self.bounds) - 1, width, width))
        vectors = np.zeros((len(self.bounds) - 1, width))
        root = np.sqrt(curvature)
        buffer = np.empty((min(BLOCK_ROWS, len(root)), width))
        for i, (start, stop) in enumerate(zip(self.bounds[:-1], self.bounds[1:], strict=True)):
            for at in range(start, stop, BLOCK_ROWS):
                rows = slice(at, min(at + BLOCK_ROWS, stop))
                bent = buffer[: rows.stop - at]
                np.multiply(self.z[rows], root[rows, None], out=bent)
                moments[i] += bent.T @ bent
                vectors[i] += pull[rows] @ self.z[rows]
        return Information(fold_moments(moments, placement), fold_vectors(vectors, placement))


@dataclass(frozen=True)
class Information:
    """What outcomes add: precision float64 (p, p) and shift float64 (p,)."""

    precision: Floats
    shift: Floats


class Likelihood(Protocol):
    """One regression of the reward."""

    def relevant(self, outcomes: Outcomes) -> Outcomes:
        """The decisions this regression learns from."""

    def scaled(self, head: Head, outcomes: Outcomes) -> Head:
        """The head, its unit of reward fixed by the first outcomes it ever sees."""

    def levels(self, head: Head, outcomes: Outcomes, at: Placement, mean: Floats) -> Floats:
        """By how much each stratum lies above what `mean` expects: float64 (n_strata,), shrunk."""

    def log_density(self, head: Head, outcomes: Outcomes, at: Placement, mean: Floats) -> float:
        """How well coefficients `mean` predict the outcomes, all together."""

    def expanded(self, head: Head, outcomes: Outcomes, at: Placement, mean: Floats) -> Information:
        """The likelihood to second order around coefficients `mean`."""

    def next_noise(self, head: Head, outcomes: Outcomes, at: Placement, mean: Floats) -> float:
        """Variance of one observation, after these."""


def likelihood_of(reward: Reward, head: int) -> Likelihood:
    """The regression behind head number `head` of a belief."""
    if reward is Reward.SIGNED:
        return Value(logarithm=False)
    return Chance() if head == 0 else Value(logarithm=True)


@dataclass(frozen=True)
class Chance:
    """Logistic regression of whether there was a reward at all."""

    def relevant(self, outcomes: Outcomes) -> Outcomes:
        return outcomes

    def scaled(self, head: Head, outcomes: Outcomes) -> Head:
        return head

    def levels(self, head: Head, outcomes: Outcomes, at: Placement, mean: Floats) -> Floats:
        logit = outcomes.expected(weights_of(mean, at))
        hit = (outcomes.reward > 0).astype(np.float64)
        found = np.zeros(int(outcomes.stratum.max(initial=-1)) + 1)
        for _ in range(N_OFFSET_STEPS):
            chance = special.expit(_limited(logit + found[outcomes.stratum]))
            pull = outcomes.by_stratum(hit - chance) - found / OFFSET_VARIANCE
            found = found + pull / (
                outcomes.by_stratum(chance * (1.0 - chance)) + 1.0 / OFFSET_VARIANCE
            )
        return found

    def log_density(self, head: Head, outcomes: Outcomes, at: Placement, mean: Floats) -> float:
        logit = _limited(outcomes.expected(weights_of(mean, at)))
        hit = outcomes.reward > 0
        return float((hit * logit - np.logaddexp(0.0, logit)).sum())

    def expanded(self, head: Head, outcomes: Outcomes, at: Placement, mean: Floats) -> Information:
        logit = _limited(outcomes.expected(weights_of(mean, at)))
        chance = special.expit(logit)
        curvature = chance * (1.0 - chance)
        pull = curvature * (logit - outcomes.offset) + (outcomes.reward > 0) - chance
        return outcomes.folded(curvature, pull, at)

    def next_noise(self, head: Head, outcomes: Outcomes, at: Placement, mean: Floats) -> float:
        return head.noise


@dataclass(frozen=True)
class Value:
    """Robust regression of the logarithm of a value above 0, or plain regression of a value.

    Logarithms get Student's t noise by reweighting: it is the middle that options shift. A plain
    value keeps every observation at full weight, for its mean is what is maximised.
    """

    logarithm: bool

    def relevant(self, outcomes: Outcomes) -> Outcomes:
        return outcomes.only(outcomes.reward > 0) if self.logarithm else outcomes

    def scaled(self, head: Head, outcomes: Outcomes) -> Head:
        if head.precision[0].any():
            return head
        scale = 1.0 if self.logarithm else float(outcomes.reward.std()) or 1.0
        value = self._value(outcomes, scale)
        start = head.start.copy()
        start[0] = float(np.median(value)) if self.logarithm else float(value.mean())
        return replace(head, scale=scale, start=start, noise=max(float(value.var()), LEAST_NOISE))

    def levels(self, head: Head, outcomes: Outcomes, at: Placement, mean: Floats) -> Floats:
        residual = self._residual(head, outcomes, at, mean)
        weight = self._weight(head, residual)
        steady = head.noise / OFFSET_VARIANCE
        found = outcomes.by_stratum(weight * residual) / (outcomes.by_stratum(weight) + steady)
        return np.asarray(found, dtype=np.float64)

    def log_density(self, head: Head, outcomes: Outcomes, at: Placement, mean: Floats) -> float:
        square = self._residual(head, outcomes, at, mean) ** 2 / head.noise
        if self.logarithm:
            return float(-(TAIL_DEGREES + 1) / 2 * np.log1p(square / TAIL_DEGREES).sum())
        return float(-square.sum() / 2)

    def expanded(self, head: Head, outcomes: Outcomes, at: Placement, mean: Floats) -> Information:
        weight = self._weight(head, self._residual(head, outcomes, at, mean))
        curvature = weight / head.noise
        value = self._value(outcomes, head.scale) - outcomes.offset
        return outcomes.folded(curvature, curvature * value, at)

    def next_noise(self, head: Head, outcomes: Outcomes, at: Placement, mean: Floats) -> float:
        residual = self._residual(head, outcomes, at, mean)
        now = float((self._weight(head, residual) * residual**2).mean())
        n = len(residual)
        kept = NOISE_PRIOR_REWARDS / (NOISE_PRIOR_REWARDS + n)
        return max(kept * head.noise + (1 - kept) * now, LEAST_NOISE)

    def _value(self, outcomes: Outcomes, scale: float) -> Floats:
        return np.log(outcomes.reward) if self.logarithm else outcomes.reward / scale

    def _residual(self, head: Head, outcomes: Outcomes, at: Placement, mean: Floats) -> Floats:
        expected = outcomes.expected(weights_of(mean, at))
        return np.asarray(self._value(outcomes, head.scale) - expected, dtype=np.float64)

    def _weight(self, head: Head, residual: Floats) -> Floats:
        if not self.logarithm:
            return np.ones(len(residual))
        return np.asarray(
            (TAIL_DEGREES + 1) / (TAIL_DEGREES + residual**2 / head.noise), dtype=np.float64
        )


def _limited(logit: Floats) -> Floats:
    return np.asarray(np.clip(logit, -LOGIT_LIMIT, LOGIT_LIMIT), dtype=np.float64)


def refuse_nonsense(
    belief: Belief,
    space: Space,
    features: np.ndarray,
    combination: np.ndarray,
    reward: np.ndarray,
) -> None:
    """Raise DataError for rewards the kind of metric cannot have, or rows that do not fit."""
    hint = msg("Nothing was learnt, the belief is as before. Look at the stored outcomes.")
    if not len(features) == len(combination) == len(reward):
        raise DataError(msg("Decisions and rewards do not have the same number."), hint=hint)
    if not len(reward):
        return
    if not (np.isfinite(reward).all() and np.isfinite(features).all()):
        raise DataError(msg("A reward or a feature is not a number."), hint=hint)
    if combination.min() < 0 or combination.max() >= space.n_combinations:
        raise DataError(msg("A decision names a combination that does not exist."), hint=hint)
    is_binary = belief.reward is Reward.BINARY
    if is_binary and not np.isin(reward, (0.0, 1.0)).all():
        raise DataError(msg("A conversion must be 0 or 1."), hint=hint)
    if belief.reward is Reward.REVENUE and reward.min() < 0:
        raise DataError(msg("Revenue cannot be negative here."), hint=hint)
