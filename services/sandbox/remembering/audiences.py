"""Connected audiences: filters that come with a request."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.sandbox.remembering.attributes import read
from services.sandbox.remembering.membership import Membership
from services.sandbox.remembering.moments import moment_s
from services.sandbox.world.model import DerivedAttribute
from services.sandbox.world.people import DAY_S, STATES

GROUPS = ("AND", "OR")
SUBSCRIPTIONS = {"push_subscription_status": "push", "email_subscription_status": "email"}
ATTRIBUTE, LAST_USED = "custom_attribute", "last_used_app"
FILTERS = (*GROUPS, *SUBSCRIPTIONS, ATTRIBUTE, LAST_USED)
EXISTENCE = frozenset({"exists", "does_not_exist"})
NEGATIONS = {
    "not_equal": "equals",
    "does_not_equal": "equals",
    "does_not_match_regex": "matches_regex",
    "does_not_include_value": "includes_value",
}
NUMBERS: dict[str, Callable[[float, float], bool]] = {
    "greater_than": lambda held, value: held > value,
    "greater_than_or_equal_to": lambda held, value: held >= value,
    "less_than": lambda held, value: held < value,
    "less_than_or_equal_to": lambda held, value: held <= value,
}
# days since a time (negative: days until it) against the filter's number
DAYS: dict[str, Callable[[float, float], bool]] = {
    "less_than_x_days_ago": lambda ago, days: 0 <= ago < days,
    "greater_than_x_days_ago": lambda ago, days: ago > days,
    "less_than_x_days_in_the_future": lambda ago, days: 0 <= -ago < days,
    "greater_than_x_days_in_the_future": lambda ago, days: -ago > days,
}
MOMENTS = frozenset({"after", "before"})
COMPARISONS = frozenset({*EXISTENCE, *NEGATIONS, *NEGATIONS.values(), *NUMBERS, *DAYS, *MOMENTS})


def in_audience(
    membership: Membership, audience: dict[str, Any], rows: NDArray[np.int64], now_s: float
) -> NDArray[np.bool_]:
    """Who of `rows` a checked audience holds, bool (n,). Rows of -1 are in no audience."""
    inside = np.zeros(len(rows), bool)
    known = rows >= 0
    inside[known] = _holds(membership, audience, rows[known], now_s)
    return inside


def _holds(
    membership: Membership, node: dict[str, Any], rows: NDArray[np.int64], now_s: float
) -> NDArray[np.bool_]:
    ((kind, inner),) = node.items()
    if kind in GROUPS:
        parts = [_holds(membership, part, rows, now_s) for part in inner]
        if not parts:
            return np.full(len(rows), kind == "AND")
        return np.asarray(np.all(parts, axis=0) if kind == "AND" else np.any(parts, axis=0))
    people = membership.people
    if kind in SUBSCRIPTIONS:
        held = people.push_state if SUBSCRIPTIONS[kind] == "push" else people.email_state
        same = held[rows] == STATES.index(inner["value"])
        return np.asarray(same if inner["comparison"] == "is" else ~same)
    if kind == LAST_USED:
        events, name = membership.profiles.events, membership.world.browse_event
        used_s = events.last[rows, events.names.index(name)]
        limit_s = moment_s(inner["value"])
        after = inner["comparison"] == "after"
        return np.asarray(np.isfinite(used_s) & ((used_s > limit_s) if after else used_s < limit_s))
    values = _values(membership, inner["custom_attribute_name"], rows, now_s)
    comparison, wanted = inner["comparison"], inner.get("value")
    return np.array([matches(held, comparison, wanted, now_s) for held in values], dtype=bool)


def matches(held: Any, comparison: str, wanted: Any, now_s: float) -> bool:
    """Whether an attribute's value passes a filter. A missing one passes only negations."""
    if comparison in EXISTENCE:
        return (held is not None) == (comparison == "exists")
    if comparison in NEGATIONS:
        return not matches(held, NEGATIONS[comparison], wanted, now_s)
    if comparison == "equals":
        return held == wanted and isinstance(held, bool) == isinstance(wanted, bool)
    if comparison == "includes_value":
        return isinstance(held, list) and wanted in held
    if comparison == "matches_regex":
        return isinstance(held, str) and re.search(str(wanted), held) is not None
    if comparison in NUMBERS:
        return _number(held) and _number(wanted) and NUMBERS[comparison](held, wanted)
    try:
        moment = moment_s(held)
        if comparison in MOMENTS:
            return (moment > moment_s(wanted)) == (comparison == "after")
    except ValueError:
        return False
    return _number(wanted) and DAYS[comparison]((now_s - moment) / DAY_S, wanted)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _values(membership: Membership, name: str, rows: NDArray[np.int64], now_s: float) -> list[Any]:
    """An attribute of some people as JSON shows it, None where it is missing."""
    people = membership.people
    derived = {a.name: a for a in membership.world.attributes if isinstance(a, DerivedAttribute)}
    values: list[Any]
    if name in derived:
        numbers = membership.profiles.derived(derived[name].source, now_s)[rows].tolist()
        values = [None if v != v else int(v) for v in numbers]
    elif name in people.columns:
        values = read(people.columns[name], rows)
    else:
        values = [None] * len(rows)
    for position, row in enumerate(rows.tolist()):
        held = people.overrides.get(row)
        if held is not None and name in held:
            values[position] = held[name]
    return values
