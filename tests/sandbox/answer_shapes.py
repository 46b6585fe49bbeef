"""Whether an answer has the shape of a documented one: the same keys, the same kinds of values.

Elements of a list and values under ids or dates are taken together: a key counts as there when one
of them has it, as in real answers, whose entries are sparse.
"""

from __future__ import annotations

import re
from typing import Any

KINDS = {
    "uuid": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "export prefix": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-\d{10}",
    "24 hex digits": r"[0-9a-f]{24}",
    "32 hex digits": r"[0-9a-f]{32}",
    "date": r"\d{4}-\d\d-\d\d",
    "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)",
    "url": r"https?://.+",
}
SOFT = frozenset({"text", "null"})  # documented as these, a value may be any text or null
NUMBERS = {"float": {"float", "int"}, "int": {"int"}}
VERBATIM = ("message", "notice")
ID_KEY = re.compile(KINDS["uuid"])


def shape_problems(documented: Any, given: Any, where: str = "") -> list[str]:
    """What `given` lacks of `documented`, or has as another kind of value."""
    if isinstance(documented, list):
        return _list_problems(documented, given, where)
    if isinstance(documented, dict):
        return _object_problems(documented, given, where)
    expected, found = _kind(documented), _kind(given)
    if where.removeprefix(".") in VERBATIM and documented != given:
        return [f"{where}: {given!r} instead of {documented!r}"]
    fits = found in NUMBERS.get(expected, {expected})
    if expected in SOFT:
        fits = found in ("null", "text", *KINDS)
    return [] if fits else [f"{where}: {found} ({given!r}) instead of {expected}"]


def _list_problems(documented: list[Any], given: Any, where: str) -> list[str]:
    if not isinstance(given, list):
        return [f"{where}: {_kind(given)} instead of an array"]
    if not documented:
        return []
    return _together(documented[0], given, f"{where}[]", documented[1:])


def _object_problems(documented: dict[str, Any], given: Any, where: str) -> list[str]:
    if not isinstance(given, dict):
        return [f"{where}: {_kind(given)} instead of an object"]
    if documented and all(map(ID_KEY.fullmatch, documented)):
        wrong = [f"{where}: the key {k!r} is no id" for k in given if not ID_KEY.fullmatch(k)]
        first, *more = documented.values()
        return wrong + _together(first, list(given.values()), f"{where}.<id>", more)
    found = [f"{where}.{k} is missing" for k in documented if k not in given]
    for key, value in documented.items():
        if key in given:
            found += shape_problems(value, given[key], f"{where}.{key}")
    return found


def _together(first: Any, given: list[Any], where: str, more: list[Any]) -> list[str]:
    """Each given element against the documented ones; keys may be spread over the elements."""
    if not isinstance(first, dict):
        return [p for value in given for p in shape_problems(first, value, where)]
    wanted = {k: v for example in (first, *more) for k, v in example.items()}
    found = [f"{where}: {_kind(g)} instead of an object" for g in given if not isinstance(g, dict)]
    for key, value in wanted.items():
        having = [g[key] for g in given if isinstance(g, dict) and key in g]
        if not having:
            found.append(f"{where}.{key} is missing everywhere")
        elif isinstance(value, dict | list):
            found += _merged_problems(value, having, f"{where}.{key}")
        else:
            found += [p for v in having for p in shape_problems(value, v, f"{where}.{key}")]
    return found


def _merged_problems(documented: Any, given: list[Any], where: str) -> list[str]:
    """Several arrays or objects at the same place, seen as one."""
    kind = type(documented)
    wrong = [
        f"{where}: {_kind(g)} instead of {_kind(documented)}"
        for g in given
        if not isinstance(g, kind)
    ]
    if wrong:
        return wrong
    if kind is list:
        return shape_problems(documented, [v for g in given for v in g], where)
    merged: dict[str, list[Any]] = {}
    for one in given:
        for key, value in one.items():
            merged.setdefault(key, []).append(value)
    if documented and all(map(ID_KEY.fullmatch, documented)):
        first, *more = documented.values()
        return _together(first, [v for values in merged.values() for v in values], where, more)
    return _together(documented, given, where, [])


def _kind(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "int"
        case float():
            return "float"
        case str():
            return next((k for k, p in KINDS.items() if re.fullmatch(p, value)), "text")
        case list():
            return "an array"
    return "an object"
