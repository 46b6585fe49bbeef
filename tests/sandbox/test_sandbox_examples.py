"""The documented examples, asked in order as one would with curl, get answers of the same shape.

documented_session.json holds each example: section of the contract's text, request and answer.
What the dashboard of a workspace gives out is replaced: campaign, Canvas, segment, template ids.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from answer_shapes import shape_problems
from braze_contract import RATE_HEADERS, Contract
from sandbox_wire import Wire

STEPS = json.loads(Path(__file__).with_name("documented_session.json").read_text("utf-8"))
DAY_S = 86_400
N_PEOPLE = 50  # one export by ids

# custom attributes and the profile's facts depend on the world: only their presence is compared
OF_THE_WORLD = {"custom_attributes": {}}
# documented as optional, and nothing in a fresh world fills them
MAY_BE_ABSENT = frozenset(
    (
        ".users[].user_aliases is missing everywhere",
        ".data[].conversions1 is missing everywhere",
        ".data[].conversions1_by_send_time is missing everywhere",
    )
)


def stands_for(wire: Wire) -> dict[str, Any]:
    """The world's own value for each documented identifier."""
    api = next(c for c in wire.world["all_campaigns"] if c["key"] == "api")
    return {
        "7d0f3c52-9b1e-4c7a-8f64-2a5b90c1d7e3": wire.campaign("with_control"),
        "a10f9d7e-2c3b-4d5e-8f90-123456789abc": api["id"],
        "email-17": next(v["id"] for v in api["variations"] if v["channel"] == "email"),
        "2f9b6a10-0c4d-4f0b-9b61-87aa3cde1122": wire.canvas("welcome"),
        "f4a2d0b8-7c61-4a3e-b0d9-3c5e7a9b1d22": wire.segment("everyone"),
        "<paused campaign>": _paused(wire.world["all_campaigns"]),
        "<paused canvas>": _paused(wire.world["all_canvases"]),
        "<callback>": "http://127.0.0.1:9/braze-export",  # the discard port: nobody listens
        "<fifty people>": [f"coffee-{n:07d}" for n in range(N_PEOPLE)],
        "<every field>": [f for f in _fields() if f != "cards_clicked"],
    }


def _paused(targets: list[dict[str, Any]]) -> str:
    return next((t["id"] for t in targets if not t["enabled"]), "no paused one in this world")


def _fields() -> list[str]:
    return Contract().document["components"]["schemas"]["FieldToExport"]["enum"]


def replaced(value: Any, ids: dict[str, Any]) -> Any:
    """A documented request with the world's own identifiers."""
    if isinstance(value, dict):
        return {k: replaced(v, ids) for k, v in value.items()}
    if isinstance(value, list) and len(value) == 1 and isinstance(ids.get(str(value[0])), list):
        return ids[value[0]]
    if isinstance(value, list):
        return [replaced(v, ids) for v in value]
    return ids.get(value, value) if isinstance(value, str) else value


def curl(wire: Wire, method: str, path: str, request: dict[str, Any]) -> tuple[int, Any, Any]:
    """One request on a connection of its own, with the headers of the documented examples."""
    address = wire.url.removeprefix("http://")
    headers = {"Authorization": f"Bearer {wire.key}"}
    line = http.client.HTTPConnection(address, timeout=20)
    if method == "GET":
        line.request("GET", f"{path}?{urlencode(request)}" if request else path, headers=headers)
    else:
        headers["Content-Type"] = "application/json"
        line.request("POST", path, json.dumps(request), headers)
    answer = line.getresponse()
    body = json.loads(answer.read())
    line.close()
    return answer.status, answer.headers, body


@pytest.fixture(scope="module")
def session(shared: Wire) -> Callable[[int], list[str]]:
    """Walks on to a step, once each, and tells what was wrong there."""
    ids = stands_for(shared)
    found: list[list[str]] = []

    def walk_to(number: int) -> list[str]:
        while len(found) <= number:
            step = STEPS[len(found)]
            request = replaced(step["request"], ids)
            if "wait_days" in step:
                shared.control("clock", advance_s=step["wait_days"] * DAY_S)
            found.append(problems(step, curl(shared, step["method"], step["path"], request), ids))
        return found[number]

    return walk_to


def problems(step: dict[str, Any], got: tuple[int, Any, Any], ids: dict[str, Any]) -> list[str]:
    """How one answer differs from the documented one; identifiers to keep go to `ids`."""
    status, headers, body = got
    expected = step.get("status", 201 if step["method"] == "POST" else 200)
    if status != expected:
        return [f"status {status} instead of {expected}: {body}"]
    wrong = [f"no header {name}" for name in RATE_HEADERS if name not in headers]
    for name, documented in step.get("keep", {}).items():
        ids[documented] = body[name]
    if step.get("exact"):
        documented, body = replaced(step["answer"], ids), _any_words_of_errors(body)
        return wrong + ([] if body == documented else [f"{body} instead of {documented}"])
    answer = step["answer"]
    if step.get("sparse"):
        answer = {**answer, "users": [{**u, **OF_THE_WORLD} for u in answer["users"]]}
    return wrong + [p for p in shape_problems(answer, body) if p not in MAY_BE_ABSENT]


def _any_words_of_errors(body: Any) -> Any:
    """An item's `type` is documented as a sentence or a code: either will do."""
    items = body.get("errors", [])
    return {**body, "errors": [{**i, "type": "<text>"} for i in items]} if items else body


@pytest.mark.parametrize(
    "number",
    range(len(STEPS)),
    ids=[f"{n:02d} {s['section']} {s['path']}" for n, s in enumerate(STEPS)],
)
def test_a_documented_example_is_answered_as_documented(session, number: int):
    assert session(number) == []


def test_the_documented_session_asks_every_operation_of_the_contract_file():
    asked = {f"{step['method']} {step['path']}" for step in STEPS}
    assert asked == {str(o) for o in Contract().operations}
