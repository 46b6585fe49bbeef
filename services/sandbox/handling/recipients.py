"""`recipients` of campaign and Canvas triggers: whom they mean, what each is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from services.sandbox.handling.calls import Call
from services.sandbox.handling.tracked_objects import problem_of
from services.sandbox.remembering.directory import braze_id
from services.sandbox.remembering.identifiers import Outcome, resolve
from services.sandbox.routing.refusals import refused

MAX_RECIPIENTS = 50
MAX_PROPERTIES_BYTES = 50 * 1024
TOO_MANY = "The max number of external_ids and aliases per request was exceeded"
NAMES = ("external_user_id", "user_alias", "braze_id", "email")
_OTHER_NAMES = NAMES[1:]
_OTHERS = frozenset(_OTHER_NAMES)
_OF_PROFILES = ("external_id", "braze_id", "user_alias", "email")


@dataclass
class Recipients:
    """The recipients of one request, in its order.

    people      external ids as text, other identifiers as objects
    properties  what each is given; those of the request are already in it
    attributes  objects as `users/track` takes them
    errors      why some of the attributes are not written
    """

    people: list[str | dict[str, Any]] = field(default_factory=list)
    properties: list[dict[str, Any]] = field(default_factory=list)
    attributes: list[dict[str, Any]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def recipients_of(call: Call, shared: dict[str, Any], names: tuple[str, ...]) -> Recipients | None:
    """The recipients of a request, None where it has none. Raises Refused where they are wrong.

    shared  properties of the request
    names   what properties are called here, the first of them wins
    """
    given = call.body.get("recipients")
    if given is None or given == []:
        return None
    if not isinstance(given, list):
        raise refused(400, "recipients must be an array")
    if len(given) > MAX_RECIPIENTS:
        raise refused(400, TOO_MANY)
    found = Recipients()
    for position, item in enumerate(given):
        person = _person(call, item)
        found.people.append(person)
        own = properties_of(item, names)
        found.properties.append({**shared, **own} if own else shared)
        if item.get("attributes") is not None or item.get("send_to_existing_only") is False:
            _add_attributes(call, found, position, item)
        elif not isinstance(item.get("send_to_existing_only", True), bool | None):
            raise refused(400, "send_to_existing_only must be a boolean")
    return found


def properties_of(source: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """The properties of a request or recipient under the first of `names` that is given."""
    for name in names:
        value = source.get(name)
        if value is None:
            continue
        if not isinstance(value, dict):
            raise refused(400, f"{name} must be an object")
        if len(orjson.dumps(value)) > MAX_PROPERTIES_BYTES:
            raise refused(400, f"{name} must not be larger than 50 KB")
        return value
    return {}


def _person(call: Call, item: object) -> str | dict[str, Any]:
    """The identifier of a recipient. Raises Refused unless it has exactly one, well-formed."""
    if isinstance(item, dict):  # nearly all recipients are an external id and nothing else
        name = item.get("external_user_id")
        if isinstance(name, str) and name and _OTHERS.isdisjoint(item):
            return name
    found = resolve(call.space.directory, item, call.space.now_s, names=NAMES)
    if found.outcome is Outcome.WRONG or not isinstance(item, dict):
        raise refused(400, found.problem)
    if item.get("external_user_id") is not None:
        return found.name
    return {n: item[n] for n in (*_OTHER_NAMES, "prioritization") if item.get(n) is not None}


def _add_attributes(call: Call, found: Recipients, position: int, item: dict[str, Any]) -> None:
    """Attributes to write before the send. A new profile needs `send_to_existing_only` false."""
    attributes, existing_only = item.get("attributes"), item.get("send_to_existing_only")
    if existing_only is not None and not isinstance(existing_only, bool):
        raise refused(400, "send_to_existing_only must be a boolean")
    if attributes is None:
        raise refused(400, "attributes is required when send_to_existing_only is false")
    if not isinstance(attributes, dict):
        raise refused(400, "attributes must be an object")
    if existing_only is False and item.get("user_alias") is not None:
        raise refused(400, "send_to_existing_only cannot be used with user_alias")
    identifier = _identifier(call, found.people[position])
    if identifier is None:
        return
    # what a recipient's attributes repeat of identifiers adds nothing, but for an alias
    kept = {k: v for k, v in attributes.items() if k not in _OF_PROFILES[:2]}
    if "external_id" not in identifier:
        kept.pop("user_alias", None)
    tracked = {**kept, **identifier, "_update_existing_only": existing_only is not False}
    problem = problem_of("attributes", {k: v for k, v in tracked.items() if k != "user_alias"})
    if "user_alias" in identifier:
        problem = problem_of("attributes", tracked)
    if problem is None:
        found.attributes.append(tracked)
    else:
        found.errors.append(f"recipients[{position}].attributes: {problem}")


def _identifier(call: Call, person: str | dict[str, Any]) -> dict[str, Any] | None:
    """The same person as `users/track` names people; None where an address leads to nobody."""
    if isinstance(person, str):
        return {"external_id": person}
    if "email" not in person:
        return person
    found = resolve(call.space.directory, person, call.space.now_s, names=NAMES)
    if found.outcome is not Outcome.KNOWN:
        return None
    return {"braze_id": braze_id(call.space.people, found.row)}
