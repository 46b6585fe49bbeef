"""From an identifier object of a request to a person: the one place that decides whom it means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.sandbox.remembering.directory import NOBODY, Directory

EXTERNAL = ("external_user_id", "external_id")  # sends say the first, users/* the second
IDENTIFIERS = (*EXTERNAL, "user_alias", "braze_id", "email", "phone")
PRIORITIES = ("identified", "unidentified", "most_recently_updated", "least_recently_updated")


class Outcome(StrEnum):
    """What an identifier led to."""

    KNOWN = "known"
    UNKNOWN = "unknown"  # well-formed; nobody answers to it
    AMBIGUOUS = "ambiguous"  # several profiles still match: Braze does nothing for any of them
    WRONG = "wrong"  # no identifier, more than one, or a malformed one: 400 with `problem`


@dataclass(frozen=True, slots=True)
class Resolution:
    """One person, or why there is none.

    row      row of the person, NOBODY (-1) unless the outcome is KNOWN
    name     the identifier as text, for the truth log
    problem  sentence for a 400, empty unless the outcome is WRONG
    """

    outcome: Outcome
    row: int = NOBODY
    name: str = ""
    problem: str = ""


def resolve(
    directory: Directory,
    item: object,
    now_s: float,
    *,
    names: Sequence[str] = IDENTIFIERS,
    priorities: Sequence[str] = PRIORITIES,
) -> Resolution:
    """Whom a recipient, or an item of users/delete, means. Never raises.

    item        an object with exactly one of `names`; `email` and `phone` come with
                `prioritization`. Other fields are ignored, null counts as absent.
    now_s       virtual epoch seconds: profiles made later are unknown
    names       the identifiers this request may use
    priorities  the words this request's `prioritization` may hold
    """
    given = [n for n in names if isinstance(item, dict) and item.get(n) is not None]
    if not isinstance(item, dict) or len(given) != 1:
        return _wrong("Exactly one of " + ", ".join(names) + " is required")
    value = item[given[0]]
    match given[0]:
        case "external_user_id" | "external_id":
            return _external(directory, given[0], value, now_s)
        case "user_alias":
            alias = alias_of(value)
            if alias is None:
                return _wrong("user_alias must have an alias_name and an alias_label")
            return _one(directory.of_alias(*alias, now_s), f"{alias[1]}:{alias[0]}")
        case "braze_id":
            if not isinstance(value, str):
                return _wrong("braze_id must be a string")
            return _one(directory.of_braze_id(value, now_s), value)
        case kind:
            if not isinstance(value, str) or not value:
                return _wrong(f"{kind} must be a string")
            order = item.get("prioritization")
            problem = problem_of_prioritization(order, priorities)
            if problem:
                return _wrong(problem)
            holders = directory.of_email if kind == "email" else directory.of_phone
            return _of_several(directory, holders(value, now_s), list(order or ()), value)


def alias_of(value: object) -> tuple[str, str] | None:
    """(alias_name, alias_label) of an alias object, None where it is malformed."""
    if not isinstance(value, dict):
        return None
    name, label = value.get("alias_name"), value.get("alias_label")
    if not isinstance(name, str) or not isinstance(label, str) or not name or not label:
        return None
    return name, label


def external_id_of(value: object) -> str | None:
    """An external id as text: strings, and JSON integers, which become strings."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and value else None


def problem_of_prioritization(order: object, priorities: Sequence[str] = PRIORITIES) -> str:
    """Why a prioritization cannot be used; empty where it can."""
    if not isinstance(order, list) or not order:
        return "prioritization is required"
    if not all(isinstance(word, str) and word in priorities for word in order):
        return "prioritization must be an array of " + ", ".join(priorities)
    if "identified" in order and "unidentified" in order:
        return "prioritization may have only one of identified, unidentified"
    return ""


def _external(directory: Directory, field: str, value: object, now_s: float) -> Resolution:
    name = external_id_of(value)
    if name is None:
        return _wrong(f"{field} must be a string")
    return _one(directory.of_external_id(name, now_s), name)


def _of_several(directory: Directory, rows: list[int], order: list[str], name: str) -> Resolution:
    """Each word of the prioritization narrows what the words before it left."""
    for word in order:
        match word:
            case "identified":
                rows = [row for row in rows if directory.identified(row)]
            case "unidentified":
                rows = [row for row in rows if not directory.identified(row)]
            case "most_recently_updated":
                rows = sorted(rows, key=directory.last_write)[-1:]
            case _:
                rows = sorted(rows, key=directory.last_write)[:1]
    if len(rows) > 1:
        return Resolution(Outcome.AMBIGUOUS, name=name)
    return _one(rows[0] if rows else None, name)


def _one(row: int | None, name: str) -> Resolution:
    if row is None:
        return Resolution(Outcome.UNKNOWN, name=name)
    return Resolution(Outcome.KNOWN, row, name)


def _wrong(problem: str) -> Resolution:
    return Resolution(Outcome.WRONG, problem=problem)
