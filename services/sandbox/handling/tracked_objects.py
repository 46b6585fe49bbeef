"""Why one object of `users/track` is refused."""

from __future__ import annotations

import math
from typing import Any

import orjson

from services.sandbox.handling.tracked_fields import MAIL, problem_of_fields
from services.sandbox.remembering.identifiers import alias_of, external_id_of
from services.sandbox.remembering.moments import moment_s

MAX_ID_BYTES = 987
MAX_NAME = 255
MAX_QUANTITY = 100
MAX_PRICE = 1e12  # keeps cents within 64 bits; a choice
MAX_PROPERTIES_BYTES = {"events": 100 * 1024, "purchases": 50 * 1024}
PRIMARY = ("external_id", "braze_id", "user_alias")
# Braze blocks dummy users by their traffic. The sandbox blocks this name, so that a client can
# see the refusal.
BLOCKED_EXTERNAL_ID = "blocked-dummy-user"
BLOCKED = "provided external_id is blacklisted and disallowed"
NEEDS_ID = "'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required"
ONE_ID = "only one of 'external_id', 'braze_id' or 'user_alias' is allowed"
BAD_PROPERTIES = "Invalid 'properties' field"
RESERVED = {
    "events": {"time", "event_name"},
    "purchases": {"time", "product_id", "quantity", "event_name", "price", "currency"},
}


def problem_of(array: str, item: object) -> str | None:
    """The error text of an object in `array`, or None where it can be used."""
    if not isinstance(item, dict):
        return "objects are required"
    problem = _identity(item)
    if problem is not None:
        return problem
    match array:
        case "attributes":
            return problem_of_fields(item)
        case "events":
            return _event(item)
        case _:
            return _purchase(item)


def _identity(item: dict[str, Any]) -> str | None:
    primary = [name for name in PRIMARY if item.get(name) is not None]
    if len(primary) > 1:
        return ONE_ID
    if not primary:
        return _contact(item)
    value = item[primary[0]]
    match primary[0]:
        case "external_id":
            name = external_id_of(value)
            if name is None:
                return "'external_id' must be a string"
            if len(name.encode("utf-8", "surrogatepass")) > MAX_ID_BYTES:
                return "EXTERNAL_USER_ID_TOO_LARGE"
            return BLOCKED if name == BLOCKED_EXTERNAL_ID else None
        case "user_alias":
            known = alias_of(value) is not None
            return None if known else "'user_alias' must have 'alias_name' and 'alias_label'"
        case _:
            return None if isinstance(value, str) else "'braze_id' must be a string"


def _contact(item: dict[str, Any]) -> str | None:
    """Without a primary identifier the address or the number is one."""
    email, phone = item.get("email"), item.get("phone")
    if email is not None:
        return None if isinstance(email, str) and MAIL.fullmatch(email) else "EMAIL_BAD_FORMAT"
    return None if isinstance(phone, str) and phone else NEEDS_ID


def _event(item: dict[str, Any]) -> str | None:
    name = item.get("name")
    if not isinstance(name, str) or not name or len(name) > MAX_NAME:
        return "'name' is required"
    return _time(item) or _properties("events", item)


def _purchase(item: dict[str, Any]) -> str | None:
    product = external_id_of(item.get("product_id"))
    if product is None or len(product) > MAX_NAME:
        return "'product_id' is required"
    currency = item.get("currency")
    if not isinstance(currency, str) or len(currency) != 3 or not currency.isalpha():
        return "'currency' is required"
    price = item.get("price")
    if not isinstance(price, int | float) or isinstance(price, bool):
        return "'price' is required"
    if not math.isfinite(price) or abs(price) > MAX_PRICE:
        return "'price' must be an amount of money"
    quantity = item.get("quantity")
    if quantity is not None and (type(quantity) is not int or not 1 <= quantity <= MAX_QUANTITY):
        return "'quantity' must be an integer from 1 to 100"
    return _time(item) or _properties("purchases", item)


def _time(item: dict[str, Any]) -> str | None:
    try:
        moment_s(item.get("time"))
    except ValueError:
        return "'time' is required"
    return None


def _properties(array: str, item: dict[str, Any]) -> str | None:
    properties = item.get("properties")
    if properties is None:
        return None
    if not isinstance(properties, dict) or RESERVED[array] & set(properties):
        return BAD_PROPERTIES
    for name, value in properties.items():
        if not 1 <= len(name) <= MAX_NAME or name.startswith("$"):
            return BAD_PROPERTIES
        if isinstance(value, str) and len(value) > MAX_NAME:
            return BAD_PROPERTIES
    if len(orjson.dumps(properties)) > MAX_PROPERTIES_BYTES[array]:
        return BAD_PROPERTIES
    return None
