"""What a handler gets and gives, and how it reads its parameters."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from services.sandbox.handling.exports import Exports
from services.sandbox.remembering.tracking import moment_s
from services.sandbox.remembering.workspace import Workspace
from services.sandbox.routing.refusals import refused

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
PAGE_SIZE = 100  # of campaign, Canvas and segment lists: Braze docs


@dataclass(frozen=True)
class Call:
    """One request that passed every check before the values."""

    space: Workspace
    exports: Exports
    query: dict[str, str]
    body: dict[str, Any]
    base_url: str


Handler = Callable[[Call], dict[str, Any]]


def text(call: Call, name: str) -> str | None:
    """A query parameter, None where it is missing or empty."""
    return call.query.get(name) or None


def flag(call: Call, name: str) -> bool:
    """A boolean query parameter, false by default."""
    return call.query.get(name, "").lower() == "true"


def whole(call: Call, name: str, *, low: int, high: int, default: int | None = None) -> int:
    """An integer query parameter. Raises Refused outside low..high or where it is missing."""
    given = text(call, name)
    if given is None and default is not None:
        return default
    try:
        value = int(given or "")
    except ValueError:
        value = low - 1
    if not low <= value <= high:
        raise refused(400, f"{name} must be an integer between {low} and {high}")
    return value


def day(call: Call, name: str) -> int | None:
    """A time parameter as days since 1970, None where it is missing. Raises Refused."""
    given = text(call, name)
    if given is None:
        return None
    try:
        # a "+" of an offset arrives as a blank when it was not percent-encoded
        return int(moment_s(given.replace(" ", "+")) // 86_400)
    except ValueError as problem:
        raise refused(400, "Bad Request") from problem


def page_of(call: Call, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One zero-based page of a list; past the end it is empty."""
    page = whole(call, "page", low=0, high=10**9, default=0)
    if call.query.get("sort_direction") == "desc":
        items = items[::-1]
    return items[page * PAGE_SIZE : (page + 1) * PAGE_SIZE]


def iso(at_s: float) -> str:
    """A time of lists and details, such as 2026-02-03T11:04:09+00:00."""
    return datetime.fromtimestamp(int(at_s), UTC).isoformat()


def iso_day(day_number: int) -> str:
    """A date of a series, YYYY-MM-DD."""
    return datetime.fromtimestamp(day_number * 86_400, UTC).strftime("%Y-%m-%d")
