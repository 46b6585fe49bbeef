"""What a fault makes of an answer: nothing accepted and another answer, or accepted and spoilt."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from services.sandbox.handling.exports import EXPIRED
from services.sandbox.routing.cutting import cut
from services.sandbox.routing.faults import Fault, Kind

SLOW_PIECES = 10
LEAVING_S = 0.01  # lets the first half leave the buffer before the reset
RESET = "X-RateLimit-Reset"
_PAGE = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center></body></html>"
BAD_GATEWAY = _PAGE.format("502 Bad Gateway").encode()
TIMED_OUT = _PAGE.format("504 Gateway Time-out").encode()
INTERRUPTED = _PAGE.format("Please stand by").encode()


@dataclass(frozen=True)
class Answer:
    """What would go out if nothing went wrong."""

    status: int
    content: bytes
    headers: dict[str, str]
    media_type: str = "application/json"

    def response(self) -> Response:
        """As it is."""
        return Response(self.content, self.status, self.headers, self.media_type)


def json_answer(status: int, body: dict[str, Any], headers: dict[str, str]) -> Answer:
    """An answer with a JSON body."""
    return Answer(status, orjson.dumps(body), headers)


async def instead(
    request: Request, fault: Fault, headers: dict[str, str], window_s: float
) -> Response:
    """Answer a request that a fault keeps from being looked at.

    headers   of the bucket it would have counted against
    window_s  the time rate windows go by, epoch seconds
    """
    match fault.kind:
        case Kind.RATE_LIMITED:
            headers = {
                **headers,
                "X-RateLimit-Remaining": "0",
                RESET: str(int(window_s + fault.delay_s) + 1),
            }
            return json_answer(429, {"message": "Rate Limited"}, headers).response()
        case Kind.UNAVAILABLE:
            return Response(status_code=503)
        case Kind.GATEWAY_TIMEOUT:
            return await _given_up(fault)
        case Kind.HTML_BEFORE:
            return Response(BAD_GATEWAY, 502, media_type="text/html")
        case Kind.EXPIRED_BEFORE:
            return Response(EXPIRED, 403, media_type="application/xml")
        case Kind.CUT_BEFORE | Kind.OTHER_INSTEAD:
            return _cut(request)
        case _:
            return json_answer(500, {"message": "Internal Server Error"}, headers).response()


async def spoilt(request: Request, fault: Fault, answer: Answer) -> Response:
    """Spoil the answer to a request that was accepted."""
    match fault.kind:
        case Kind.ERROR_AFTER:
            body = {"message": "Internal Server Error"}
            return json_answer(500, body, answer.headers).response()
        case Kind.GATEWAY_TIMEOUT_AFTER:
            return await _given_up(fault)
        case Kind.HTML_AFTER:
            return Response(BAD_GATEWAY, 502, media_type="text/html")
        case Kind.HTML_OK:
            return Response(INTERRUPTED, answer.status, answer.headers, "text/html")
        case Kind.TRUNCATED:
            half = answer.content[: len(answer.content) // 2]
            return replace(answer, content=half).response()
        case Kind.LATE:
            await asyncio.sleep(fault.delay_s)
            return answer.response()
        case Kind.SLOW:
            return _streamed(answer, _slowly(answer.content, fault.delay_s))
        case Kind.CUT_BODY:
            return _streamed(answer, _half_and_cut(answer.content, request))
        case Kind.CLOCK_SKEW:
            return replace(answer, headers=_skewed(answer.headers, fault.skew_s)).response()
        case Kind.QUEUED | Kind.EXPORT_EXPIRED | Kind.OTHER_TOO:
            return answer.response()  # what these do is done
        case _:
            return _cut(request)


def _cut(request: Request) -> Response:
    cut(request.scope)
    return Response(status_code=500)


async def _given_up(fault: Fault) -> Response:
    await asyncio.sleep(fault.delay_s)
    return Response(TIMED_OUT, 504, media_type="text/html")


def _skewed(headers: dict[str, str], skew_s: float) -> dict[str, str]:
    """The same headers by a clock that is off: a client cannot tell the two apart."""
    turned = {**headers, "Date": formatdate(time.time() + skew_s, usegmt=True)}
    if turned.get(RESET):
        turned[RESET] = str(int(turned[RESET]) + int(skew_s))
    return turned


def _streamed(answer: Answer, pieces: AsyncIterator[bytes]) -> Response:
    headers = {**answer.headers, "content-length": str(len(answer.content))}
    return StreamingResponse(pieces, answer.status, headers, answer.media_type)


async def _slowly(content: bytes, delay_s: float) -> AsyncIterator[bytes]:
    size = max(1, -(-len(content) // SLOW_PIECES))
    for start in range(0, len(content), size):
        await asyncio.sleep(delay_s / SLOW_PIECES)
        yield content[start : start + size]


async def _half_and_cut(content: bytes, request: Request) -> AsyncIterator[bytes]:
    yield content[: len(content) // 2]
    await asyncio.sleep(LEAVING_S)
    cut(request.scope)
