"""Tell a `callback_endpoint` that an export is ready: one attempt, and only on this machine.

Braze calls any address. The sandbox never opens a connection to another machine: such a callback
is noted and not made.
"""

from __future__ import annotations

import asyncio
import http.client
from typing import Any
from urllib.parse import urlsplit

import orjson

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
TIMEOUT_S = 5.0


class Callbacks:
    """Every callback that was due, and whether it was made and answered."""

    def __init__(self) -> None:
        self._noted: list[dict[str, Any]] = []

    async def call(self, endpoint: str, url: str | None) -> None:
        """POST `{"success": true}` and, without a bucket, the address of the export."""
        body: dict[str, Any] = {"success": True} | ({"url": url} if url is not None else {})
        note: dict[str, Any] = {"endpoint": endpoint, "body": body, "status": None}
        self._noted.append(note)
        note["status"] = await asyncio.to_thread(_post, endpoint, orjson.dumps(body))

    def as_json(self) -> list[dict[str, Any]]:
        """Endpoint, body and status of the answer; null where none was made or nobody answered."""
        return [dict(note) for note in self._noted]


def _post(endpoint: str, body: bytes) -> int | None:
    try:
        parts = urlsplit(endpoint)
        if parts.scheme != "http" or parts.hostname not in LOOPBACK:
            return None
        line = http.client.HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT_S)
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            line.request("POST", target, body, {"Content-Type": "application/json"})
            return line.getresponse().status
        finally:
            line.close()
    except (OSError, ValueError, http.client.HTTPException):
        return None  # one attempt: Braze publishes no retries
