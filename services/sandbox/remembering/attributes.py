"""Custom attributes of one person: setting, counting up, and lists."""

from __future__ import annotations

import math
from typing import Any

import orjson

from services.sandbox.remembering.moments import moment_s
from services.sandbox.world.people import MISSING, Column, People

MOST_ELEMENTS = 25  # of an array, Braze docs; the oldest fall out
LARGEST_EXACT = 2**53  # of a float column
LARGEST_INTEGER = 2**63 - 1
OPERATIONS = frozenset({"inc", "add", "remove"})
TIME = "$time"


def set_attribute(people: People, row: int, name: str, value: Any, *, merge: bool = False) -> None:
    """Write one custom attribute. What Braze drops silently is dropped silently here too.

    value  a JSON value; None removes; {"inc": n}, {"add": […]} and {"remove": […]} change
    merge  objects are merged key by key instead of replaced
    """
    if isinstance(value, dict):
        if value and set(value) <= OPERATIONS:
            value = _changed(attribute(people, row, name), value)
        else:
            before = attribute(people, row, name)
            value = _nested(value)
            if merge and isinstance(before, dict) and value is not None:
                value = _merged(before, value)
        if value is None:
            return
    elif isinstance(value, list):
        value = _distinct(value)
    column = people.columns.get(name)
    if column is not None and _fits(column, row, value):
        if row in people.overrides:
            people.overrides[row].pop(name, None)
        return
    people.overrides.setdefault(row, {})[name] = value
    if column is not None:
        _clear(column, row)


def attribute(people: People, row: int, name: str) -> Any:
    """The value of a custom attribute that is not derived, None where there is none."""
    held = people.overrides.get(row, {})
    if name in held or name not in people.columns:
        return held.get(name)
    return read(people.columns[name], [row])[0]


def read(column: Column, rows: Any) -> list[Any]:
    """Values of a column at some rows as JSON shows them, None where they are missing."""
    values = column.values[rows].tolist()
    if column.categories:
        return [column.categories[int(v)] if v >= 0 else None for v in values]
    if column.flag:
        return [None if v != v else v == 1 for v in values]
    if column.decimals == 0:
        return [None if v != v else int(v) for v in values]
    return [None if v != v else v for v in values]


def clear_attributes(people: People, row: int) -> None:
    """Take every custom attribute from a row."""
    for column in people.columns.values():
        _clear(column, row)
    people.overrides.pop(row, None)


def _clear(column: Column, row: int) -> None:
    column.values[row] = MISSING if column.categories else math.nan


def _fits(column: Column, row: int, value: Any) -> bool:
    """Write the value into the world's own column where its type agrees."""
    if value is None:
        _clear(column, row)
    elif column.categories and isinstance(value, str):
        if value not in column.categories:
            column.categories.append(value)
        column.values[row] = column.categories.index(value)
    elif not column.categories and column.flag == isinstance(value, bool):
        if not isinstance(value, int | float) or abs(value) > LARGEST_EXACT:
            return False
        if column.decimals == 0 and value != int(value):
            return False
        column.values[row] = float(value)
    else:
        return False
    return True


def _changed(before: Any, operations: dict[str, Any]) -> Any:
    """The value after `inc`, or after `remove` and `add`; None where they do not apply."""
    if "inc" in operations:
        step = operations["inc"]
        start = 0 if before is None else before
        if not _is_integer(step) or not _is_integer(start):
            return None
        total = start + step
        return total if abs(total) <= LARGEST_INTEGER else None
    held = [] if before is None else before
    added, removed = operations.get("add", []), operations.get("remove", [])
    if not isinstance(held, list):
        return None
    if not isinstance(added, list) or not isinstance(removed, list):
        return None
    gone = {orjson.dumps(value) for value in removed}
    return _distinct([v for v in held if orjson.dumps(v) not in gone] + added)


def _distinct(values: list[Any]) -> list[Any]:
    """Each value once, at its last place."""
    last = {orjson.dumps(value): i for i, value in enumerate(values)}
    kept = [v for i, v in enumerate(values) if last[orjson.dumps(v)] == i and v is not None]
    return kept[-MOST_ELEMENTS:]


def _nested(value: dict[str, Any]) -> dict[str, Any] | None:
    """A nested object, or None: one bad value inside drops all of it."""
    plain: dict[str, Any] = {}
    for key, inside in value.items():
        if inside is None:
            return None
        if isinstance(inside, dict):
            if set(inside) == {TIME}:
                try:
                    moment_s(inside[TIME])
                except ValueError:
                    return None
                inside = inside[TIME]
            else:
                inside = _nested(inside)
                if inside is None:
                    return None
        plain[key] = inside
    return plain


def _merged(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    out = dict(before)
    for key, value in after.items():
        held = out.get(key)
        both = isinstance(held, dict) and isinstance(value, dict)
        out[key] = _merged(held, value) if both and held is not None else value
    return out


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
