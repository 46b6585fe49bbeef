"""The checks every Braze request meets, in order, before a handler sees it.

Authentication, address, permission, path, rate limit, content type, JSON, values: API.md, order of
checks.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from services.sandbox.handling.calls import Call, Handler
from services.sandbox.handling.exports import Exports
from services.sandbox.remembering.workspace import Workspace
from services.sandbox.routing.faults import BEFORE, DOWNLOADS, Fault, Kind, Script
from services.sandbox.routing.keys import Grant, Keys
from services.sandbox.routing.maintenance import Maintenance
from services.sandbox.routing.rate_limits import NO_HEADERS, SHARED, Buckets, family_of
from services.sandbox.routing.refusals import Refused, refused
from services.sandbox.routing.spoiling import Answer, instead, json_answer, spoilt

MAX_BODY_BYTES = 10 * 1024 * 1024
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
    maintenance: Maintenance = field(default_factory=Maintenance)

    async def pass_through(self, request: Request, operation: Operation | None) -> Response:
        """Answer one request. `operation` None means that there is no such path."""
        began = time.perf_counter()
        self.maintenance.carry_out()
        if operation is not None and request.method != operation.method:
            operation = None  # HEAD comes along with GET
        fault = self.faults.strike(request.url.path)
        blob = await _read(request)
        headers = dict(NO_HEADERS)
        if fault is not None and fault.kind in BEFORE:
            if fault.kind is Kind.OTHER_INSTEAD:
                self._sent_by_another(operation, _parsed(blob))
            headers = self._count(_family(operation, _parsed(blob)), take=False)
            _sign(headers, began)
            return await instead(request, fault, headers, self.space.clock.window_s())
        try:
            status, body = self._answer(request, operation, blob, headers, fault)
        except LimitReached as no:
            status, body = no.status, no.body
            headers.update(no.headers)
        except Refused as no:
            status, body = no.status, no.body
        _sign(headers, began)
        answer = json_answer(status, body, headers)
        if status == 200:
            headers["etag"] = f'W/"{hashlib.blake2b(answer.content, digest_size=16).hexdigest()}"'
        if fault is not None and (status < 300 or fault.kind is Kind.CLOCK_SKEW):
            return await spoilt(request, fault, answer)
        return answer.response()

    async def download(self, request: Request, token: str) -> Response:
        """Answer a GET for the file of an export. It needs no key, and should not get one."""
        self.space.catch_up()
        if "authorization" in request.headers:
            self.exports.keys_received += 1
        fault = self.faults.strike(DOWNLOADS)
        if fault is not None and fault.kind in BEFORE:
            return await instead(request, fault, {}, self.space.clock.window_s())
        found = self.exports.fetch(token)
        if isinstance(found, str):
            return Response(found, 403, media_type="application/xml")
        if fault is not None:
            content = found.read_bytes()
            return await spoilt(request, fault, Answer(200, content, {}, "application/zip"))
        return FileResponse(found, media_type="application/zip")

    def _answer(
        self,
        request: Request,
        operation: Operation | None,
        blob: bytes | None,
        headers: dict[str, str],
        fault: Fault | None,
    ) -> tuple[int, dict[str, Any]]:
        grant = self._authenticated(request)
        parsed = _parsed(blob) if request.method == "POST" else None
        family = _family(operation, parsed)
        headers.update(self._count(family, take=False))
        if not grant.admits(request.client.host if request.client else ""):
            raise refused(403, "Invalid whitelisted IPs")
        if operation is not None and operation.permission not in grant.permissions:
            raise refused(403, "You do not have permission to access this resource")
        if operation is None:
            raise refused(404, "Not Found")
        self.space.catch_up()
        headers.update(self._count(family))
        if blob is None:
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
        base_url = str(request.base_url).rstrip("/")
        call = Call(self.space, self.exports, dict(request.query_params), body, base_url)
        if fault is not None and fault.kind is Kind.QUEUED:
            if operation.method == "POST" and not operation.path.startswith("/users/export/"):
                self.maintenance.put_off(fault.delay_s, lambda: operation.handler(call))
            return 202, {"message": "queued"}
        answer = operation.handler(call)
        if fault is not None and fault.kind is Kind.EXPORT_EXPIRED:
            self.exports.expire(answer.get("url"))
        if fault is not None and fault.kind is Kind.OTHER_TOO:
            self._sent_by_another(operation, body)
        return operation.success, answer

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

    def _sent_by_another(self, operation: Operation | None, body: dict[str, Any] | None) -> None:
        """Another sender uses the campaign or Canvas of this send for the same people."""
        body = body or {}
        target = self.space.catalogue.by_id.get(
            str(body.get("campaign_id") or body.get("canvas_id"))
        )
        listed = body.get("recipients")
        if operation is None or target is None or not isinstance(listed, list):
            return
        people = [
            str(item["external_user_id"])
            for item in listed
            if isinstance(item, dict) and item.get("external_user_id") is not None
        ]
        self.space.record("other_sender", {"target": target.id, "people": people})


class LimitReached(Refused):
    """429 with the headers of the bucket that is used up."""

    def __init__(self, headers: dict[str, str]) -> None:
        super().__init__(429, {"message": "Rate Limited"})
        self.headers = headers


def _sign(headers: dict[str, str], began: float) -> None:
    headers["x-request-id"] = str(uuid.uuid4())
    headers["x-runtime"] = f"{time.perf_counter() - began:.6f}"
    headers["vary"] = "Accept-Encoding"


def _family(operation: Operation | None, parsed: dict[str, Any] | None) -> str:
    return SHARED if operation is None else family_of(operation.path, parsed)


async def _read(request: Request) -> bytes | None:
    """The body, or None where it is too large; then the rest is read and thrown away."""
    pieces: list[bytes] = []
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > MAX_BODY_BYTES:
            pieces.clear()
        else:
            pieces.append(piece)
    return None if size > MAX_BODY_BYTES else b"".join(pieces)


def _parsed(blob: bytes | None) -> dict[str, Any] | None:
    try:
        parsed = orjson.loads(blob or b"")
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
