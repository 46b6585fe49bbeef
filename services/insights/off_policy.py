"""What another rule would have earned, from the logged chances, or a refusal.

IPS, SNIPS and the doubly robust estimate with ordinary intervals, and always the effective sample
size (STATISTICS 10; Horvitz & Thompson 1952; Dudík, Langford & Li 2011; Swaminathan & Joachims
2015). A rule that was chosen from a log may only be judged on later days: that is the caller's
promise, it cannot be seen here. These are secondary findings: no "significant", no stopping.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.errors import DataError
from services.messages import Message, msg

MIN_EFFECTIVE = 500.0  # below this the intervals miss in more than 12 % instead of 5 %
ROUGH_EFFECTIVE = 1000.0  # below this they still miss a point or two too often
MIN_EVENTS = 30  # rewards above zero among the decisions that count at all
INTERVAL = 1.96

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """Mean reward a decision, with its ordinary 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class PolicyValue:
    """What the rule would have earned a decision, in the metric's unit.

    `robust` is the one to show (None where no model of earlier days was given: show `snips`).
    """

    ips: Estimate
    snips: Estimate
    robust: Estimate | None
    effective: float
    events: int
    rough: bool


@dataclass(frozen=True)
class Refusal:
    """The log holds too little about this rule."""

    effective: float
    events: int
    reason: Message


def evaluate(
    reward: Floats,
    logged: Floats,
    target: Floats,
    *,
    expected_chosen: Floats | None = None,
    expected_target: Floats | None = None,
) -> PolicyValue | Refusal:
    """Value of another rule on logged decisions.

    reward   float (n,), closed rewards
    logged   float (n,), logged chance of the combination that was chosen, above 0
    target   float (n,), chance the other rule would have given that same combination
    expected_chosen  float (n,), a model's reward of the chosen combination, fitted on earlier days
    expected_target  float (n,), the model's mean reward under the other rule

    Raises DataError where a logged chance is not above zero or lengths differ.
    """
    if not len(reward) == len(logged) == len(target):
        raise DataError(msg("Rewards and logged chances do not have the same number."))
    if len(reward) and not (logged > 0).all():
        raise DataError(
            msg("A logged chance is not above zero."),
            hint=msg("Such decisions cannot be weighed. Replay the day they are from."),
        )
    weight = target / logged if len(reward) else np.zeros(0)
    total = float(weight.sum())
    effective = total**2 / float(weight @ weight) if total > 0 else 0.0
    events = int(((weight > 0) & (reward != 0)).sum())
    if effective < MIN_EFFECTIVE or events < MIN_EVENTS:
        return Refusal(effective, events, _reason(effective, events))
    snips = float(weight @ reward) / total
    snips_error = math.sqrt(float(np.sum(weight**2 * (reward - snips) ** 2))) / total
    robust = None
    if expected_chosen is not None and expected_target is not None:
        robust = _mean(expected_target + weight * (reward - expected_chosen))
    return PolicyValue(
        ips=_mean(weight * reward),
        snips=_around(snips, snips_error),
        robust=robust,
        effective=effective,
        events=events,
        rough=effective < ROUGH_EFFECTIVE,
    )


def _mean(values: Floats) -> Estimate:
    return _around(float(values.mean()), float(values.std(ddof=1)) / math.sqrt(len(values)))


def _around(value: float, error: float) -> Estimate:
    return Estimate(value, value - INTERVAL * error, value + INTERVAL * error)


def _reason(effective: float, events: int) -> Message:
    if effective < MIN_EFFECTIVE:
        return msg(
            "The log holds about {effective} decisions like this rule's; {needed} are needed.",
            effective=round(effective),
            needed=round(MIN_EFFECTIVE),
        )
    return msg(
        "Only {events} outcomes came from decisions like this rule's; {needed} are needed.",
        events=events,
        needed=MIN_EVENTS,
    )
