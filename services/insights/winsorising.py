"""The cap on a person's day, chosen before launch, so that one huge order does not decide.

STATISTICS 6. The cap is on the person-day value: totals grow, and a fixed cap on them would bite
harder every week. Conversions and counts get none: an absurd count is a data fault, not a tail.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.experiment.model import Metric, MetricKind, SourceKind
from services.messages import Message, msg

CAP_QUANTILE = 0.99  # of positive person-day values before launch
MIN_VALUES = 200  # with fewer, a quantile that high is one customer's order


@dataclass(frozen=True)
class Cap:
    """What a person's day counts for at most; None = no cap. `warning` where it is a guess."""

    value: float | None
    n_values: int
    warning: Message | None = None


def needs_cap(metric: Metric) -> bool:
    """Whether the metric holds money: only then is there a tail to cap."""
    return metric.kind in (MetricKind.REVENUE, MetricKind.ARPU) or any(
        source.kind is SourceKind.REVENUE for source in metric.sources
    )


def choose_cap(person_days: NDArray[np.float64]) -> Cap:
    """Cap from the person-day values of the pre-period, all groups together.

    person_days  float (n,), in the metric's unit; only those above zero are looked at
    """
    positive = person_days[person_days > 0]
    if len(positive) == 0:
        return Cap(
            None, 0, msg("Nothing was bought in the weeks before: large orders are not capped.")
        )
    if len(positive) < MIN_VALUES:
        return Cap(
            float(positive.max()),
            len(positive),
            msg(
                "Only {n} purchase days are known: the cap is the largest of them.",
                n=len(positive),
            ),
        )
    return Cap(float(np.quantile(positive, CAP_QUANTILE)), len(positive))
