"""Ways to spoil a request that would have been accepted: one value, one byte or one header."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

JSON = "application/json"
DEEP = 3_000
LONG = 70_000  # characters: more than any field may hold
LONG_IN_QUERY = 4_000  # beyond about 64 KB the HTTP parser refuses a URL before Braze's checks
VALUES: tuple[Any, ...] = (
    *(None, True, False, "", " ", [], {}, [[]], [None], [{}], {"": None}, {"inc": "x"}),
    *(0, -1, 51, 101, 2**31, -(2**63), 2**64, 1e308, -0.0, 0.1, "0", "1e3", "१२", "-5"),
    *("\x00", "\ud800", "a" * LONG, "../../etc/passwd", "' OR 1=1 --", "{{${first_name}}}"),
    *(
        "2026-02-30T10:00:00Z",
        "0000-01-01",
        "9999-12-31T23:59:59+14:00",
        "2026-03-01T10:00:00+99:99",
    ),
    *("00000000-0000-0000-0000-000000000000", "7D0F3C52-9B1E-4C7A-8F64-2A5B90C1D7E3", "all", "NaN"),
)
CONTENT_TYPES = ("", "text/plain", "application/x-www-form-urlencoded", "application/jsonx")
MANY = (51, 76, 101, 501)


def spoilt_query(query: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """One parameter missing, doubled, unknown or with a value it does not take."""
    spoilt = dict(query)
    name = rng.choice([*spoilt, "page", "length", "limit", "offset", "ending_at", "unheard_of"])
    match rng.randrange(3):
        case 0:
            spoilt.pop(name, None)
        case 1:
            spoilt[name] = [_as_text(rng.choice(VALUES)), _as_text(rng.choice(VALUES))]
        case _:
            spoilt[name] = _as_text(rng.choice(VALUES))
    return spoilt


def spoilt_body(body: Any, rng: random.Random) -> bytes:
    """The bytes of a body with one thing wrong."""
    how = rng.randrange(10)
    blob = json.dumps(body).encode()
    if how == 0:
        return blob[: rng.randrange(len(blob))]
    if how == 1:
        at = rng.randrange(len(blob))
        return blob[:at] + bytes([rng.randrange(256)]) + blob[at + 1 :]
    if how == 2:
        return json.dumps(rng.choice([[], [body], "text", 1, None, True])).encode()
    if how == 3:
        return b'{"campaign_id":' + b"[" * DEEP + b"]" * DEEP + b"}"
    return json.dumps(_changed(copy.deepcopy(body), rng)).encode()


def _changed(body: Any, rng: random.Random) -> Any:
    """One node replaced, removed or multiplied."""
    parent, key = rng.choice(list(_places(body)) or [(None, None)])
    if parent is None:
        return rng.choice([{}, {"messages": None}])
    how = rng.randrange(8)
    if how == 0:
        del parent[key]
    elif how == 1 and isinstance(parent[key], list):
        parent[key] = (parent[key] or [rng.choice(VALUES)]) * rng.choice(MANY)
    elif how == 2 and isinstance(parent[key], dict):
        parent[key] = [parent[key]]
    elif how == 3 and isinstance(parent, dict):
        parent[rng.choice(("broadcast", "attributes", "send_id", "external_id", "email", key))] = (
            rng.choice(VALUES)
        )
    else:
        parent[key] = rng.choice(VALUES)
    return body


def _places(node: Any) -> Any:
    """Every container and key inside a structure."""
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in list(items):
        yield node, key
        if isinstance(value, dict | list):
            yield from _places(value)


def _as_text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text.replace("\ud800", "\ufffd")[:LONG_IN_QUERY]
