"""Profiles, one after the other, into columns: the three tables of a snapshot."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

MOMENT = pa.timestamp("us", "UTC")
TEXTS = ("country", "language", "time_zone", "email_subscribe", "push_subscribe")
MAX_COUNT = 2**62

_OLD_ZONE = re.compile(r" UTC$")


@dataclass
class Counted:
    """Rows of `counters` while they are gathered."""

    row: list[int] = field(default_factory=list)
    source: list[str] = field(default_factory=list)
    name: list[str] = field(default_factory=list)
    count: list[int] = field(default_factory=list)
    first: list[object] = field(default_factory=list)
    last: list[object] = field(default_factory=list)


@dataclass
class Receipts:
    """Rows of `received` while they are gathered."""

    row: list[int] = field(default_factory=list)
    target_kind: list[str] = field(default_factory=list)
    target_id: list[str] = field(default_factory=list)
    last: list[object] = field(default_factory=list)
    in_control: list[bool] = field(default_factory=list)


class Columns:
    """Gathers filtered profiles; a person seen before (in another segment) is left out."""

    def __init__(self, attributes: Sequence[str]) -> None:
        self.ids: list[str] = []
        self.in_audience: list[bool] = []
        self.attributes: dict[str, list[Any]] = {name: [] for name in attributes}
        self._plain: dict[str, list[Any]] = {
            name: [] for name in ("created_at", *TEXTS, "random_bucket", "total_revenue")
        }
        self._counted = Counted()
        self._receipts = Receipts()
        self._seen: set[str] = set()

    def add(self, profile: Mapping[str, Any], *, in_audience: bool) -> None:
        """Take one profile in."""
        external_id = profile.get("external_id")
        if not external_id or external_id in self._seen:
            return
        self._seen.add(external_id)
        row = len(self.ids)
        self.ids.append(external_id)
        self.in_audience.append(in_audience)
        for name, values in self._plain.items():
            values.append(profile.get(name))
        own = profile.get("custom_attributes") or {}
        for name, values in self.attributes.items():
            values.append(own.get(name))
        for entry in profile.get("custom_events", ()):
            self._count(row, "event", entry)
        for entry in profile.get("purchases", ()):
            self._count(row, "purchase", entry)
        for entry in profile.get("campaigns_received", ()):
            self._receive(
                row, "campaign", entry.get("api_campaign_id"), entry.get("last_received"), entry
            )
        for entry in profile.get("canvases_received", ()):
            last = entry.get("last_received_message") or entry.get("last_entered")
            self._receive(row, "canvas", entry.get("api_canvas_id"), last, entry)

    def has(self, external_id: str) -> bool:
        """Whether a person is in already."""
        return external_id in self._seen

    def people(self, persons: pa.Array) -> pa.Table:
        """The snapshot without its attributes; `persons` int64, one a row, null = left out."""
        columns: dict[str, Any] = {
            "person": persons,
            "in_audience": pa.array(self.in_audience, pa.bool_()),
            "created_at": moments(self._plain["created_at"]),
        }
        for name in TEXTS:
            columns[name] = pa.array(self._plain[name], pa.string())
        buckets = [int(v) if v is not None else None for v in self._plain["random_bucket"]]
        columns["random_bucket"] = pa.array(buckets, pa.int32())
        # Sparse answers leave zero out: no revenue is said by saying nothing.
        revenue = [v or 0.0 for v in self._plain["total_revenue"]]
        columns["total_revenue"] = pa.array(revenue, pa.float64())
        return pa.table(columns)

    def counters(self, persons: pa.Array) -> pa.Table:
        """How often each person did or bought what, over all time; `first` and `last` moments."""
        found = self._counted
        return pa.table(
            {
                "person": persons.take(pa.array(found.row, pa.int64())),
                "source": pa.array(found.source, pa.string()),
                "name": pa.array(found.name, pa.string()),
                "count": pa.array(found.count, pa.int64()),
                "first": moments(found.first),
                "last": moments(found.last),
            }
        )

    def received(self, persons: pa.Array) -> pa.Table:
        """Which campaign and Canvas each person got last when."""
        found = self._receipts
        return pa.table(
            {
                "person": persons.take(pa.array(found.row, pa.int64())),
                "target_kind": pa.array(found.target_kind, pa.string()),
                "target_id": pa.array(found.target_id, pa.string()),
                "last_received": moments(found.last),
                "in_control": pa.array(found.in_control, pa.bool_()),
            }
        )

    def _count(self, row: int, source: str, entry: Mapping[str, Any]) -> None:
        name, count = entry.get("name"), entry.get("count")
        if type(name) is not str or type(count) is not int or not 0 <= count < MAX_COUNT:
            return
        found = self._counted
        found.row.append(row)
        found.source.append(source)
        found.name.append(name)
        found.count.append(count)
        found.first.append(entry.get("first"))
        found.last.append(entry.get("last"))

    def _receive(
        self, row: int, kind: str, target: object, last: object, entry: Mapping[str, Any]
    ) -> None:
        if type(target) is not str:
            return
        found = self._receipts
        found.row.append(row)
        found.target_kind.append(kind)
        found.target_id.append(target)
        found.last.append(last)
        found.in_control.append(entry.get("in_control") is True)


def moments(texts: Sequence[object]) -> pa.Array:
    """Braze's times, in any of its three spellings, as timestamps; null where it is none."""
    try:
        return pc.cast(pa.array(texts, pa.string()), MOMENT)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([_moment(t) for t in texts], MOMENT)


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
