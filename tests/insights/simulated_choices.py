"""Sends of a policy that changes its mind every day, some of which may be lost on the way.

Eight combinations, three kinds of people, 300 sends a day: as in STATISTICS 9.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from services.insights.balance import Balance, choice_balance

N_COMBINATIONS, N_KINDS = 8, 3
SENDS_A_DAY, DAYS = 300, 60
FLOOR = 0.02
TASTE = 1.5  # spread of what a kind likes, in logits
DRIFT = 0.15  # of each kind's taste a day, in logits


@dataclass(frozen=True)
class Sends:
    """What was chosen, with which chances, on which day."""

    chosen: np.ndarray
    chances: np.ndarray
    day: np.ndarray

    def without(self, combination: int, share: float, rng: np.random.Generator) -> Sends:
        """The same sends after `share` of one combination's were lost."""
        kept = (self.chosen != combination) | (rng.random(len(self.chosen)) >= share)
        return Sends(self.chosen[kept], self.chances[kept], self.day[kept])

    def judged(self) -> Balance:
        return choice_balance(self.chosen, self.chances, self.day)


def sends(rng: np.random.Generator, *, days: int = DAYS) -> Sends:
    """Healthy sends: drawn by their own chances, which drift."""
    walk = np.cumsum(rng.normal(0, DRIFT, (days, N_KINDS, N_COMBINATIONS)), axis=0)
    taste = np.exp(walk + rng.normal(0, TASTE, (N_KINDS, N_COMBINATIONS)))
    policy = FLOOR / N_COMBINATIONS + (1 - FLOOR) * taste / taste.sum(axis=2, keepdims=True)
    day = np.repeat(np.arange(days), SENDS_A_DAY)
    kind = rng.integers(0, N_KINDS, len(day))
    chances = policy[day, kind]
    chosen = (rng.random(len(day))[:, None] > np.cumsum(chances, axis=1)).sum(axis=1)
    return Sends(np.minimum(chosen, N_COMBINATIONS - 1), chances, day)
