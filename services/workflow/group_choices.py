"""Choose for people of all groups at once: the same call decides a day and replays it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from services.audience.features import FeatureSpec, matrix
from services.decision.choosing import EPSILON_SHARE, choose, choose_uniform
from services.decision.model import Choices, Draws, Space
from services.decision.terms import Least, Prices
from services.experiment.model import Group

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class DayTerms:
    """What everybody's choice on one day depends on, besides the person.

    learnt   whether there is anything to personalise by; before that everybody's choice is uniform
    seed     of the day's lots, 0 to 2**63 - 1
    prices   fixed for the personalised; weights float64 (n_combinations,) for uniform choices
    least    options that are tried out at least so often
    """

    space: Space
    draws: Draws
    spec: FeatureSpec
    learnt: bool
    seed: int
    epsilon: float = EPSILON_SHARE
    prices: Prices | None = None
    weights: Floats | None = None
    least: tuple[Least, ...] = ()

    def to_meta(self) -> dict[str, object]:
        """What is fixed before the lots, for the log: plain numbers and strings, every digit."""
        return {
            "epsilon": self.epsilon,
            "prices": None if self.prices is None else self.prices.to_dict(),
            "weights": None if self.weights is None else self.weights.tolist(),
            "least": [[one.dimension, one.option, one.share] for one in self.least],
        }

    def with_meta(self, meta: Mapping[str, Any]) -> DayTerms:
        """These terms with what `to_meta` wrote."""
        prices, weights = meta.get("prices"), meta.get("weights")
        return replace(
            self,
            epsilon=float(meta["epsilon"]),
            prices=None if prices is None else Prices.from_dict(prices),
            weights=None if weights is None else np.array(weights, dtype=np.float64),
            least=tuple(Least(*one) for one in meta.get("least", ())),
        )


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
    combination with the same chance, or with the weights that limits ask for. Which other people
    are in the call changes nothing.
    """
    chosen = choose_uniform(eligible, terms.seed, people=people, weights=terms.weights)
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
        prices=terms.prices,
        least=terms.least,
    )
    for name in Choices.__dataclass_fields__:
        getattr(chosen, name)[mine] = getattr(personalised, name)
    return chosen
