"""The only table with customers' ids: surrogate numbers, erasure, and the catalogue of Braze.

An erased person leaves a keyed hash. Who holds the database alone cannot tell whose it is without
trying ids, and a later export does not bring the person back.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from services.database.schema import catalogue, installation, people, tombstones

IDS_A_QUERY = 5_000  # bound variables of one statement; SQLite takes 32,766, PostgreSQL 65,535
HASH_BYTES = 32

T = TypeVar("T")


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
    fresh = _not_erased(connection, unknown)
    created_at = time.time() if at is None else at
    for some in _batches(fresh):
        rows = [{"external_id": i, "created_at": created_at} for i in some]
        connection.execute(_insert_new(connection), rows)
    return found | _known(connection, fresh)


def external_ids(connection: sa.Connection, persons: Iterable[int]) -> dict[int, str]:
    """Customer id of each surrogate; erased people are left out."""
    found: dict[int, str] = {}
    for some in _batches(list(dict.fromkeys(persons))):
        query = sa.select(people.c.person, people.c.external_id).where(people.c.person.in_(some))
        found.update((row[0], row[1]) for row in connection.execute(query))
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
            people.c.external_id.in_(some)
        )
        found.update((row[0], row[1]) for row in connection.execute(query))
    return found


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


def _insert_new(connection: sa.Connection) -> Any:
    """An insert that lets another writer be first; both databases spell it alike."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(people).on_conflict_do_nothing()
    return sqlite.insert(people).on_conflict_do_nothing()


def _key(connection: sa.Connection) -> bytes:
    epoch = connection.scalar(sa.select(installation.c.epoch).where(installation.c.id == 1))
    return str(epoch).encode()[: hashlib.blake2b.MAX_KEY_SIZE]


def _keyed_hash(key: bytes, external_id: str) -> str:
    return hashlib.blake2b(external_id.encode(), key=key, digest_size=HASH_BYTES).hexdigest()


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), IDS_A_QUERY):
        yield items[start : start + IDS_A_QUERY]
