"""What learning cost: the random group's outcomes, had it got personalised messages, day by day."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from services.experiment.model import Group
from services.insights.look_rows import SHOWN
from services.outcomes.model import OutcomeMetric

COLUMNS = ["day", "value", "low", "high"]
COMPARISON = f"{Group.PERSONALISED.value}/{Group.RANDOM.value}"


def costs_by_day(looks: pa.Table) -> pd.DataFrame:
    """Totals so far in the metric's unit: columns day, value, low, high; above zero is lost.

    looks  as stored. Days on which the comparison may not be shown, or whose interval has no end,
    are left out; without a random group the table is empty.
    """
    if looks.num_rows == 0:
        return pd.DataFrame(columns=COLUMNS)
    rows = [
        (row["day"], *(row["n_b"] * row[name] for name in ("abs_estimate", "abs_low", "abs_high")))
        for row in looks.sort_by("day").to_pylist()
        if (row["comparison"], row["metric"], row["segment"], row["state"])
        == (COMPARISON, OutcomeMetric.PRIMARY.value, "", SHOWN)
        and np.isfinite([row["abs_estimate"], row["abs_low"], row["abs_high"]]).all()
    ]
    return pd.DataFrame(rows, columns=COLUMNS)
