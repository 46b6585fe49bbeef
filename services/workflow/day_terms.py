"""Fix the day's terms before any lot is drawn: prices, weights and least shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from services.audience.features import matrix
from services.decision.limiting import Kept, Limit, price_limits, weigh_limits
from services.experiment.model import Experiment, Group
from services.workflow.beliefs import KeptBelief
from services.workflow.day_limits import Purse, costs_in_reward, least_shares, limits_of_day
from services.workflow.due import Due
from services.workflow.group_choices import DayTerms

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Fixed:
    """The day's terms, and how each limit is expected to come out: (who, limit) each."""

    terms: DayTerms
    kept: tuple[tuple[str, Kept], ...]

    def kept_meta(self) -> list[dict[str, Any]]:
        """How the limits are expected to come out, for the log and the pages."""
        return [{"who": who, **asdict(one)} for who, one in self.kept]


def fix_terms(
    experiment: Experiment,
    kept: KeptBelief,
    terms: DayTerms,
    due: Due,
    may: Bools,
    fixed_to: Bools,
    purse: Purse,
) -> Fixed:
    """Terms under which the whole day is expected to stay within its limits.

    may       bool (n_people, n_combinations): what each due person may get
    fixed_to  bool (n_people,): people whose combination is settled: usual, or the only one left

    What settled people use up comes off first. The rest of each limit is shared between those who
    are personalised and those who are not by their numbers, and each part keeps its own.
    """
    space = terms.space
    has_any = may.any(axis=1)
    limits = limits_of_day(experiment, space, purse, int(has_any.sum()))
    personal = (due.groups == Group.PERSONALISED.value) & terms.learnt & has_any & ~fixed_to
    by_lot = has_any & ~fixed_to & ~personal
    left = _after(limits, may[fixed_to & has_any])
    n_open = max(int(personal.sum() + by_lot.sum()), 1)
    costs = costs_in_reward(experiment, space)
    least = least_shares(experiment, space)
    prices, personal_kept = None, tuple[Kept, ...]()
    if personal.any() and (limits or costs is not None):
        prices, personal_kept = price_limits(
            kept.belief,
            terms.draws,
            space,
            matrix(kept.spec, due.table.filter(pa.array(personal))),
            may[personal],
            _part(left, personal.sum() / n_open),
            terms.epsilon,
            costs=costs,
            least=least,
            names=kept.spec.names,
        )
    weights, lot_kept = weigh_limits(may[by_lot], _part(left, by_lot.sum() / n_open))
    return Fixed(
        replace(terms, prices=prices, weights=weights, least=least),
        (
            *(("personalised", one) for one in personal_kept),
            *(("by lot", one) for one in lot_kept),
        ),
    )


def _after(limits: Sequence[Limit], settled: Bools) -> list[Limit]:
    used = settled.sum(axis=0)
    return [replace(o, most=max(o.most - float(used @ o.usage), 0.0)) for o in limits]


def _part(limits: Sequence[Limit], share: float) -> list[Limit]:
    return [replace(one, most=one.most * float(share)) for one in limits]
