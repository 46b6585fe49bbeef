"""Where the bytes of the facts lie: a folder of this machine, or an object store.

An object store gets a single PUT, which is atomic there; a folder gets write, fsync, rename.
"""

from __future__ import annotations

import importlib
import os
import uuid
from pathlib import Path
from typing import Any, Protocol

from services.errors import SetupError
from services.messages import msg


class Store(Protocol):
    """Whole files in, whole files out."""

    def put(self, path: str, content: bytes) -> None:
        """Keep `content` under `path`, durably, all of it or nothing."""
        ...

    def get(self, path: str) -> bytes:
        """The content under `path`. Raises OSError where there is none."""
        ...


def store_at(root: str) -> Store:
    """The store for a folder or an fsspec URL such as s3://bucket/anneal."""
    return _ObjectStore(root) if "://" in root else _Folder(Path(root))


class _Folder:
    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, path: str, content: bytes) -> None:
        final = self._root / path
        try:
            final.parent.mkdir(parents=True, exist_ok=True)
            fresh = final.parent / f".{uuid.uuid4().hex}.new"
            with open(fresh, "wb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
            fresh.replace(final)
            handle = os.open(final.parent, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as problem:
            raise SetupError(
                msg("The facts cannot be written: {why}.", why=problem.strerror or ""),
                hint=msg("Check that the home folder is writable and the disk is not full."),
            ) from problem

    def get(self, path: str) -> bytes:
        return (self._root / path).read_bytes()


class _ObjectStore:
    def __init__(self, url: str) -> None:
        try:
            fsspec: Any = importlib.import_module("fsspec")
        except ModuleNotFoundError as missing:
            raise SetupError(
                msg("Facts in {url} need the extra packages of Anneal.", url=url),
                hint=msg("Install them with: pip install 'anneal[scale]'."),
            ) from missing
        self._files, self._root = fsspec.core.url_to_fs(url)

    def put(self, path: str, content: bytes) -> None:
        self._files.pipe_file(f"{self._root}/{path}", content)

    def get(self, path: str) -> bytes:
        content: bytes = self._files.cat_file(f"{self._root}/{path}")
        return content
