"""The files of an export: members of one ZIP, or objects in a bucket of the customer's own."""

from __future__ import annotations

import gzip
import io
import secrets
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

COMPRESSION_LEVEL = 1  # exports are fetched once: time counts more than size
BUCKET_ROOT = "segment-export"  # Braze docs, "Export user profile by segment"


class Archive:
    """A ZIP being written, one member after the other."""

    def __init__(self, target: Path | IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(
            target, "w", zipfile.ZIP_DEFLATED, compresslevel=COMPRESSION_LEVEL
        )

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_problem: object) -> None:
        self._zip.close()

    @contextmanager
    def member(self, name: str) -> Iterator[IO[bytes]]:
        """A file in the archive, open for writing."""
        with self._zip.open(name, "w") as file:
            yield file


class Bucket:
    """Storage of the customer's own, played by a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(
        self, segment_id: str, finished_s: float, prefix: str, content: bytes, *, gzipped: bool
    ) -> None:
        """Store one file of an export that finished at virtual epoch second `finished_s`."""
        day = datetime.fromtimestamp(finished_s, UTC).strftime("%Y-%m-%d")
        name = secrets.token_hex(8)
        path = self._folder / BUCKET_ROOT / segment_id / day / prefix
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if gzipped:
            (path / f"{name}.gz").write_bytes(gzip.compress(content, COMPRESSION_LEVEL, mtime=0))
            return
        whole = io.BytesIO()
        with Archive(whole) as archive, archive.member(f"{name}.txt") as member:
            member.write(content)
        (path / f"{name}.zip").write_bytes(whole.getvalue())

    def keys(self) -> list[str]:
        """Keys of all objects, sorted."""
        files = (path for path in self._folder.rglob("*") if path.is_file())
        return sorted(path.relative_to(self._folder).as_posix() for path in files)
