"""Braze writes times in three ways; here they become moments."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc

MOMENT = pa.timestamp("us", "UTC")

_OLD_ZONE = re.compile(r" UTC$")


def moments(texts: pa.Array | Sequence[object]) -> pa.Array:
    """Times in any of Braze's three spellings as timestamps (us, UTC); null where it is none."""
    try:
        return pc.cast(pa.array(texts, pa.string()), MOMENT)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        given = texts.to_pylist() if isinstance(texts, pa.Array) else texts
        return pa.array([_moment(t) for t in given], MOMENT)


def _moment(text: object) -> datetime | None:
    """One time. Without a zone it is UTC, as everywhere in Braze."""
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(_OLD_ZONE.sub("Z", text.strip()))
    except ValueError:
        return None
    try:
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (OverflowError, ValueError):
        return None
