"""Many filtered profiles as columns, made from profiles that were read one by one.

`blocks` makes the same from text that is certainly proper; which of the two ways a profile came
cannot be told from the result.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from services.braze.moments import MOMENT, moments

TEXTS = ("country", "language", "time_zone", "email_subscribe", "push_subscribe")
MAX_COUNT = 2**62
MAX_BUCKET = 2**31 - 1

WORD = pa.dictionary(pa.int32(), pa.string())  # texts of which there are few different ones
NUMBER, TEXT, TRUTH = "number", "text", "truth"
ATTRIBUTE_TYPES = {NUMBER: pa.float64(), TEXT: WORD, TRUTH: pa.bool_()}

PEOPLE = pa.schema(
    [
        ("external_id", pa.string()),
        ("created_at", MOMENT),
        *((name, WORD) for name in TEXTS),
        ("random_bucket", pa.int32()),
        ("total_revenue", pa.float64()),
    ]
)
COUNTED = pa.schema(
    [
        *(("row", pa.int32()), ("source", WORD), ("name", WORD), ("count", pa.int64())),
        *(("first", MOMENT), ("last", MOMENT)),
    ]
)
RECEIVED = pa.schema(
    [
        *(("row", pa.int32()), ("target_kind", WORD), ("target_id", WORD)),
        *(("last_received", MOMENT), ("in_control", pa.bool_())),
    ]
)


@dataclass(frozen=True)
class Bulk:
    """Filtered profiles as columns.

    people      one row a profile, as PEOPLE; the id is null where there is none
    attributes  name → kind → values of that kind, a row each; other kinds and none are null
    counted     as COUNTED, `row` counts the rows of `people` from 0
    received    as RECEIVED
    """

    people: pa.Table
    attributes: Mapping[str, Mapping[str, pa.Array]] = field(default_factory=dict)
    counted: pa.Table = field(default_factory=COUNTED.empty_table)
    received: pa.Table = field(default_factory=RECEIVED.empty_table)

    def __len__(self) -> int:
        return int(self.people.num_rows)


def bulk_of(profiles: Sequence[Mapping[str, Any]], attributes: Iterable[str]) -> Bulk:
    """Columns of profiles that have passed `ProfileFilter`."""
    people = {name: [p.get(name) for p in profiles] for name in PEOPLE.names}
    people["created_at"] = moments(people["created_at"])
    people["random_bucket"] = [_bucket(v) for v in people["random_bucket"]]
    # Sparse answers leave zero out: no revenue is said by saying nothing.
    people["total_revenue"] = [float(v or 0) for v in people["total_revenue"]]
    own = [p.get("custom_attributes") or {} for p in profiles]
    return Bulk(
        pa.table(people, PEOPLE),
        {name: of_kinds([o.get(name) for o in own]) for name in attributes},
        _counted(profiles),
        _received(profiles),
    )


def of_kinds(values: Sequence[Any]) -> dict[str, pa.Array]:
    """Values of mixed kinds, apart: one array a kind that occurs, null where a value is of
    another.
    """
    kinds = {kind_of_value(v) for v in values} - {None}
    return {
        kind: pa.array(
            [
                (float(v) if kind == NUMBER else v) if kind_of_value(v) == kind else None
                for v in values
            ],
            ATTRIBUTE_TYPES[kind],
        )
        for kind in sorted(k for k in kinds if k)
    }


def kind_of_value(value: object) -> str | None:
    """The kind of one attribute's value; None for what is no value."""
    if isinstance(value, bool):
        return TRUTH
    if isinstance(value, int | float):
        return NUMBER
    return TEXT if isinstance(value, str) else None


def _bucket(value: float | None) -> int | None:
    return int(value) if value is not None and 0 <= value <= MAX_BUCKET else None


def _counted(profiles: Sequence[Mapping[str, Any]]) -> pa.Table:
    found: dict[str, list[Any]] = {name: [] for name in COUNTED.names}
    for row, profile in enumerate(profiles):
        for source, name in (("event", "custom_events"), ("purchase", "purchases")):
            for entry in profile.get(name, ()):
                said, count = entry.get("name"), entry.get("count")
                if type(said) is str and type(count) is int and 0 <= count < MAX_COUNT:
                    found["row"].append(row)
                    found["source"].append(source)
                    found["name"].append(said)
                    found["count"].append(count)
                    found["first"].append(entry.get("first"))
                    found["last"].append(entry.get("last"))
    return _timed(found, COUNTED)


def _received(profiles: Sequence[Mapping[str, Any]]) -> pa.Table:
    found: dict[str, list[Any]] = {name: [] for name in RECEIVED.names}

    def add(row: int, kind: str, target: object, last: object, entry: Mapping[str, Any]) -> None:
        if type(target) is str:
            found["row"].append(row)
            found["target_kind"].append(kind)
            found["target_id"].append(target)
            found["last_received"].append(last)
            found["in_control"].append(entry.get("in_control") is True)

    for row, profile in enumerate(profiles):
        for entry in profile.get("campaigns_received", ()):
            add(row, "campaign", entry.get("api_campaign_id"), entry.get("last_received"), entry)
        for entry in profile.get("canvases_received", ()):
            last = entry.get("last_received_message") or entry.get("last_entered")
            add(row, "canvas", entry.get("api_canvas_id"), last, entry)
    return _timed(found, RECEIVED)


def _timed(found: Mapping[str, list[Any]], schema: pa.Schema) -> pa.Table:
    return pa.table(
        [moments(found[f.name]) if f.type == MOMENT else found[f.name] for f in schema],
        schema=schema,
    )
