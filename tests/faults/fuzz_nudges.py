"""What the schema leaves open and the text of the contract demands: a target, one of a pair.

Applied to most valid bodies, so that they are tried behind the first refusal too.
"""

from __future__ import annotations

import random
from typing import Any

from tests.faults.fuzz_identifiers import Identifiers

SHARE = 0.8
MOST_CANVAS_DAYS = 14
AUDIENCES: tuple[dict[str, Any], ...] = (
    {"email_subscription_status": {"comparison": "is", "value": "opted_in"}},
    {"custom_attribute": {"custom_attribute_name": "tier", "comparison": "exists"}},
    {"AND": [{"last_used_app": {"comparison": "after", "value": "2025-01-01T00:00:00Z"}}]},
)


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
    if path == "/users/export/ids":
        return {"fields_to_export": ["external_id", "braze_id", "country"], **body}
    if path == "/users/track":
        return _tracked(body, real, rng)
    return body


def nudged_query(path: str, query: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """The query with one of the two ends a Canvas span needs; some stay as they are."""
    if not path.startswith("/canvas/data_") or rng.random() >= SHARE or "starting_at" in query:
        return query
    return {"length": rng.randint(1, MOST_CANVAS_DAYS), **query}


def _message(body: dict[str, Any], real: Identifiers, rng: random.Random) -> dict[str, Any]:
    if not body.get("external_user_ids") and not body.get("user_aliases"):
        body["external_user_ids"] = rng.sample(real.people, 3)
    body.pop("broadcast", None)
    if "audience" in body:
        body["audience"] = rng.choice(AUDIENCES)
    email = {"app_id": "a", "from": "A <a@b.example>", "body": "x", "subject": "s"}
    given = body["messages"].get("email")
    filled = {k: v for k, v in given.items() if v} if isinstance(given, dict) else {}
    body["messages"] = {"email": email | filled}
    if body.get("campaign_id"):
        body["messages"]["email"]["message_variation_id"] = rng.choice(real.variations["email"])
    else:
        body.pop("send_id", None)
    return body


def _trigger(body: dict[str, Any], real: Identifiers, rng: random.Random) -> dict[str, Any]:
    recipients = [r for r in body.get("recipients", []) if _one_way(r)]
    if "schedule" in body:
        body["schedule"] = {**body["schedule"], "time": real.soon()}
    if "audience" in body:
        body["audience"] = rng.choice(AUDIENCES)
    if body.get("broadcast") is True:
        body.pop("recipients", None)
    else:
        body["recipients"] = recipients or [{"external_user_id": rng.choice(real.people)}]
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
