"""Facts that only grow: Parquet parts, visible from the moment their manifest row is committed.

A part is written under a temporary name, fsynced, renamed, and only then entered in the manifest
of the state database. A crash in between leaves a file nobody sees. Nothing is ever overwritten:
the same (kind, experiment, day, key) written again is the part that is there already.
"""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from services.database.engine import Database
from services.database.schema import manifest
from services.errors import DataError
from services.messages import msg
from services.stores import store_at

COMPRESSION = "zstd"
MANY_PARTS = 8  # from here on parts are read by several threads
READ_THREADS = 4


@dataclass(frozen=True)
class Part:
    """One immutable Parquet file and what is known of it."""

    id: int
    kind: str
    experiment: str
    day: date
    key: str
    path: str
    n_rows: int
    sha256: str
    meta: Mapping[str, object]


class Lake:
    """Append and read facts. `root` is a folder or an fsspec URL."""

    def __init__(self, root: Path | str, database: Database) -> None:
        self._store = store_at(str(root))
        self._database = database

    def append(
        self,
        kind: str,
        experiment: str,
        day: date,
        table: pa.Table,
        *,
        key: str = "",
        meta: Mapping[str, object] | None = None,
    ) -> Part:
        """Write one part durably and make it visible. Returns the part that is there afterwards.

        The first writer of (kind, experiment, day, key) wins; `meta` must be JSON.
        """
        there = self._part(kind, experiment, day, key)
        if there is not None:
            return there
        buffer = io.BytesIO()
        pq.write_table(
            table, buffer, compression=COMPRESSION, use_dictionary=_repeating(table.schema)
        )
        content = buffer.getvalue()
        digest = hashlib.sha256(content).hexdigest()
        name = f"part-{hashlib.sha256(key.encode()).hexdigest()[:6]}-{digest[:12]}.parquet"
        path = f"{kind}/experiment={experiment}/day={day.isoformat()}/{name}"
        self._store.put(path, content)
        row = {
            "kind": kind,
            "experiment": experiment,
            "day": day.isoformat(),
            "key": key,
            "path": path,
            "n_rows": table.num_rows,
            "sha256": digest,
            "meta": dict(meta or {}),
            "committed_at": time.time(),
        }
        try:
            with self._database.write() as connection:
                written = manifest.insert().values(**row).returning(manifest)
                return _part(connection.execute(written).one())
        except sa.exc.IntegrityError:
            pass  # another writer was first: its part counts
        part = self._part(kind, experiment, day, key)
        if part is None:
            raise DataError(msg("A part of {kind} vanished while it was written.", kind=kind))
        return part

    def parts(
        self,
        kind: str,
        experiment: str,
        day: date | None = None,
        *,
        since: date | None = None,
        until: date | None = None,
    ) -> list[Part]:
        """Visible parts in the order they were committed; days inclusive."""
        query = (
            sa.select(manifest)
            .where(manifest.c.kind == kind, manifest.c.experiment == experiment)
            .order_by(manifest.c.day, manifest.c.id)
        )
        if day is not None:
            query = query.where(manifest.c.day == day.isoformat())
        if since is not None:
            query = query.where(manifest.c.day >= since.isoformat())
        if until is not None:
            query = query.where(manifest.c.day <= until.isoformat())
        with self._database.read() as connection:
            return [_part(row) for row in connection.execute(query)]

    def days(self, kind: str, experiment: str) -> list[date]:
        """Days that have at least one part, in order."""
        query = (
            sa.select(manifest.c.day)
            .where(manifest.c.kind == kind, manifest.c.experiment == experiment)
            .distinct()
            .order_by(manifest.c.day)
        )
        with self._database.read() as connection:
            return [date.fromisoformat(day) for day in connection.execute(query).scalars()]

    def latest_day(self, kind: str, experiment: str) -> date | None:
        """The last day that has a part, or None."""
        newest = self.newest(kind, experiment)
        return None if newest is None else newest.day

    def newest(self, kind: str, experiment: str, *, until: date | None = None) -> Part | None:
        """The part committed last of the last day (up to `until`) that has one, or None."""
        query = (
            sa.select(manifest)
            .where(manifest.c.kind == kind, manifest.c.experiment == experiment)
            .order_by(manifest.c.day.desc(), manifest.c.id.desc())
            .limit(1)
        )
        if until is not None:
            query = query.where(manifest.c.day <= until.isoformat())
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else _part(row)

    def read(
        self,
        kind: str,
        experiment: str,
        *,
        since: date | None = None,
        until: date | None = None,
        columns: Sequence[str] | None = None,
    ) -> pa.Table:
        """All rows of the visible parts of these days (inclusive); an empty table where none."""
        return self.load(self.parts(kind, experiment, since=since, until=until), columns)

    def load(self, parts: Sequence[Part], columns: Sequence[str] | None = None) -> pa.Table:
        """Rows of these parts, in their order. Raises DataError where a file is gone or cut."""
        if not parts:
            return pa.table({})
        if len(parts) < MANY_PARTS:
            tables = [self._load_one(part, columns) for part in parts]
        else:
            with ThreadPoolExecutor(READ_THREADS) as pool:
                tables = list(pool.map(lambda part: self._load_one(part, columns), parts))
        return pa.concat_tables(tables, promote_options="permissive")

    def query(self, sql: str, **tables: pa.Table) -> pa.Table:
        """Run SQL over the named tables in a DuckDB that lives for this call only."""
        connection = duckdb.connect(":memory:")
        try:
            connection.execute("SET TimeZone = 'UTC'")
            for name, table in tables.items():
                connection.register(name, table)
            return connection.sql(sql).to_arrow_table()
        finally:
            connection.close()

    def _load_one(self, part: Part, columns: Sequence[str] | None) -> pa.Table:
        try:
            content = self._store.get(part.path)
            with pa.BufferReader(content) as source:
                held = pq.ParquetFile(source)
                wanted = None
                if columns is not None:
                    wanted = [name for name in columns if name in held.schema_arrow.names]
                return held.read(columns=wanted)
        except (OSError, pa.ArrowInvalid) as problem:
            raise DataError(
                msg("The facts file {path} cannot be read.", path=part.path),
                hint=msg("Restore it from your backup; nothing was changed."),
            ) from problem

    def _part(self, kind: str, experiment: str, day: date, key: str) -> Part | None:
        query = sa.select(manifest).where(
            manifest.c.kind == kind,
            manifest.c.experiment == experiment,
            manifest.c.day == day.isoformat(),
            manifest.c.key == key,
        )
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return _part(row) if row is not None else None


def _repeating(schema: pa.Schema) -> list[str]:
    """Columns worth a dictionary. Measurements hardly repeat, and trying costs much."""
    return [field.name for field in schema if pa.types.is_string(field.type)]


def _part(row: sa.Row[tuple[object, ...]]) -> Part:
    values = row._mapping
    return Part(
        id=values["id"],
        kind=values["kind"],
        experiment=values["experiment"],
        day=date.fromisoformat(values["day"]),
        key=values["key"],
        path=values["path"],
        n_rows=values["n_rows"],
        sha256=values["sha256"],
        meta=values["meta"],
    )
