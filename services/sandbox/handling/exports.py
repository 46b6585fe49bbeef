"""Segment exports: accepted at once, written in the background, fetched as a ZIP for four hours.

With a bucket of the customer's own there is no address: files go into the bucket, for good.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from services.sandbox.handling.calling_back import Callbacks
from services.sandbox.handling.export_files import Archive, Bucket
from services.sandbox.handling.export_objects import export_objects
from services.sandbox.remembering.workspace import Workspace
from services.sandbox.routing.refusals import refused

LIFE_S = 4 * 3600  # virtual: Braze docs, "Export user profile by segment"
PEOPLE_PER_FILE = 5_000  # Braze docs, same page
LEAST_FILES = 2  # small segments can still give several files
PEOPLE_PER_STEP = 1_000  # other requests are answered between the steps
MAX_RUNNING = 100  # Braze docs, same page
_XML = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    "<Error><Code>{code}</Code><Message>{message}</Message></Error>"
)
ACCESS_DENIED = _XML.format(code="AccessDenied", message="Access Denied")
EXPIRED = _XML.format(code="ExpiredToken", message="The provided token has expired.")


@dataclass(frozen=True)
class Wish:
    """What one request wants exported."""

    source: str  # segment id
    rows: NDArray[np.int64]
    fields: Sequence[str]
    attributes: Sequence[str] = ()
    gzip: bool = False  # has an effect in a bucket only
    callback: str | None = None


@dataclass
class Export:
    """One export. It is fetchable once `done` and until `expires_s`, virtual seconds."""

    wish: Wish
    prefix: str
    path: Path
    url: str | None
    expires_s: float = 0.0
    done: bool = False
    short_lived: bool = False  # expired before anybody could fetch it
    task: asyncio.Task[None] | None = field(default=None, repr=False)


class Exports:
    """Exports of one workspace by the token in their address."""

    def __init__(self, space: Workspace, delay_s: float) -> None:
        self._space = space
        self._folder = space.folder / "exports"
        self._folder.mkdir(mode=0o700, exist_ok=True)
        for left_over in self._folder.iterdir():
            left_over.unlink()
        self._by_token: dict[str, Export] = {}
        self._expired: set[str] = set()
        self.delay_s = delay_s
        self.bucket = Bucket(space.folder / "bucket")
        self.own_bucket = False
        self.callbacks = Callbacks()
        self.keys_received = 0  # downloads that carried an API key, which must never happen

    def start(self, wish: Wish, prefix: str, base_url: str) -> dict[str, str]:
        """Accept an export: its prefix, and its address where there is no bucket.

        Raises Refused while another one of the same segment, or too many others, run.
        """
        self._forget_expired()
        running = self._running()
        if any(e.wish.source == wish.source for e in running) or len(running) >= MAX_RUNNING:
            raise refused(429, "Rate Limited")
        token = secrets.token_urlsafe(12)
        url = None if self.own_bucket else f"{base_url}/exports/{token}.zip"
        export = Export(wish, prefix, self._folder / f"{token}.zip", url)
        self._by_token[token] = export
        export.task = asyncio.get_running_loop().create_task(self._carry_out(token, export))
        return {"object_prefix": prefix} | ({"url": url} if url is not None else {})

    def cancel(self, source: str) -> None:
        """Stop the running exports of a segment; their addresses never become valid."""
        for export in self._running():
            if export.wish.source == source and export.task is not None:
                export.task.cancel()

    def expire(self, url: object) -> None:
        """Let the export behind an address be gone before it can be fetched."""
        for export in self._by_token.values():
            if url is not None and export.url == url:
                export.short_lived = True

    def fetch(self, token: str) -> Path | str:
        """The finished ZIP behind a token, or the XML of why access is denied."""
        self._forget_expired()
        export = self._by_token.get(token)
        if export is not None and export.done:
            return export.path
        return EXPIRED if token in self._expired else ACCESS_DENIED

    def as_json(self) -> dict[str, Any]:
        """How exports go now, what is in the bucket, and who was called back."""
        return {
            "delay_s": self.delay_s,
            "own_bucket": self.own_bucket,
            "running": [e.prefix for e in self._running()],
            "bucket": self.bucket.keys(),
            "callbacks": self.callbacks.as_json(),
        }

    def _running(self) -> list[Export]:
        return [e for e in self._by_token.values() if not e.done]

    async def _carry_out(self, token: str, export: Export) -> None:
        ready_at = time.monotonic() + self.delay_s
        try:
            if export.url is None:
                await self._fill_bucket(export)
            else:
                await self._fill_archive(export)
            await asyncio.sleep(max(0.0, ready_at - time.monotonic()))
        except BaseException as problem:
            # a failed or cancelled export must not block its segment for ever
            self._by_token.pop(token, None)
            for path in (export.path, export.path.with_suffix(".part")):
                path.unlink(missing_ok=True)
            if isinstance(problem, asyncio.CancelledError):
                return
            raise
        export.done = True
        export.expires_s = self._space.now_s + (0 if export.short_lived else LIFE_S)
        if export.url is None:
            del self._by_token[token]
        if export.wish.callback is not None:
            await self.callbacks.call(export.wish.callback, export.url)

    async def _fill_archive(self, export: Export) -> None:
        partial = export.path.with_suffix(".part")
        with Archive(partial) as archive:
            for rows in _files(export.wish.rows):
                with archive.member(f"{secrets.token_hex(8)}.txt") as member:
                    for start in range(0, len(rows), PEOPLE_PER_STEP):
                        member.write(self._lines(export.wish, rows[start:][:PEOPLE_PER_STEP]))
                        await asyncio.sleep(0)
        partial.replace(export.path)

    async def _fill_bucket(self, export: Export) -> None:
        contents = []
        for rows in _files(export.wish.rows):
            lines = []
            for start in range(0, len(rows), PEOPLE_PER_STEP):
                lines.append(self._lines(export.wish, rows[start:][:PEOPLE_PER_STEP]))
                await asyncio.sleep(0)
            contents.append(b"".join(lines))
        finished_s = self._space.now_s  # the key names the day on which the export finished
        for content in contents:
            self.bucket.put(
                export.wish.source, finished_s, export.prefix, content, gzipped=export.wish.gzip
            )

    def _lines(self, wish: Wish, rows: NDArray[np.int64]) -> bytes:
        objects = export_objects(self._space, rows, wish.fields, wish.attributes)
        return b"\n".join(map(orjson.dumps, objects)) + b"\n"

    def _forget_expired(self) -> None:
        for token, export in list(self._by_token.items()):
            if export.done and export.expires_s <= self._space.now_s:
                del self._by_token[token]
                self._expired.add(token)
                with contextlib.suppress(FileNotFoundError):
                    export.path.unlink()


def _files(rows: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """People by the file they come in: at most PEOPLE_PER_FILE each, several where it can be."""
    few = len(rows) <= PEOPLE_PER_FILE
    size = max(1, -(-len(rows) // LEAST_FILES)) if few else PEOPLE_PER_FILE
    return [rows[start : start + size] for start in range(0, max(len(rows), 1), size)]
