"""What the belief expects each combination to bring, for many people at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import special

from services.decision.arrays import Floats
from services.decision.design import aligned, place, weights_of
from services.decision.learning import adapted, posterior
from services.decision.model import Belief, Reward, Space

LOG_LIMIT = 20.0  # beyond it an expected amount is a slip of the model, not money


def expected_rewards(
    belief: Belief, space: Space, features: np.ndarray, *, names: Sequence[str] | None = None
) -> Floats:
    """Expected reward of every combination: float64 (n_people, n_combinations), reward's unit.

    At the posterior means, averaged over the memories by their weights. For revenue: chance times
    the mean of a log-normal value with the noise learnt.
    """
    belief = adapted(belief, space, names)
    columns = aligned(np.asarray(features, dtype=np.float64), names, belief.layout)
    z = np.concatenate([np.ones((len(columns), 1)), columns], axis=1)
    placement = place(space, belief.layout)
    linear = []
    for head in belief.heads:
        mean = sum(
            weight * posterior(head, belief.layout, memory).mean
            for memory, weight in enumerate(belief.weights)
        )
        linear.append(z @ weights_of(np.asarray(mean), placement).T)
    match belief.reward:
        case Reward.BINARY:
            value = special.expit(linear[0])
        case Reward.REVENUE:
            logs = np.minimum(linear[1] + belief.heads[1].noise / 2, LOG_LIMIT)
            value = special.expit(linear[0]) * np.exp(logs)
        case Reward.SIGNED:
            value = linear[0] * belief.heads[0].scale
    return np.asarray(value, dtype=np.float64)
