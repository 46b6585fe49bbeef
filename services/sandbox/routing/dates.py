"""The Date header of every answer. The server's own is off, so that a fault can turn it."""

from __future__ import annotations

import time
from email.utils import formatdate

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Dated:
    """Wraps an application: answers without a Date get the real time."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._second, self._text = -1, b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""

        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message.setdefault("headers", [])
                if all(name.lower() != b"date" for name, _ in headers):
                    headers.append((b"date", self._now()))
            await send(message)

        await self._app(scope, receive, dated if scope["type"] == "http" else send)

    def _now(self) -> bytes:
        second = int(time.time())
        if second != self._second:
            self._second, self._text = second, formatdate(second, usegmt=True).encode()
        return self._text
