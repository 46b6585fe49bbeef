"""Braze's export of an audience → the day's immutable facts.

Three parts a day: `counters`, `received` and, last, `snapshots`, whose manifest row makes the day
complete. Names and numbers only: the export itself is never kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from services.audience import drift
from services.audience.columns import Columns
from services.audience.model import Drift, Kind, Loaded
from services.audience.store import external_ids, note_export_size, numbers
from services.braze.client import BrazeClient
from services.braze.profiles import Tally
from services.braze.segment_bulk import FIELDS, export_segment_in_bulk
from services.braze.segment_export import DEADLINE_S
from services.braze.users import MAX_IDS, export_by_ids
from services.clock import Clock
from services.database.engine import Database
from services.errors import DataError
from services.lake import Lake, Part
from services.messages import msg

MAX_CHANGE_SHARE = 0.2  # of the audience's size from one export to the next, unless confirmed
MIN_PEOPLE_TO_COMPARE = 200  # smaller audiences change by that much for no reason
MAX_PERSONAL_ID_SHARE = 0.01  # of customer ids that are email addresses, unless confirmed
PEOPLE_A_STEP = 50_000  # whose ids are looked up at the same time

SNAPSHOTS, COUNTERS, RECEIVED = "snapshots", "counters", "received"
ONE_ROW = {COUNTERS: ("person", "source", "name"), RECEIVED: ("person", "target_kind", "target_id")}


class SizeChanged(DataError):
    """The audience is much smaller or larger than the last time. A person may confirm it."""


def refresh(
    client: BrazeClient,
    database: Database,
    lake: Lake,
    experiment_id: str,
    segment_ids: Sequence[str],
    attributes: Sequence[str],
    extra_people: Sequence[int],
    day: date,
    *,
    clock: Clock,
    progress: Callable[[int, int], None] | None = None,
    attributes_of_absent: Sequence[str] = (),
    confirmed: bool = False,
    confirmed_size: int | None = None,
    deadline_s: float = DEADLINE_S,
) -> Loaded:
    """Export the segments, and `extra_people` missing from them by id, and keep the day's facts.

    A day that is kept already stays as it is. `progress` hears people read and people expected (0
    = unknown). `attributes_of_absent` are the agreed attributes that a metric needs of people who
    left: Braze can only send them all, the others are dropped while reading. `confirmed` accepts
    an audience that changed its size much, and customer ids that are email addresses;
    `confirmed_size` only the size: an audience of about as many people as somebody has seen.

    Raises BrazeError; SizeChanged where the audience has another size than before; DataError where
    the export is not complete or not what it should be: then nothing of it counts and the last one
    still does.
    """
    there = lake.parts(SNAPSHOTS, experiment_id, day)
    if there:
        return _loaded(there[0])
    past = lake.parts(SNAPSHOTS, experiment_id, until=day)
    report = progress or (lambda _done, _expected: None)
    expected = _size(past[-1]) if past else 0
    tally = Tally()
    columns = Columns(attributes)
    sizes: dict[str, int] = {}
    for segment_id in segment_ids:
        before = tally.n_people
        for bulk in export_segment_in_bulk(
            *(client, segment_id, attributes),
            kinds=_kinds(past) if past else None,
            deadline_s=deadline_s,
            tally=tally,
            progress=_onward(report, columns.n_rows, expected),
        ):
            columns.add_bulk(bulk)
        sizes[segment_id] = tally.n_people - before
    n_audience = columns.settle()
    usual = expected if confirmed_size is None else confirmed_size
    _check_complete(n_audience, usual, tally, confirmed=confirmed)
    _add_absent(client, database, columns, extra_people, attributes_of_absent, tally)
    n_people = columns.settle()
    report(n_people, n_people)
    with database.write() as connection:
        persons = numbers(connection, columns.ids, at=clock.now().timestamp())
        for segment_id, n_exported in sizes.items():
            note_export_size(connection, segment_id, n_exported, day.isoformat())
    for kind, part in ((COUNTERS, columns.counters), (RECEIVED, columns.received)):
        _append_missing(lake, kind, experiment_id, day, part(persons))
    kinds, snapshot, drifted = _snapshot(lake, columns, persons, n_audience, past)
    return _loaded(
        lake.append(
            SNAPSHOTS,
            experiment_id,
            day,
            _without_erased(snapshot),
            meta={
                "exported_at": clock.now().isoformat(),
                "segments": sizes,
                "n_audience": n_audience,
                "n_left": n_people - n_audience,
                "held_back": tally.held_back,
                "n_quarantined": tally.n_quarantined,
                "kinds": {name: kind.value for name, kind in kinds.items()},
                "drift": drift.as_json(drifted),
            },
        )
    )


def _onward(
    report: Callable[[int, int], None], before: int, expected: int
) -> Callable[[int], None]:
    return lambda n_people: report(before + n_people, expected)


def _check_complete(n_people: int, expected: int, tally: Tally, *, confirmed: bool) -> None:
    if n_people == 0:
        raise DataError(
            msg("Nobody is in the chosen segments."),
            hint=msg("Look at their filters in Braze, or choose others. Nothing was changed."),
        )
    if confirmed:
        return
    if tally.n_personal_ids > MAX_PERSONAL_ID_SHARE * n_people:
        raise DataError(
            msg("{n} customer ids are email addresses.", n=tally.n_personal_ids),
            hint=msg(
                "Anneal would have to store them. Use ids that name nobody, or confirm that these "
                "may be kept. Nothing was stored."
            ),
        )
    if expected >= MIN_PEOPLE_TO_COMPARE and abs(n_people / expected - 1) > MAX_CHANGE_SHARE:
        raise SizeChanged(
            msg(
                "The export has {n} people; the last one had {before}.", n=n_people, before=expected
            ),
            hint=msg(
                "Perhaps it is not complete, or a filter was changed in Braze. It is not used "
                "until somebody confirms it; the last export still counts."
            ),
        )


def _add_absent(
    client: BrazeClient,
    database: Database,
    columns: Columns,
    people: Sequence[int],
    attributes: Sequence[str],
    tally: Tally,
) -> None:
    """Read the people who left the segments: converters do, and their outcomes count."""
    there = columns.ids
    for start in range(0, len(people), PEOPLE_A_STEP):
        with database.read() as connection:
            names = external_ids(connection, people[start : start + PEOPLE_A_STEP])
        asked = pa.array(list(names.values()), pa.string())
        absent = asked.filter(pc.invert(pc.is_in(asked, value_set=there))).to_pylist()
        for i in range(0, len(absent), MAX_IDS):
            some = absent[i : i + MAX_IDS]
            columns.add(export_by_ids(client, some, FIELDS, attributes, tally=tally).users)


def _snapshot(
    lake: Lake, columns: Columns, persons: pa.Array, n_audience: int, past: Sequence[Part]
) -> tuple[dict[str, Kind], pa.Table, list[Drift]]:
    """The table of people with their attributes, in the kinds these had at first."""
    kinds = _kinds(past)
    agreed = [f"attr:{name}" for name in columns.attributes]
    before = lake.load(past[-1:], ["person", *agreed]) if past else None
    table = columns.people(persons, n_audience)
    drifted: list[Drift] = []
    for name, values in columns.attributes.items():
        kind = kinds.get(name) or drift.kind_of(values)
        if kind is None:  # nobody has it yet: its kind is open until somebody does
            table = table.append_column(f"attr:{name}", pa.nulls(len(persons)))
            continue
        kinds[name] = kind
        column, found = drift.settle(name, values, kind, persons, before)
        drifted += found
        table = table.append_column(f"attr:{name}", column)
    return kinds, table, drifted


def _kinds(past: Sequence[Part]) -> dict[str, Kind]:
    return {
        name: Kind(kind) for part in past for name, kind in _mapping(part.meta.get("kinds")).items()
    }


def _append_missing(
    lake: Lake, kind: str, experiment_id: str, day: date, tables: Iterable[pa.Table]
) -> None:
    """Keep the rows. After a crash before the snapshot, only those that are not there yet.

    A person in the snapshot without a row here would look new tomorrow, and all that is counted
    over a lifetime would look like one day's outcome.
    """
    there = lake.parts(kind, experiment_id, day)
    keys = list(ONE_ROW[kind])
    kept = lake.load(there, keys) if there else None
    for number, table in enumerate(tables):
        fresh = _without_erased(table)
        if kept is not None:
            fresh = fresh.join(kept, keys, join_type="left anti")
        key = f"{len(there)}-{number}" if there or number else ""
        lake.append(kind, experiment_id, day, fresh, key=key)


def _without_erased(table: pa.Table) -> pa.Table:
    """Erased people have no surrogate, and no place in any table."""
    return table if table["person"].null_count == 0 else table.filter(pc.is_valid(table["person"]))


def _loaded(part: Part) -> Loaded:
    meta: Mapping[str, Any] = part.meta
    return Loaded(
        n_people=_size(part),
        n_left=int(meta.get("n_left", 0)),
        held_back=_mapping(meta.get("held_back")),
        n_quarantined=int(meta.get("n_quarantined", 0)),
        drift=drift.from_json(meta.get("drift", [])),
    )


def _size(part: Part) -> int:
    return int(str(part.meta.get("n_audience", part.n_rows)))


def _mapping(value: object) -> dict[str, Any]:
    return dict(value) if isinstance(value, dict) else {}
