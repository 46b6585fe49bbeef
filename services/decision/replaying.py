"""Recompute a day's choices from what was stored, and compare them bit by bit with the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.decision.arrays import Bools, Ints
from services.decision.choosing import EPSILON_SHARE, choose, sample_draws
from services.decision.model import Belief, Choices, Draws, Space
from services.decision.terms import Least, Prices
from services.errors import DataError
from services.messages import Message, msg

DRAWS_TOLERANCE = 1e-9  # re-derived draws pass through library matrix code: not bit for bit
COMPARED = ("combination", "propensity", "draw", "score", "n_eligible", "eligible_hash")


@dataclass(frozen=True)
class Difference:
    """The first decision that was not recomputed as logged. `row` counts from 0."""

    row: int
    person: int
    field: str
    logged: object
    recomputed: object

    def message(self) -> Message:
        """The difference, said aloud."""
        return msg(
            "Decision {row}: {field} was logged as {logged}, recomputed as {recomputed}.",
            row=self.row,
            field=self.field,
            logged=str(self.logged),
            recomputed=str(self.recomputed),
        )


@dataclass(frozen=True)
class Replay:
    """How a replay went."""

    n_decisions: int
    n_different: int
    first: Difference | None

    @property
    def is_identical(self) -> bool:
        """Whether every decision came out as logged, to the last bit."""
        return self.n_different == 0


def replay(
    logged: Choices,
    draws: Draws,
    space: Space,
    features: np.ndarray,
    eligible: Bools,
    seed: int,
    epsilon: float = EPSILON_SHARE,
    *,
    people: Ints,
    names: Sequence[str] | None = None,
    prices: Prices | None = None,
    least: Sequence[Least] = (),
) -> Replay:
    """Choose again with the stored draws, and compare. Arguments as for `choose`."""
    again = choose(
        draws,
        space,
        features,
        eligible,
        seed,
        epsilon,
        people=people,
        names=names,
        prices=prices,
        least=least,
    )
    return compare(logged, again, people)


def compare(logged: Choices, recomputed: Choices, people: Ints) -> Replay:
    """Compare every field of every decision; NaN equals NaN.

    Raises DataError where the numbers of decisions differ.
    """
    if logged.n_people != recomputed.n_people:
        raise DataError(
            msg(
                "{logged} decisions were logged, {recomputed} recomputed.",
                logged=logged.n_people,
                recomputed=recomputed.n_people,
            ),
            hint=msg("The snapshot or the groups of that day are not those of the log."),
        )
    differs = np.zeros(logged.n_people, dtype=bool)
    first: Difference | None = None
    for name in COMPARED:
        before, now = getattr(logged, name), getattr(recomputed, name)
        unequal = before != now
        if before.dtype.kind == "f":
            unequal &= ~(np.isnan(before) & np.isnan(now))
        differs |= unequal
        row = int(np.argmax(unequal)) if unequal.any() else logged.n_people
        if row < (first.row if first else logged.n_people):
            first = Difference(row, int(people[row]), name, before[row], now[row])
    return Replay(logged.n_people, int(differs.sum()), first)


def draws_agree(belief: Belief, space: Space, seed: int, stored: Draws) -> bool:
    """Whether the stored draws are those that this belief and seed give, to DRAWS_TOLERANCE."""
    again = sample_draws(belief, space, seed, n_draws=len(stored.coefficients))
    return again.layout == stored.layout and bool(
        np.allclose(again.coefficients, stored.coefficients, rtol=0, atol=DRAWS_TOLERANCE)
    )
