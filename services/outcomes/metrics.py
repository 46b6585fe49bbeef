"""From increments to the experiment's own metric: which of them count, with what weight and cap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from services.experiment.model import Metric, MetricKind, MetricSource, SourceKind
from services.outcomes.model import Source

VALUES = pa.schema(
    [
        ("person", pa.int64()),
        ("day", pa.date32()),
        ("at", pa.timestamp("us", tz="UTC")),
        ("value", pa.float64()),
    ]
)


def sources_of(metric: Metric) -> Sequence[MetricSource]:
    """What is summed. Revenue and ARPU need no source; a conversion without one is a purchase."""
    if metric.kind in (MetricKind.REVENUE, MetricKind.ARPU):
        return metric.sources or (MetricSource(kind=SourceKind.REVENUE),)
    return metric.sources or (MetricSource(kind=SourceKind.PURCHASE),)


def weighted(increments: pa.Table, metric: Metric) -> pa.Table:
    """Increments that count for the metric, times their weight: person, day, at, value.

    One row an increment; nothing is capped yet.
    """
    if increments.num_rows == 0:
        return VALUES.empty_table()
    source = np.asarray(increments["source"].to_numpy(zero_copy_only=False), dtype=object)
    name = np.asarray(increments["name"].to_numpy(zero_copy_only=False), dtype=object)
    weight = np.zeros(increments.num_rows)
    for wanted in sources_of(metric):
        hit = source == wanted.kind.value
        if wanted.kind is not SourceKind.REVENUE and wanted.name is not None:
            hit &= name == wanted.name
        weight[hit] += wanted.weight
    value = increments["value"].to_numpy() * weight
    kept = pa.array(value != 0)
    table = increments.select(["person", "day", "at"]).append_column("value", pa.array(value))
    return table.filter(kept).cast(VALUES)


def person_days(values: pa.Table, cap: float | None) -> pd.DataFrame:
    """Sum per person and day, then capped: columns person, day, value; non-zero rows only.

    The cap is on the person-day, not on the running total: totals grow, and a fixed cap on them
    would bite harder every week.
    """
    frame = pd.DataFrame(
        {
            "person": values["person"].to_numpy() if values.num_rows else np.empty(0, np.int64),
            "day": values["day"].to_numpy() if values.num_rows else np.empty(0, "M8[D]"),
            "value": values["value"].to_numpy() if values.num_rows else np.empty(0),
        }
    )
    summed = frame.groupby(["person", "day"], as_index=False, sort=True)["value"].sum()
    if cap is not None:
        summed["value"] = summed["value"].clip(upper=cap)
    kept: pd.DataFrame = summed[summed["value"] != 0].reset_index(drop=True)
    return kept


def of_source(increments: pa.Table, source: Source) -> pa.Table:
    """Increments of one source, unweighted: person, day, at, value; zeros left out."""
    if increments.num_rows == 0:
        return VALUES.empty_table()
    named = increments["source"].to_numpy(zero_copy_only=False) == source.value
    kept = named & (increments["value"].to_numpy() != 0)
    return increments.filter(pa.array(kept)).select(VALUES.names).cast(VALUES)
