"""Connected audiences of a request: what is wrong with them."""

from __future__ import annotations

import re
from typing import Any

from services.sandbox.remembering.audiences import (
    ATTRIBUTE,
    COMPARISONS,
    EXISTENCE,
    FILTERS,
    GROUPS,
    LAST_USED,
    MOMENTS,
    SUBSCRIPTIONS,
)
from services.sandbox.remembering.moments import moment_s
from services.sandbox.routing.refusals import Refused, refused

STATES = ("opted_in", "subscribed", "unsubscribed")
MAX_DEPTH = 20
LONGEST_REGEX = 200


def audience_of(body: dict[str, Any]) -> dict[str, Any] | None:
    """The connected audience of a request, None where it has none. Raises Refused."""
    audience = body.get("audience")
    if audience is None or audience == {}:
        return None
    _check(audience, 0)
    return dict(audience)


def _check(node: Any, depth: int) -> None:
    if not isinstance(node, dict) or len(node) != 1 or next(iter(node)) not in FILTERS:
        raise _wrong("each filter must have exactly one of " + ", ".join(FILTERS))
    if depth > MAX_DEPTH:
        raise _wrong("filters are nested too deeply")
    ((kind, inner),) = node.items()
    if kind in GROUPS:
        if not isinstance(inner, list):
            raise _wrong(f"{kind} must be an array of filters")
        for part in inner:
            _check(part, depth + 1)
        return
    if not isinstance(inner, dict):
        raise _wrong(f"{kind} must be an object")
    comparison, value = inner.get("comparison"), inner.get("value")
    if kind in SUBSCRIPTIONS:
        if comparison not in ("is", "is_not") or value not in STATES:
            raise _wrong(f"{kind} needs is or is_not and one of {', '.join(STATES)}")
    elif kind == LAST_USED:
        if comparison not in ("after", "before"):
            raise _wrong(f"{kind} needs after or before")
        _check_time(value)
    elif kind == ATTRIBUTE:
        _check_attribute(inner, comparison, value)


def _check_attribute(inner: dict[str, Any], comparison: Any, value: Any) -> None:
    if not isinstance(inner.get("custom_attribute_name"), str):
        raise _wrong("custom_attribute_name is required")
    if not isinstance(comparison, str) or comparison not in COMPARISONS:
        raise _wrong("comparison must be one of " + ", ".join(sorted(COMPARISONS)))
    if comparison in EXISTENCE:
        return
    if not isinstance(value, str | int | float | bool):
        raise _wrong("value is required")
    if comparison in MOMENTS:
        _check_time(value)
    if "regex" in comparison:
        try:
            if len(str(value)) > LONGEST_REGEX:
                raise _wrong("the regular expression is too long")
            re.compile(str(value))
        except (re.error, RecursionError, OverflowError) as problem:
            raise _wrong("value must be a regular expression") from problem


def _check_time(value: Any) -> None:
    try:
        moment_s(value)
    except ValueError as problem:
        raise _wrong("value must be an ISO 8601 time") from problem


def _wrong(text: str) -> Refused:
    return refused(400, f"Invalid audience: {text}")
