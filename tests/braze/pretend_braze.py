"""A pretend Braze inside this process: for the shapes of answers, where no socket is needed."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import copy
from functools import cache
from typing import Any

import httpx
from pydantic import SecretStr

from services.braze.client import BrazeClient

Answer = Callable[[httpx.Request], httpx.Response]


def client_of(answer: Answer | dict[str, Any], *, status: int = 200) -> BrazeClient:
    """A client whose requests are answered by `answer`: a function, or one body for all."""
    client = copy(_shell())
    respond = answer if callable(answer) else lambda _asked: httpx.Response(status, json=answer)

    def unread(asked: httpx.Request) -> httpx.Response:
        """The answer as it comes off a line: nobody has read it yet."""
        found = respond(asked)
        body = httpx.ByteStream(found.content)
        return httpx.Response(found.status_code, headers=found.headers, stream=body)

    client._http = httpx.Client(transport=httpx.MockTransport(unread))
    return client


@cache
def _shell() -> BrazeClient:
    """Made once: setting up TLS, which nobody uses here, takes longer than a test."""
    made = BrazeClient("http://127.0.0.1:9", SecretStr("pretend-key-0123456789"), sandbox=True)
    made.close()
    return made


def body_of(asked: httpx.Request) -> dict[str, Any]:
    """What a POST carried."""
    return json.loads(asked.content)
