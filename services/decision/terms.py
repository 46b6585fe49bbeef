"""Terms of one day's choices that are fixed before any lot is drawn: prices and least shares.

Because nobody's lot has a say in them, every chance stays exactly known, given the day's draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.decision.arrays import Bools, Floats
from services.decision.loops import rate_at
from services.decision.model import Belief, Reward, Space
from services.errors import ExperimentError
from services.messages import msg

MOST_EXPLORED_SHARE = 0.5  # of choices that do not follow the belief: beyond it, why personalise
RATE_OF = {Reward.BINARY: 0, Reward.REVENUE: 1, Reward.SIGNED: 2}  # numbers for the compiled loop


@dataclass(frozen=True)
class Prices:
    """What each combination has to earn more than it otherwise would.

    of_combination  float64 (n_combinations,), in the unit of the reward: conversions, money, value

    A person who buys anyway gains more from the same step of the score than one who hardly ever
    does. So a price is turned into score person by person, by how much reward one step of the score
    is worth where that person stands (`level`, the mean of the best score over the draws).
    `shift` and `scale` belong to that exchange; see `priced`.
    """

    reward: Reward
    of_combination: Floats
    shift: float = 0.0
    scale: float = 1.0

    def rate(self, level: float) -> float:
        """Score that one unit of reward is worth to somebody at this level, above 0."""
        return float(rate_at(RATE_OF[self.reward], level, self.shift, self.scale))

    def to_dict(self) -> dict[str, object]:
        """Plain numbers and strings, for JSON; floats keep every digit."""
        return {
            "reward": self.reward.value,
            "of_combination": self.of_combination.tolist(),
            "shift": self.shift,
            "scale": self.scale,
        }

    @classmethod
    def from_dict(cls, read: dict[str, object]) -> Prices:
        """The prices that `to_dict` wrote."""
        return cls(
            Reward(str(read["reward"])),
            np.array(read["of_combination"], dtype=np.float64),
            float(str(read["shift"])),
            float(str(read["scale"])),
        )


def priced(belief: Belief, of_combination: Floats) -> Prices:
    """Prices in the unit of the belief's reward.

    For revenue the score is the logarithm of chance × value around the base rate; `shift` makes it
    the logarithm of the expected amount, the mean of a log-normal value with the noise learnt.
    """
    rate = belief.base_rate
    shift, scale = 0.0, 1.0
    if belief.reward is Reward.REVENUE:
        shift = float(np.log(rate) - (1 - rate) * np.log(rate / (1 - rate)))
        shift += belief.heads[1].noise / 2
    elif belief.reward is Reward.SIGNED:
        scale = belief.heads[0].scale
    return Prices(belief.reward, np.asarray(of_combination, dtype=np.float64), shift, scale)


@dataclass(frozen=True)
class Least:
    """An option that everybody who may get it gets with at least this chance, 0 to 1."""

    dimension: str
    option: str
    share: float

    def members(self, space: Space) -> Bools:
        """bool (n_combinations,): the combinations with this option."""
        for at, (key, options) in enumerate(space.dimensions):
            if key == self.dimension and self.option in options:
                return np.asarray(space.options[:, at] == options.index(self.option))
        return np.zeros(space.n_combinations, dtype=bool)


def check_explored(epsilon: float, least: Sequence[Least]) -> None:
    """Raise ExperimentError where more is tried out than may be."""
    if not 0.0 <= epsilon <= 1.0:
        raise ExperimentError(msg("The uniform share must be between 0 and 1."))
    shares = [one.share for one in least]
    if least and (min(shares) < 0 or sum(shares) + epsilon > MOST_EXPLORED_SHARE):
        raise ExperimentError(
            msg(
                "The least shares of options add up to more than {most}.",
                most=MOST_EXPLORED_SHARE,
            ),
            hint=msg("Lower some of them, or take them out."),
        )
