"""POST /users/delete: profiles go for good, for instance temporary test users."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.sandbox.handling.calls import Call
from services.sandbox.remembering.identifiers import PRIORITIES, Outcome, Resolution, resolve
from services.sandbox.routing.refusals import refused

MAX_IDS = 50
TOO_MANY = "The max number of ids per request was exceeded"
DELETE_PRIORITIES = PRIORITIES[:3]  # Braze names no least_recently_updated here

# What an element of each array is, as an identifier object.
KINDS: dict[str, Callable[[Any], Any]] = {
    "external_ids": lambda value: {"external_id": value},
    "user_aliases": lambda value: {"user_alias": value},
    "braze_ids": lambda value: {"braze_id": value},
    "email_addresses": lambda value: value,
    "phone_numbers": lambda value: value,
}
MEANT = {
    "external_ids": "external_id",
    "user_aliases": "user_alias",
    "braze_ids": "braze_id",
    "email_addresses": "email",
    "phone_numbers": "phone",
}


def delete(call: Call) -> dict[str, Any]:
    """POST /users/delete: `deleted` counts the ids given, unknown ones too."""
    given = [name for name in KINDS if name in call.body]
    if len(given) != 1:
        raise refused(400, "Exactly one of " + ", ".join(KINDS) + " is required")
    kind = given[0]
    items = call.body[kind]
    if not isinstance(items, list) or not items:
        raise refused(400, f"{kind} must be an array")
    if len(items) > MAX_IDS:
        raise refused(400, TOO_MANY)
    found = [_meant(call, kind, item) for item in items]
    rows = sorted({one.row for one in found if one.outcome is Outcome.KNOWN})
    if rows:
        call.space.record("delete", {"rows": rows})
    return {"deleted": len(items), "message": "success"}


def _meant(call: Call, kind: str, item: object) -> Resolution:
    """One element's person. Raises Refused where the element is malformed."""
    one = resolve(
        call.space.directory,
        KINDS[kind](item),
        call.space.now_s,
        names=(MEANT[kind],),
        priorities=DELETE_PRIORITIES,
    )
    if one.outcome is Outcome.WRONG:
        raise refused(400, one.problem)
    return one
