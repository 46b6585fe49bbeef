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

from services.audience.model import Drift, DriftKind, Kind

FREEZE_SHARE = 0.05  # of values of another kind: above it the column is not today's any more
VANISHED_SHARE = 0.5  # coverage below this share of what it was
SCALE_FACTOR = 10.0  # ratio of medians of one person's values, today over yesterday
MIN_PEOPLE = 30  # below this a share says nothing

ARROW = {Kind.NUMBER: pa.float64(), Kind.TEXT: pa.string(), Kind.TRUTH: pa.bool_()}


def kind_of(values: Sequence[Any]) -> Kind | None:
    """The kind most values have; None where there is no value at all."""
    n_truths = sum(isinstance(v, bool) for v in values)
    n_texts = sum(isinstance(v, str) for v in values)
    n_numbers = sum(isinstance(v, int | float) for v in values) - n_truths
    if not n_truths and not n_texts and not n_numbers:
        return None
    # Ties go to text, which can hold everything.
    most = max((n_texts, 2, Kind.TEXT), (n_numbers, 1, Kind.NUMBER), (n_truths, 0, Kind.TRUTH))
    return most[2]


def column_of(values: Sequence[Any], kind: Kind) -> tuple[pa.Array, int]:
    """The values of one kind as an array (others null), and how many were of another."""
    kept: list[Any]
    match kind:
        case Kind.NUMBER:
            kept = [
                float(v) if isinstance(v, int | float) and not isinstance(v, bool) else None
                for v in values
            ]
        case Kind.TRUTH:
            kept = [v if isinstance(v, bool) else None for v in values]
        case _:
            kept = [v if isinstance(v, str) else None for v in values]
    n_given = sum(v is not None for v in values)
    array = pa.array(kept, ARROW[kind])
    return array, n_given - (len(array) - array.null_count)


def settle(
    name: str,
    values: Sequence[Any],
    kind: Kind,
    persons: pa.Array,
    before: pa.Table | None,
) -> tuple[pa.Array, list[Drift]]:
    """One attribute's column for today, and what drifted.

    `before` is the last snapshot (`person`, `attr:<name>`), or None at first.
    """
    column, n_other = column_of(values, kind)
    n_given = sum(v is not None for v in values)
    found: list[Drift] = []
    if n_other > 0:
        share = n_other / n_given
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
