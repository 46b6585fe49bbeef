"""Do the groups match the draw, and do the sends match the logged chances?

One exact e-process for both (STATISTICS 9). For every independent draw with known probabilities it
bets, with several stakes on each outcome, that the outcome is more or less frequent than drawn. On
healthy draws the bets gain nothing on average, whatever the probabilities and however often one
looks, so a large gain is evidence (Ville 1939). Never test the choices of a policy against equal
shares: that alarms in every healthy experiment.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from services.errors import DataError
from services.messages import msg

TILTS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, -0.02, -0.05, -0.1, -0.2, -0.5, -1.0)
PAUSE_AT = 1000.0  # a healthy experiment ever gets here with a chance of at most 1 in 1,000
WARN_AT = 50.0

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
_TILTS = np.array(TILTS)


class Alarm(StrEnum):
    FINE = "fine"
    WARN = "warn"
    PAUSE = "pause"


@dataclass(frozen=True)
class Balance:
    """How strongly the draws so far speak against their probabilities.

    evidence  largest value of the e-process so far, 1 = none
    seen, expected  float (n_outcomes,): how often each came up, and should have
    """

    evidence: float
    alarm: Alarm
    seen: Floats
    expected: Floats


def group_balance(entered: Counts, shares: Floats) -> Balance:
    """Sizes of the groups against the launched shares.

    entered  int (n_days, n_groups): people first analysed on each day; one look a day
    shares   float (n_groups,), add up to one

    Raises DataError for shares that do not add up to one, or people in a group without a share.
    """
    entered = np.atleast_2d(np.asarray(entered))
    shares = np.asarray(shares, dtype=float)
    if abs(shares.sum() - 1) > 1e-9 or (shares < 0).any():
        raise DataError(msg("The shares of the groups do not add up to 100%."))
    if (entered[:, shares == 0] > 0).any():
        raise DataError(
            msg("There are people in a group that has no share."),
            hint=msg("The groups were not drawn as the experiment says. Do not trust the lift."),
        )
    per_person = np.log1p(shares[:, None] * np.expm1(_TILTS))
    gains = entered[:, :, None] * _TILTS - entered.sum(axis=1)[:, None, None] * per_person
    path = np.cumsum(gains, axis=0)
    return _judged(path, entered.sum(axis=0).astype(float), entered.sum() * shares)


def choice_balance(
    chosen: Counts, chances: Floats, day: Counts, *, may_pause: bool = True
) -> Balance:
    """Choices of a policy against their logged chances; one look a day.

    chosen   int (n,): which of the outcomes came up
    chances  float (n, n_outcomes): rows add up to one; 0 for what was not eligible
    day      int (n,): any number that grows with the day
    may_pause  False for losses after the draw, which a message itself may cause: they only warn

    Raises DataError where something came up whose logged chance is 0.
    """
    chances = np.asarray(chances, dtype=float)
    if len(chosen) == 0:
        empty = np.zeros(chances.shape[1] if chances.ndim == 2 else 0)
        return Balance(1.0, Alarm.FINE, empty, empty)
    if (chances[np.arange(len(chosen)), chosen] <= 0).any():
        raise DataError(
            msg("A choice was made that had no chance, by its own log."),
            hint=msg("Replay that day: the log and the decisions do not belong together."),
        )
    n_outcomes = chances.shape[1]
    days, place = np.unique(day, return_inverse=True)
    gains = np.zeros((len(days), n_outcomes, len(TILTS)))
    for k, tilt in enumerate(TILTS):
        expected = np.zeros((len(days), n_outcomes))
        np.add.at(expected, place, np.log1p(chances * math.expm1(tilt)))
        gains[:, :, k] = -expected
    seen = np.zeros((len(days), n_outcomes))
    np.add.at(seen, (place, chosen), 1.0)
    path = np.cumsum(gains + seen[:, :, None] * _TILTS, axis=0)
    return _judged(path, seen.sum(axis=0), chances.sum(axis=0), may_pause=may_pause)


def evidence_by_day(path: Floats) -> Floats:
    """Largest evidence up to each day, float (n_days,), from log gains (n_days, n_outcomes, n)."""
    n_bets = path.shape[1] * path.shape[2]
    log_evidence = logsumexp(path, axis=(1, 2)) - math.log(n_bets)
    return np.exp(np.minimum(np.maximum.accumulate(np.maximum(log_evidence, 0.0)), 700.0))


def _judged(path: Floats, seen: Floats, expected: Floats, *, may_pause: bool = True) -> Balance:
    evidence = float(evidence_by_day(path)[-1]) if len(path) else 1.0
    alarm = Alarm.FINE
    if evidence >= PAUSE_AT and may_pause:
        alarm = Alarm.PAUSE
    elif evidence >= WARN_AT:
        alarm = Alarm.WARN
    return Balance(evidence, alarm, seen, expected)
