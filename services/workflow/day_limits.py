"""A day's limits as the engine takes them: what each combination uses up, and how much there is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from services.bootstrap import Console
from services.decision.limiting import Limit
from services.decision.model import Space
from services.decision.terms import Least
from services.experiment.model import (
    Budget,
    DailyCap,
    Experiment,
    LeastShare,
    NetOfCost,
    ShareCap,
)
from services.experiment.store import experiment_row
from services.workflow.spaces import NOTHING, SEND
from services.workflow.spending.store import spent_before

DAYS_A_WEEK = 7
MONEY = "money"
NOTHING_SHARE = 0.02  # of personalised choices that send nothing, where that is a choice at all

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Purse:
    """Money for one day, in the experiment's currency; None where nothing limits it.

    day    what may be spent today; left: what is left of the whole budget
    """

    day: float | None = None
    left: float | None = None

    def affordable(self, costs: Floats) -> npt.NDArray[np.bool_]:
        """bool (n_combinations,): False where one more of it would overdraw the whole budget."""
        if self.left is None:
            return np.ones(len(costs), dtype=bool)
        return np.asarray((costs == 0) | (costs <= self.left))


def purse_of(console: Console, experiment: Experiment, day: date) -> Purse:
    """What may be spent on `day`: the daily limit, and an even part of what is left in all.

    Messages that may have reached somebody count as paid for. After the planned end each day may
    take all that is left.
    """
    daily = [r.money for r in experiment.rules if isinstance(r, DailyCap) and r.money is not None]
    whole = [rule.money for rule in experiment.rules if isinstance(rule, Budget)]
    if not whole:
        return Purse(min(daily, default=None))
    row = experiment_row(console.database, experiment.id)
    first = row.first_day or day
    end = first + timedelta(days=DAYS_A_WEEK * experiment.planned_weeks)
    left = max(min(whole) - spent_before(console.database, experiment.id, day), 0.0)
    share = left / max((end - day).days, 1)
    return Purse(min([*daily, share]), left)


def least_shares(experiment: Experiment, space: Space) -> tuple[Least, ...]:
    """Options that are to be tried out at least so often, as far as the day has them.

    Sending nothing, one combination against hundreds, would hardly ever be tried out by the
    general share of lots: it has one of its own.
    """
    found = [
        Least(rule.dimension, rule.option, rule.share)
        for rule in experiment.rules
        if isinstance(rule, LeastShare)
    ]
    found.append(Least(SEND, NOTHING, NOTHING_SHARE))
    return tuple(one for one in found if one.members(space).any())


def costs_in_reward(experiment: Experiment, space: Space) -> Floats | None:
    """What each combination costs in the unit of the metric; None where costs do not count."""
    for rule in experiment.rules:
        if isinstance(rule, NetOfCost):
            return np.asarray(space.costs / (rule.worth or 1.0), dtype=np.float64)
    return None


def limits_of_day(
    experiment: Experiment, space: Space, purse: Purse, n_people: int
) -> tuple[Limit, ...]:
    """The limits for all people who are chosen for on a day, `n_people` of them."""
    found = []
    for rule in experiment.rules:
        if isinstance(rule, ShareCap):
            usage = Least(rule.dimension, rule.option, rule.share).members(space)
            name = f"{rule.dimension}={rule.option}"
            found.append(Limit(name, usage.astype(np.float64), rule.share * n_people))
    if purse.day is not None and space.costs.any():
        found.append(Limit(MONEY, space.costs, purse.day))
    return tuple(found)
