"""A pretend Braze inside this process: for the shapes of answers, where no socket is needed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
from pydantic import SecretStr

from services.braze.client import BrazeClient

Answer = Callable[[httpx.Request], httpx.Response]


def client_of(answer: Answer | dict[str, Any], *, status: int = 200) -> BrazeClient:
    """A client whose requests are answered by `answer`: a function, or one body for all."""
    client = BrazeClient("http://127.0.0.1:9", SecretStr("pretend-key-0123456789"), sandbox=True)
    client.close()
    respond = answer if callable(answer) else lambda _asked: httpx.Response(status, json=answer)
    client._http = httpx.Client(transport=httpx.MockTransport(respond))
    return client


def body_of(asked: httpx.Request) -> dict[str, Any]:
    """What a POST carried."""
    return json.loads(asked.content)
