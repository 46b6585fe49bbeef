"""Why one object of `users/track` is refused."""

from __future__ import annotations

from typing import Any

from services.sandbox.remembering.tracking import moment_s

MAX_ID_BYTES = 987
MAX_NAME = 255
MAX_QUANTITY = 100
STATES = ("subscribed", "unsubscribed", "opted_in")
NEEDS_ID = "'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required"
RESERVED = {
    "events": {"time", "event_name"},
    "purchases": {"time", "product_id", "quantity", "event_name", "price", "currency"},
}


def problem_of(array: str, item: object) -> str | None:
    """The error text of an object in `array`, or None where it can be used."""
    if not isinstance(item, dict):
        return "objects are required"
    primary = [n for n in ("external_id", "braze_id", "user_alias") if item.get(n) is not None]
    if len(primary) != 1 or primary == ["user_alias"]:
        return NEEDS_ID  # the people of the sandbox have no aliases anybody may know
    if len(str(item.get("external_id", "")).encode()) > MAX_ID_BYTES:
        return "EXTERNAL_USER_ID_TOO_LARGE"
    match array:
        case "attributes":
            return _attributes(item)
        case "events":
            return _event(item)
        case _:
            return _purchase(item)


def _attributes(item: dict[str, Any]) -> str | None:
    for name, code in (
        ("email_subscribe", "BAD_EMAIL_SUBSCRIPTION_STATE"),
        ("push_subscribe", "BAD_PUSH_SUBSCRIPTION_STATE"),
    ):
        if name in item and item[name] not in STATES:
            return code
    return None


def _event(item: dict[str, Any]) -> str | None:
    if not item.get("name"):
        return "'name' is required"
    return _time(item) or _properties("events", item)


def _purchase(item: dict[str, Any]) -> str | None:
    if not item.get("product_id") or len(str(item["product_id"])) > MAX_NAME:
        return "'product_id' is required"
    if not isinstance(item.get("currency"), str):
        return "'currency' is required"
    price = item.get("price")
    if not isinstance(price, int | float) or isinstance(price, bool):
        return "'price' is required"
    quantity = item.get("quantity", 1)
    if not isinstance(quantity, int) or not 1 <= quantity <= MAX_QUANTITY:
        return "'quantity' must be an integer from 1 to 100"
    return _time(item) or _properties("purchases", item)


def _time(item: dict[str, Any]) -> str | None:
    try:
        moment_s(item["time"])
    except (KeyError, ValueError):
        return "'time' is required"
    return None


def _properties(array: str, item: dict[str, Any]) -> str | None:
    properties = item.get("properties") or {}
    if not isinstance(properties, dict) or RESERVED[array] & set(properties):
        return "Invalid 'properties' field"
    return None
