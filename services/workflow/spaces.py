"""The day's combinations as the decision engine sees them."""

from __future__ import annotations

import numpy as np

from services.decision.model import NO_OPTION, Space
from services.experiment.combinations import Combinations

SEND, NOTHING = "send", "nothing"  # a dimension of the space, never of the document


def space_of(combinations: Combinations) -> Space:
    """Dimensions with all their option keys, and one row for each combination of the day.

    Where sending nothing may be chosen, that is a dimension of its own with one option, which the
    messages do not have: what a message adds to sending nothing is learnt there.
    """
    dimensions = tuple(zip(combinations.dimensions, combinations.option_keys, strict=True))
    nothing = combinations.is_nothing
    if not nothing.any():
        return Space(dimensions, combinations.options, combinations.costs)
    column = np.where(nothing, 0, NO_OPTION).astype(np.int16)[:, None]
    return Space(
        (*dimensions, (SEND, (NOTHING,))),
        np.concatenate([combinations.options, column], axis=1),
        combinations.costs,
    )
