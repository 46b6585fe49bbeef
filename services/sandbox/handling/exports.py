"""Segment exports: accepted at once, written in the background, fetched as a ZIP for four hours."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from services.sandbox.handling.export_objects import export_objects
from services.sandbox.remembering.workspace import Workspace
from services.sandbox.routing.refusals import refused

LIFE_S = 4 * 3600  # virtual: Braze docs, "Export user profile by segment"
PEOPLE_PER_FILE = 5_000
PEOPLE_PER_STEP = 1_000  # other requests are answered between the steps
MAX_RUNNING = 100
COMPRESSION_LEVEL = 1
ACCESS_DENIED = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
)


@dataclass
class Export:
    """One export. It is fetchable once `done` and until `expires_s`, virtual seconds."""

    segment_id: str
    path: Path
    expires_s: float = 0.0
    done: bool = False


class Exports:
    """Exports of one workspace by the token in their address."""

    def __init__(self, space: Workspace, delay_s: float) -> None:
        self._space = space
        self._folder = space.folder / "exports"
        self._folder.mkdir(mode=0o700, exist_ok=True)
        for left_over in self._folder.iterdir():
            left_over.unlink()
        self._by_token: dict[str, Export] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.delay_s = delay_s
        self.keys_received = 0  # downloads that carried an API key, which must never happen

    def start(self, segment_id: str, fields: Sequence[str], attributes: Sequence[str]) -> str:
        """Accept an export and return its token. Raises Refused while another one runs."""
        self._forget_expired()
        running = [e for e in self._by_token.values() if not e.done]
        if any(e.segment_id == segment_id for e in running) or len(running) >= MAX_RUNNING:
            raise refused(429, "Rate Limited")
        token = secrets.token_urlsafe(12)
        export = Export(segment_id, self._folder / f"{token}.zip")
        self._by_token[token] = export
        task = asyncio.get_running_loop().create_task(
            self._write(token, export, fields, attributes)
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return token

    def fetch(self, token: str) -> Path | None:
        """The finished ZIP behind a token, or None where access is denied."""
        self._forget_expired()
        export = self._by_token.get(token)
        return export.path if export is not None and export.done else None

    async def _write(
        self, token: str, export: Export, fields: Sequence[str], attributes: Sequence[str]
    ) -> None:
        ready_at = time.monotonic() + self.delay_s
        space = self._space
        try:
            rows = space.membership.members(
                space.catalogue.segments[export.segment_id], space.now_s
            )
            partial = export.path.with_suffix(".part")
            with zipfile.ZipFile(
                partial, "w", zipfile.ZIP_DEFLATED, compresslevel=COMPRESSION_LEVEL
            ) as archive:
                for start in range(0, max(len(rows), 1), PEOPLE_PER_FILE):
                    with archive.open(f"{secrets.token_hex(8)}.txt", "w") as member:
                        end = min(start + PEOPLE_PER_FILE, len(rows))
                        for low in range(start, end, PEOPLE_PER_STEP):
                            part = rows[low : min(low + PEOPLE_PER_STEP, end)]
                            objects = export_objects(space, part, fields, attributes)
                            lines = b"\n".join(map(orjson.dumps, objects))
                            member.write(lines + b"\n")
                            await asyncio.sleep(0)
            partial.replace(export.path)
            await asyncio.sleep(max(0.0, ready_at - time.monotonic()))
        except BaseException:
            self._by_token.pop(token, None)  # a failed export must not block its segment for ever
            raise
        export.expires_s = space.now_s + LIFE_S
        export.done = True

    def _forget_expired(self) -> None:
        for token, export in list(self._by_token.items()):
            if export.done and export.expires_s <= self._space.now_s:
                del self._by_token[token]
                with contextlib.suppress(FileNotFoundError):
                    export.path.unlink()
