"""Why the profile fields of an attributes object are refused: Braze's documented codes."""

from __future__ import annotations

import re
from typing import Any

from services.sandbox.remembering.fields import is_place

MAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
STATES = ("subscribed", "unsubscribed", "opted_in")
GROUP_STATES = ("subscribed", "unsubscribed")
DEVICE_ID_BYTES = range(8, 256)


def problem_of_fields(item: dict[str, Any]) -> str | None:
    """The error of the first field that cannot be used, None where all can. null removes."""
    for name, check in _CHECKS.items():
        value = item.get(name)
        problem = None if value is None else check(value)
        if problem is not None:
            return problem
    if item.get("push_token_import") is True and not item.get("push_tokens"):
        return "BAD_PUSH_TOKEN_IMPORT"
    return None


def _email(value: object) -> str | None:
    return None if isinstance(value, str) and MAIL.fullmatch(value) else "EMAIL_BAD_FORMAT"


def _email_subscribe(value: object) -> str | None:
    if not isinstance(value, str):
        return "BAD_EMAIL_SUBSCRIPTION_STATE"
    if value not in STATES:
        return "'email_subscribe' must be one of 'subscribed', 'unsubscribed', 'opted_in'"
    return None


def _push_subscribe(value: object) -> str | None:
    return None if value in STATES else "BAD_PUSH_SUBSCRIPTION_STATE"


def _tracking(value: object) -> str | None:
    return None if isinstance(value, bool) else "INVALID_ATTRIBUTE_EMAIL_SUBSCRIPTION_INFO"


def _location(value: object) -> str | None:
    return None if is_place(value) else "BAD_LOCATION_UPDATE"


def _import(value: object) -> str | None:
    return None if isinstance(value, bool) else "BAD_PUSH_TOKEN_IMPORT"


def _tokens(value: object) -> str | None:
    if not isinstance(value, list) or not all(isinstance(token, dict) for token in value):
        return "BAD_PUSH_TOKEN_VALUE"
    for token in value:
        if not isinstance(token.get("app_id"), str) or not token["app_id"]:
            return "BAD_PUSH_TOKEN_APP_ID"
        if not isinstance(token.get("token"), str) or not token["token"]:
            return "BAD_PUSH_TOKEN_STRING"
        device = token.get("device_id")
        if device is not None and (
            not isinstance(device, str)
            or len(device.encode("utf-8", "surrogatepass")) not in DEVICE_ID_BYTES
        ):
            return "BAD_DEVICE_ID"
    return None


def _groups(value: object) -> str | None:
    if not isinstance(value, list):
        return "BAD_SUBSCRIPTION_GROUP_ARRAY"
    for group in value:
        if not isinstance(group, dict):
            return "BAD_SUBSCRIPTION_GROUP_HASH"
        identifier = group.get("subscription_group_id")
        if not isinstance(identifier, str) or not identifier:
            return "BAD_SUBSCRIPTION_GROUP_ID"
        if group.get("subscription_state") not in GROUP_STATES:
            return "BAD_SUBSCRIPTION_GROUP_STATE"
    return None


_CHECKS = {
    "email": _email,
    "email_subscribe": _email_subscribe,
    "push_subscribe": _push_subscribe,
    "email_open_tracking_disabled": _tracking,
    "email_click_tracking_disabled": _tracking,
    "current_location": _location,
    "push_token_import": _import,
    "push_tokens": _tokens,
    "subscription_groups": _groups,
}
