"""Everything that was accepted, in order, on disk before it is answered.

The state of a sandbox is its seed plus this journal: a restart simulates the history again and
replays the rows at their virtual times. A killed server loses only what it never acknowledged.
"""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from services.errors import DataError
from services.messages import msg

COMPRESSION = 1  # the fastest: a request of 50 recipients costs about 0.1 ms


@dataclass(frozen=True)
class Entry:
    """One accepted request. `at_s` is virtual; `body` is its JSON."""

    seq: int
    at_s: float
    kind: str
    body: dict[str, Any]


class Journal:
    """Appends entries, each in its own transaction."""

    def __init__(self, path: Path) -> None:
        new = not path.exists()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        if new:
            os.chmod(path, 0o600)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS made (name TEXT PRIMARY KEY, value TEXT)"
        )
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS journal"
            " (seq INTEGER PRIMARY KEY, at_s REAL NOT NULL, kind TEXT NOT NULL, body BLOB NOT NULL)"
        )
        row = self._connection.execute("SELECT coalesce(max(seq), 0) FROM journal").fetchone()
        self._last: int = row[0]

    def append(self, at_s: float, kind: str, body: dict[str, Any]) -> Entry:
        """Write one accepted request and return it with its number."""
        blob = zlib.compress(orjson.dumps(body), COMPRESSION)
        self._connection.execute(
            "INSERT INTO journal VALUES (?, ?, ?, ?)", (self._last + 1, at_s, kind, blob)
        )
        self._last += 1
        return Entry(self._last, at_s, kind, body)

    def entries(self) -> Iterator[Entry]:
        """All entries, oldest first. Raises DataError where a row cannot be read."""
        rows = self._connection.execute("SELECT seq, at_s, kind, body FROM journal ORDER BY seq")
        for seq, at_s, kind, blob in rows:
            try:
                body = orjson.loads(zlib.decompress(blob))
            except (zlib.error, orjson.JSONDecodeError) as problem:
                raise DataError(
                    msg("Row {seq} of the sandbox's journal is damaged.", seq=seq),
                    hint=msg("Delete the folder sandbox/ of this home and start again."),
                ) from problem
            yield Entry(seq, at_s, kind, body)

    def made_with(self) -> dict[str, str]:
        """The settings this world was made with; empty before the first start."""
        return dict(self._connection.execute("SELECT name, value FROM made").fetchall())

    def remember_making(self, settings: dict[str, str]) -> None:
        """Keep the settings of the first start for good."""
        self._connection.executemany("INSERT OR REPLACE INTO made VALUES (?, ?)", settings.items())

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
