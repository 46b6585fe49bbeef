"""Attributes keep the kind they had at first. What no longer fits is noticed, never absorbed.

Where most of a column is unusable, the people's last good values are used ("frozen"): a decision
made on zeros that mean "renamed in Braze" would be worse than one made on yesterday's facts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.audience.attribute_values import Values
from services.audience.model import Drift, DriftKind, Kind

FREEZE_SHARE = 0.05  # of values of another kind: above it the column is not today's any more
VANISHED_SHARE = 0.5  # coverage below this share of what it was
SCALE_FACTOR = 10.0  # ratio of medians of one person's values, today over yesterday
MIN_PEOPLE = 30  # below this a share says nothing


def kind_of(values: Values) -> Kind | None:
    """The kind most values have; None where there is no value at all."""
    if not values.n_given:
        return None
    # Ties go to text, which can hold everything.
    ties = {Kind.TEXT: 2, Kind.NUMBER: 1, Kind.TRUTH: 0}
    return max(ties, key=lambda kind: (values.n_of[kind], ties[kind]))


def settle(
    name: str,
    values: Values,
    kind: Kind,
    persons: pa.Array,
    before: pa.Table | None,
) -> tuple[pa.Array, list[Drift]]:
    """One attribute's column for today, and what drifted.

    `before` is the last snapshot (`person`, `attr:<name>`), or None at first.
    """
    column = values.column(kind)
    n_other = values.n_given - values.n_of[kind]
    found: list[Drift] = []
    if n_other > 0:
        share = n_other / values.n_given
        found.append(Drift(name, DriftKind.TYPE, share, frozen=share > FREEZE_SHARE))
    past = _past(name, persons, before)
    if past is not None:
        n_past = len(past) - past.null_count
        n_now = len(column) - column.null_count
        if n_past >= MIN_PEOPLE and n_now < VANISHED_SHARE * n_past and not found:
            found.append(Drift(name, DriftKind.VANISHED, 1 - n_now / n_past, frozen=True))
        if kind is Kind.NUMBER and _jumped(column, past):
            found.append(Drift(name, DriftKind.SCALE, 1.0, frozen=True))
        if any(d.frozen for d in found):
            column = past
    return column, found


def as_json(drift: Sequence[Drift]) -> list[Mapping[str, object]]:
    """What is kept with the snapshot."""
    return [
        {"attribute": d.attribute, "kind": d.kind.value, "share": d.share, "frozen": d.frozen}
        for d in drift
    ]


def from_json(rows: Sequence[Mapping[str, Any]]) -> tuple[Drift, ...]:
    """What `as_json` wrote."""
    return tuple(
        Drift(r["attribute"], DriftKind(r["kind"]), float(r["share"]), bool(r["frozen"]))
        for r in rows
    )


def _past(name: str, persons: pa.Array, before: pa.Table | None) -> pa.Array | None:
    if before is None or f"attr:{name}" not in before.column_names:
        return None
    known = before["person"].combine_chunks()
    return before[f"attr:{name}"].combine_chunks().take(pc.index_in(persons, value_set=known))


def _jumped(now: pa.Array, past: pa.Array) -> bool:
    """Whether the same people's values are many times what they were: another unit, most likely."""
    a = np.asarray(now.to_numpy(zero_copy_only=False), dtype=np.float64)
    b = np.asarray(past.to_numpy(zero_copy_only=False), dtype=np.float64)
    both = np.isfinite(a) & np.isfinite(b) & (a != 0) & (b != 0)
    if both.sum() < MIN_PEOPLE:
        return False
    ratio = float(np.median(np.abs(a[both] / b[both])))
    return ratio > SCALE_FACTOR or ratio < 1 / SCALE_FACTOR
