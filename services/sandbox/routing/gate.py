"""The checks every Braze request meets, in order, before a handler sees it.

Authentication, permission, path, rate limit, content type, JSON, values: API.md, order of checks.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from services.sandbox.handling.calls import Call, Handler
from services.sandbox.handling.exports import Exports
from services.sandbox.remembering.workspace import Workspace
from services.sandbox.routing.cutting import cut
from services.sandbox.routing.faults import AFTER, Fault, Kind, Script
from services.sandbox.routing.keys import Grant, Keys
from services.sandbox.routing.rate_limits import NO_HEADERS, Buckets, family_of
from services.sandbox.routing.refusals import Refused, refused

MAX_BODY_BYTES = 10 * 1024 * 1024
SLOW_PIECES = 10
GATEWAY_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body>Bad Gateway</body></html>"
NOT_JSON = "Error while parsing request body. Please check your syntax."


@dataclass(frozen=True)
class Operation:
    """One path of Braze: who may call it and who answers."""

    method: str
    path: str
    permission: str
    handler: Handler

    @property
    def success(self) -> int:
        """Braze answers 201 to every accepted POST."""
        return 201 if self.method == "POST" else 200


@dataclass
class Gate:
    """Lets requests through to their operation, or answers for Braze."""

    space: Workspace
    exports: Exports
    keys: Keys
    faults: Script
    buckets: Buckets

    async def pass_through(self, request: Request, operation: Operation | None) -> Response:
        """Answer one request. `operation` None means that there is no such path."""
        began = time.perf_counter()
        fault = self.faults.strike(request.url.path)
        if fault is not None and fault.kind not in AFTER:
            return self._instead(request, fault)
        body = await request.body()
        headers = dict(NO_HEADERS)
        try:
            status, answer = self._answer(request, operation, body, headers, fault)
        except LimitReached as no:
            status, answer = no.status, no.body
            headers.update(no.headers)
        except Refused as no:
            status, answer = no.status, no.body
        headers["x-request-id"] = str(uuid.uuid4())
        headers["x-runtime"] = f"{time.perf_counter() - began:.6f}"
        content = orjson.dumps(answer)
        if fault is not None and status < 300:
            return await self._spoilt(request, fault, status, content, headers)
        return Response(content, status, headers, "application/json")

    def _answer(
        self,
        request: Request,
        operation: Operation | None,
        blob: bytes,
        headers: dict[str, str],
        fault: Fault | None,
    ) -> tuple[int, dict[str, Any]]:
        grant = self._authenticated(request)
        parsed = _parsed(blob) if request.method == "POST" else None
        if not grant.admits(request.client.host if request.client else ""):
            headers.update(self._count("shared", take=False))
            raise refused(403, "Invalid whitelisted IPs")
        if operation is not None and operation.permission not in grant.permissions:
            headers.update(self._count("shared", take=False))
            raise refused(403, "You do not have permission to access this resource")
        if operation is None:
            headers.update(self._count("shared", take=False))
            raise refused(404, "Not Found")
        self.space.catch_up()
        family = family_of(operation.path, parsed)
        headers.update(self._count(family))
        if len(blob) > MAX_BODY_BYTES:
            raise refused(413, "Payload Too Large")
        if operation.method == "POST":
            kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind != "application/json":
                raise refused(415, "Unsupported Media Type")
            if parsed is None:
                raise Refused(400, {"error": NOT_JSON})
        body = {k: v for k, v in (parsed or {}).items() if v is not None}
        if fault is not None and fault.kind is Kind.HALF:
            body = _half(body)
        call = Call(
            self.space,
            self.exports,
            dict(request.query_params),
            body,
            str(request.base_url).rstrip("/"),
        )
        return operation.success, operation.handler(call)

    def _authenticated(self, request: Request) -> Grant:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        grant = self.keys.grant(key.strip()) if scheme.lower() == "bearer" else None
        if grant is None:
            raise refused(401, f"Invalid API key: {key.strip()}")
        return grant

    def _count(self, family: str, *, take: bool = True) -> dict[str, str]:
        now_s = self.space.clock.window_s()
        if not take:
            return self.buckets.look(family, now_s).headers()
        count = self.buckets.take(family, now_s)
        if count.exceeded:
            raise LimitReached(count.headers())
        return count.headers()

    def _instead(self, request: Request, fault: Fault) -> Response:
        """A fault before anything was accepted."""
        headers = self._count("shared", take=False)
        match fault.kind:
            case Kind.RATE_LIMITED:
                headers["X-RateLimit-Remaining"] = "0"
                reset = self.space.clock.window_s() + fault.delay_s
                headers["X-RateLimit-Reset"] = str(int(reset) + 1)
                return _json(429, {"message": "Rate Limited"}, headers)
            case Kind.HTML_BEFORE:
                return Response(GATEWAY_PAGE, 502, media_type="text/html")
            case Kind.CUT_BEFORE:
                cut(request.scope)
                return Response(status_code=500)
            case _:
                return _json(500, {"message": "Internal Server Error"}, headers)

    async def _spoilt(
        self, request: Request, fault: Fault, status: int, content: bytes, headers: dict[str, str]
    ) -> Response:
        """A fault after everything was accepted: the answer does not arrive as it should."""
        match fault.kind:
            case Kind.ERROR_AFTER:
                return _json(500, {"message": "Internal Server Error"}, headers)
            case Kind.HTML_AFTER:
                return Response(GATEWAY_PAGE, 502, media_type="text/html")
            case Kind.LATE:
                await asyncio.sleep(fault.delay_s)
                return Response(content, status, headers, "application/json")
            case Kind.SLOW:
                pieces = _slowly(content, fault.delay_s)
                headers["content-length"] = str(len(content))
                return StreamingResponse(pieces, status, headers, "application/json")
            case Kind.CUT_BODY:
                pieces = _half_and_cut(content, request)
                headers["content-length"] = str(len(content))
                return StreamingResponse(pieces, status, headers, "application/json")
            case _:
                cut(request.scope)
                return Response(status_code=500)


class LimitReached(Refused):
    """429 with the headers of the bucket that is used up."""

    def __init__(self, headers: dict[str, str]) -> None:
        super().__init__(429, {"message": "Rate Limited"})
        self.headers = headers


def _json(status: int, body: dict[str, Any], headers: dict[str, str]) -> Response:
    return Response(orjson.dumps(body), status, headers, "application/json")


def _parsed(blob: bytes) -> dict[str, Any] | None:
    try:
        parsed = orjson.loads(blob)
    except orjson.JSONDecodeError:
        return None
    return parsed if isinstance(parsed, dict) else None


def _half(body: dict[str, Any]) -> dict[str, Any]:
    """The first half of the people in a send."""
    for name in ("recipients", "external_user_ids"):
        people = body.get(name)
        if isinstance(people, list) and len(people) > 1:
            return {**body, name: people[: len(people) // 2]}
    return body


async def _slowly(content: bytes, delay_s: float) -> AsyncIterator[bytes]:
    size = max(1, -(-len(content) // SLOW_PIECES))
    for start in range(0, len(content), size):
        await asyncio.sleep(delay_s / SLOW_PIECES)
        yield content[start : start + size]


async def _half_and_cut(content: bytes, request: Request) -> AsyncIterator[bytes]:
    yield content[: len(content) // 2]
    await asyncio.sleep(0.01)  # lets the first half leave the buffer before the reset
    cut(request.scope)
