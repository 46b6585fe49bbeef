"""Cut connections: the client sees a reset instead of an answer."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

_OPEN: dict[tuple[str, int], asyncio.Transport] = {}


class CuttableProtocol(H11Protocol):
    """Remembers the transport of each client, so that a fault can cut it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        if peer:
            _OPEN[(peer[0], peer[1])] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self.client is not None:
            _OPEN.pop(self.client, None)
        super().connection_lost(exc)


def cut(scope: Any) -> None:
    """Abort the connection of a request; what was written and not yet sent is lost."""
    transport = _OPEN.get(tuple(scope.get("client") or ()))
    if transport is not None:
        transport.abort()
