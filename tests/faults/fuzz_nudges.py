"""What the schema leaves open and the text of the contract demands: a target, one of a pair.

Applied to most valid bodies, so that they are tried behind the first refusal too.
"""

from __future__ import annotations

import random
from typing import Any

from tests.faults.fuzz_identifiers import Identifiers

SHARE = 0.8


def nudged(path: str, body: Any, real: Identifiers, rng: random.Random) -> Any:
    """The body made to name a target that exists; some stay as they are."""
    if not isinstance(body, dict) or rng.random() >= SHARE:
        return body
    body = dict(body)
    if path == "/messages/send":
        return _message(body, real, rng)
    if path.endswith(("/trigger/send", "/schedule/create")):
        return _trigger(body, real, rng)
    if path.endswith(("schedule/update", "schedule/delete")):
        return _scheduled(path, body, real, rng)
    if path == "/users/track":
        return _tracked(body, real, rng)
    return body


def _message(body: dict[str, Any], real: Identifiers, rng: random.Random) -> dict[str, Any]:
    if not body.get("external_user_ids") and not body.get("user_aliases"):
        body["external_user_ids"] = rng.sample(real.people, 3)
    body.pop("broadcast", None)
    email = {"app_id": "a", "from": "A <a@b.example>", "body": "x", "subject": "s"}
    given = body["messages"].get("email")
    body["messages"] = {"email": email | (given if isinstance(given, dict) else {})}
    if body.get("campaign_id"):
        body["messages"]["email"]["message_variation_id"] = rng.choice(real.variations["email"])
    else:
        body.pop("send_id", None)
    return body


def _trigger(body: dict[str, Any], real: Identifiers, rng: random.Random) -> dict[str, Any]:
    recipients = [r for r in body.get("recipients", []) if _one_way(r)]
    wide = body.get("broadcast") is True or "audience" in body
    if body.get("broadcast") is True:
        body.pop("recipients", None)
    elif recipients or not wide:
        people = recipients or [{"external_user_id": rng.choice(real.people)}]
        body["recipients"] = people
    body.pop("send_id", None)
    return body


def _one_way(recipient: dict[str, Any]) -> bool:
    names = ("external_user_id", "user_alias", "braze_id", "email")
    return sum(n in recipient for n in names) == 1


def _scheduled(
    path: str, body: dict[str, Any], real: Identifiers, rng: random.Random
) -> dict[str, Any]:
    family, name = (
        ("campaigns", "campaign_id") if path.startswith("/camp") else ("canvas", "canvas_id")
    )
    made = real.schedules.get(family, [])
    if made:
        at = rng.randrange(len(made))
        body[name], body["schedule_id"] = made.pop(at) if path.endswith("delete") else made[at]
    if "schedule" in body:
        body["schedule"] = {**body["schedule"], "time": real.soon()}
    return body


def _tracked(body: dict[str, Any], real: Identifiers, rng: random.Random) -> dict[str, Any]:
    for name in ("attributes", "events", "purchases"):
        for item in body.get(name) or []:
            ways = [w for w in ("external_id", "braze_id", "user_alias") if w in item]
            for way in ways[1:]:
                del item[way]
            if not ways:
                item["external_id"] = rng.choice(real.people)
    return body
