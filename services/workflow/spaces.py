"""The day's combinations as the decision engine sees them."""

from __future__ import annotations

from services.decision.model import Space
from services.experiment.combinations import Combinations


def space_of(combinations: Combinations) -> Space:
    """Dimensions with all their option keys, and one row for each combination of the day."""
    return Space(
        tuple(zip(combinations.dimensions, combinations.option_keys, strict=True)),
        combinations.options,
        combinations.costs,
    )
