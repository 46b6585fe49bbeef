"""Choose for people of all groups at once: the same call decides a day and replays it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from services.audience.features import FeatureSpec, matrix
from services.decision.choosing import EPSILON_SHARE, choose, choose_uniform
from services.decision.model import Choices, Draws, Space
from services.experiment.model import Group

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class DayTerms:
    """What everybody's choice on one day depends on, besides the person.

    learnt   whether there is anything to personalise by; before that everybody's choice is uniform
    seed     of the day's lots, 0 to 2**63 - 1
    """

    space: Space
    draws: Draws
    spec: FeatureSpec
    learnt: bool
    seed: int
    epsilon: float = EPSILON_SHARE


def choose_in_groups(
    terms: DayTerms,
    people: npt.NDArray[np.int64],
    groups: npt.NDArray[np.object_],
    table: pa.Table,
    eligible: Bools,
) -> Choices:
    """One combination a person, row by row.

    table     the people's rows of the day's snapshot
    eligible  bool (n_people, n_combinations); for the group "usual" only the usual combination

    The random group, and everybody on a day on which nothing is believed yet, gets any eligible
    combination with the same chance. Which other people are in the call changes nothing.
    """
    chosen = choose_uniform(eligible, terms.seed, people=people)
    mine = np.flatnonzero(groups == Group.PERSONALISED.value)
    if not terms.learnt or len(mine) == 0:
        return chosen
    personalised = choose(
        terms.draws,
        terms.space,
        matrix(terms.spec, table.take(pa.array(mine))),
        eligible[mine],
        terms.seed,
        terms.epsilon,
        people=people[mine],
        names=terms.spec.names,
    )
    for name in Choices.__dataclass_fields__:
        getattr(chosen, name)[mine] = getattr(personalised, name)
    return chosen
