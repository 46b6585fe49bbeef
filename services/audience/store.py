"""The only table with customers' ids: surrogate numbers, erasure, and the catalogue of Braze.

An erased person leaves a keyed hash. Who holds the database alone cannot tell whose it is without
trying ids, and a later export does not bring the person back.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from services.database.columns import read_columns
from services.database.schema import catalogue, installation, people, tombstones

IDS_A_PART = 50_000
SCAN_SHARE = 0.25  # of everybody: from here on reading them all is faster than looking each up
IDS_A_QUERY = 5_000  # bound variables of one statement; SQLite takes 32,766, PostgreSQL 65,535
HASH_BYTES = 32

T = TypeVar("T")

# Only one writer at a time: the numbers after the last one are free, and known without asking.
_LAST_NUMBER = sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'people'")
_INSERT_FROM_JSON = sa.text(
    "INSERT INTO people (person, external_id, created_at) "
    "SELECT :last + 1 + key, value, :at FROM json_each(:ids)"
)


def surrogates(
    connection: sa.Connection, external_ids: Sequence[str], *, at: float | None = None
) -> dict[str, int]:
    """Surrogate number of each customer id; new ones are made, erased ones are left out.

    `at` is when, in epoch seconds (default: the machine's time). Needs a writing connection.
    """
    wanted = list(dict.fromkeys(external_ids))
    found = _known(connection, wanted)
    unknown = [i for i in wanted if i not in found]
    if not unknown:
        return found
    return found | _made(connection, unknown, time.time() if at is None else at)


def numbers(connection: sa.Connection, external_ids: pa.Array, *, at: float) -> pa.Array:
    """Surrogate of each customer id (strings) as int64, in their order; null for erased people.

    As `surrogates`, a part at a time: a million ids are never Python texts at once.
    """
    n_ever = connection.scalar(sa.select(sa.func.max(people.c.person))) or 0
    if len(external_ids) < SCAN_SHARE * n_ever:
        return _numbered(external_ids, lambda some: surrogates(connection, some, at=at))
    ids, persons = _everybody(connection)
    found = persons.take(pc.index_in(external_ids, value_set=ids))
    missing = external_ids.filter(pc.is_null(found))
    new = missing.unique()
    made = _numbered(new, lambda some: _made(connection, some, at))
    their = made if len(made) == len(missing) else made.take(pc.index_in(missing, value_set=new))
    return pc.replace_with_mask(found, pc.is_null(found), their)


def _numbered(ids: pa.Array, look_up: Callable[[list[str]], Mapping[str, int]]) -> pa.Array:
    found: list[pa.Array] = [pa.array([], pa.int64())]
    for start in range(0, len(ids), IDS_A_PART):
        some = ids.slice(start, IDS_A_PART).to_pylist()
        known = look_up(some)
        found.append(pa.array([known.get(i) for i in some], pa.int64()))
    return pa.concat_arrays(found)


def _everybody(connection: sa.Connection) -> tuple[pa.Array, pa.Array]:
    """Ids and surrogates of everybody who is known, in parts small enough for Python."""
    ids, persons = [pa.array([], pa.string())], [pa.array([], pa.int64())]
    last = 0
    while True:
        query = sa.select(people.c.external_id, people.c.person).where(people.c.person > last)
        some, their = read_columns(connection, query.order_by(people.c.person).limit(IDS_A_PART))
        if not their:
            return pa.concat_arrays(ids), pa.concat_arrays(persons)
        ids.append(pa.array(some, pa.string()))
        persons.append(pa.array(their, pa.int64()))
        last = their[-1]


def external_ids(connection: sa.Connection, persons: Iterable[int]) -> dict[int, str]:
    """Customer id of each surrogate; erased people are left out."""
    found: dict[int, str] = {}
    for some in _batches(list(dict.fromkeys(persons))):
        query = sa.select(people.c.person, people.c.external_id).where(
            _among(connection, people.c.person, some)
        )
        found.update(_pairs(connection, query))
    return found


def erase(connection: sa.Connection, persons: Iterable[int], *, at: float) -> int:
    """Forget people's ids for good and leave a tombstone each. Returns how many were there.

    `at` is epoch seconds. Facts keep the surrogate, which then belongs to nobody.
    """
    found = external_ids(connection, persons)
    key = _key(connection)
    for some in _batches(list(found)):
        connection.execute(people.delete().where(people.c.person.in_(some)))
        buried = {_keyed_hash(key, found[p]) for p in some}
        buried -= _buried(connection, sorted(buried))
        if buried:
            rows = [{"keyed_hash": h, "at": at} for h in sorted(buried)]
            connection.execute(tombstones.insert(), rows)
    return len(found)


def replace_catalogue(
    connection: sa.Connection, kind: str, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Put `rows` in the place of everything of one kind: what is gone in Braze goes here too."""
    connection.execute(catalogue.delete().where(catalogue.c.kind == kind))
    if rows:
        connection.execute(catalogue.insert(), [dict(row) for row in rows])


def catalogue_documents(connection: sa.Connection, kind: str) -> dict[str, dict[str, Any]]:
    """Id → document of everything of one kind."""
    query = sa.select(catalogue.c.id, catalogue.c.document).where(catalogue.c.kind == kind)
    return {row[0]: row[1] for row in connection.execute(query)}


def note_export_size(connection: sa.Connection, segment_id: str, n_people: int, day: str) -> None:
    """Keep with a segment how many people its last export held: exact, where Braze estimates."""
    where = (catalogue.c.kind == "segment") & (catalogue.c.id == segment_id)
    document = connection.scalar(sa.select(catalogue.c.document).where(where))
    if document is not None:
        exported = {"n_people": n_people, "day": day}
        connection.execute(
            catalogue.update().where(where).values(document={**document, "exported": exported})
        )


def _known(connection: sa.Connection, ids: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for some in _batches(ids):
        query = sa.select(people.c.external_id, people.c.person).where(
            _among(connection, people.c.external_id, some)
        )
        found.update(_pairs(connection, query))
    return found


def _pairs(connection: sa.Connection, query: sa.Select[Any]) -> list[Any]:
    """All rows at once, a pair each: one by one, a million of them take twice as long."""
    return list(connection.execute(query).all())


def _not_erased(connection: sa.Connection, ids: Sequence[str]) -> list[str]:
    if connection.scalar(sa.select(tombstones.c.keyed_hash).limit(1)) is None:
        return list(ids)
    key = _key(connection)
    hashes = {_keyed_hash(key, i): i for i in ids}
    gone = {hashes[h] for h in _buried(connection, list(hashes))}
    return [i for i in ids if i not in gone]


def _buried(connection: sa.Connection, hashes: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for some in _batches(hashes):
        query = sa.select(tombstones.c.keyed_hash).where(tombstones.c.keyed_hash.in_(some))
        found.update(connection.scalars(query))
    return found


def _made(connection: sa.Connection, unknown: Sequence[str], at: float) -> dict[str, int]:
    """Surrogates of ids that nobody had, all different; erased ones are left out."""
    fresh = _not_erased(connection, unknown)
    made = _insert_new(connection, fresh, at)
    if len(made) < len(fresh):
        made |= _known(connection, [i for i in fresh if i not in made])
    return made


def _insert_new(connection: sa.Connection, ids: Sequence[str], at: float) -> dict[str, int]:
    """Number new people in this order, and say how: those whom another writer made are missing."""
    made: dict[str, int] = {}
    for some in _batches(ids):
        if connection.dialect.name == "sqlite":
            last = connection.scalar(_LAST_NUMBER) or 0
            values = {"last": last, "at": at, "ids": _json(some)}
            connection.execute(_INSERT_FROM_JSON, values)
            made.update(zip(some, range(last + 1, last + 1 + len(some)), strict=True))
        else:
            rows = [{"external_id": i, "created_at": at} for i in some]
            new = postgresql.insert(people).on_conflict_do_nothing()
            found = connection.execute(new.returning(people.c.external_id, people.c.person), rows)
            made.update(found.tuples().all())
    return made


def _among(
    connection: sa.Connection, column: sa.Column[Any], some: Sequence[Any]
) -> sa.ColumnElement[bool]:
    """Whether a column's value is one of many. SQLite takes a list of thousands as one value, in a
    tenth of the time that as many bound variables take.
    """
    if connection.dialect.name != "sqlite":
        return column.in_(some)
    return column.in_(sa.select(sa.func.json_each(_json(some)).table_valued("value").c.value))


def _json(some: Sequence[Any]) -> str:
    return orjson.dumps(some).decode()


def _key(connection: sa.Connection) -> bytes:
    epoch = connection.scalar(sa.select(installation.c.epoch).where(installation.c.id == 1))
    return str(epoch).encode()[: hashlib.blake2b.MAX_KEY_SIZE]


def _keyed_hash(key: bytes, external_id: str) -> str:
    return hashlib.blake2b(external_id.encode(), key=key, digest_size=HASH_BYTES).hexdigest()


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), IDS_A_QUERY):
        yield items[start : start + IDS_A_QUERY]
