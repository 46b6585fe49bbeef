"""The part of choosing that does not follow the belief: a little of everything, always possible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.decision.arrays import Bools, Floats, Ints
from services.decision.chance import Purpose, below, uniforms
from services.decision.model import Space
from services.decision.scoring import nth_eligible, numbers_eligible
from services.decision.terms import Least


@dataclass(frozen=True)
class Floor:
    """Chances apart from what is believed, for n people.

    epsilon     share of any eligible combination (0 to 1)
    n_eligible  int64 (n,), at least 1
    members     for each option with a least share: bool (n_combinations,), who has it
    shares      for each of them: float64 (n,), 0 where the person may get none of its combinations
    n_members   for each of them: int64 (n,), how many the person may get, at least 1
    """

    epsilon: float
    n_eligible: Ints
    members: tuple[Bools, ...]
    shares: tuple[Floats, ...]
    n_members: tuple[Ints, ...]

    @property
    def greedy(self) -> Floats | float:
        """Share of choices that follow the belief: one number, or float64 (n,)."""
        left: Floats | float = 1.0 - self.epsilon
        for share in self.shares:
            left = left - share
        return left

    def lots(self, eligible: Bools, seed: int, people: Ints) -> Ints:
        """The combination of those on whom the floor falls: int64 (n,), -1 for all others."""
        share = uniforms(seed, people, Purpose.FLOOR)
        forced = np.full(len(people), -1, dtype=np.int64)
        falls = share < self.epsilon
        forced[falls] = lots(eligible[falls], seed, people[falls])
        edge: Floats | float = self.epsilon
        for members, chance in zip(self.members, self.shares, strict=True):
            falls = (share >= edge) & (share < edge + chance)
            forced[falls] = lots(eligible[falls] & members, seed, people[falls])
            edge = edge + chance
        return forced

    def chances(self, combination: npt.NDArray[np.integer]) -> Floats:
        """The floor's part of the chance of one combination a person: float64 (n,)."""
        chance: Floats = np.asarray(self.epsilon / self.n_eligible, dtype=np.float64)
        for members, share, n in zip(self.members, self.shares, self.n_members, strict=True):
            chance = chance + members[combination] * (share / n)
        return chance

    def all_chances(self, eligible: Bools) -> Floats:
        """The floor's part of the chance of every combination: float64 (n, n_combinations)."""
        chance = eligible * (self.epsilon / self.n_eligible)[:, None]
        for members, share, n in zip(self.members, self.shares, self.n_members, strict=True):
            chance = chance + (eligible & members) * (share / n)[:, None]
        return chance


def floor_of(space: Space, eligible: Bools, epsilon: float, least: Sequence[Least]) -> Floor:
    """The floor for people with these eligible sets, bool (n, n_combinations)."""
    members = tuple(one.members(space) for one in least)
    counts = [eligible[:, who].sum(axis=1) for who in members]
    return Floor(
        epsilon=epsilon,
        n_eligible=np.maximum(numbers_eligible(eligible), 1),
        members=members,
        shares=tuple(one.share * (n > 0) for one, n in zip(least, counts, strict=True)),
        n_members=tuple(np.maximum(n, 1) for n in counts),
    )


def lots(eligible: Bools, seed: int, people: Ints) -> Ints:
    """One eligible combination a person, all with the same chance; NOTHING_ELIGIBLE if none."""
    wanted = below(numbers_eligible(eligible), uniforms(seed, people, Purpose.UNIFORM))
    return nth_eligible(eligible, wanted)
