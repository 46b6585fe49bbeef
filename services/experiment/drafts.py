"""Read a draft: the same JSON shape as an experiment, but still incomplete or wrong in places.

A draft is kept as typed, so that nothing is lost. Reading it gives an `Experiment` made of the
parts that can be read (the others take their defaults) and says which parts cannot.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError

from services.experiment.model import Experiment

ECHO_PREFIX = "_"  # keys the pages keep for themselves; never part of the experiment
PLACEHOLDER_NAME = "Untitled"
PLACEHOLDER_SALT = "0" * 32
NOT_IN_DRAFTS = frozenset({"id", "version", "salt"})  # given when a version is made

Document = dict[str, Any]


@dataclass(frozen=True)
class Unreadable:
    """A part of a draft that is not what it should be: where it is and what is wrong with it."""

    place: tuple[str | int, ...]
    kind: str
    wording: str


@dataclass(frozen=True)
class Reading:
    """What could be read of a draft. Parts named in `unreadable` stand at their defaults."""

    experiment: Experiment
    unreadable: tuple[Unreadable, ...]

    def readable(self, part: str) -> bool:
        """True where the whole top-level part could be read."""
        return all(found.place[0] != part for found in self.unreadable)


def blank_document(name: str = "") -> Document:
    """A draft that starts from nothing: no audience, no dimensions, the default groups."""
    experiment = Experiment(id="", version=1, name=PLACEHOLDER_NAME, salt=PLACEHOLDER_SALT)
    document = experiment.model_dump(mode="json", exclude=set(NOT_IN_DRAFTS))
    document["name"] = name
    return document


def plain_document(document: Mapping[str, Any]) -> Document:
    """The document without the pages' own keys and without what only a version has."""
    return {
        key: value
        for key, value in document.items()
        if not key.startswith(ECHO_PREFIX) and key not in NOT_IN_DRAFTS
    }


def read_draft(document: Mapping[str, Any]) -> Reading:
    """Read every part by itself, so that one wrong number does not hide the rest."""
    parts: dict[str, Any] = {}
    unreadable: list[Unreadable] = []
    for name, value in plain_document(document).items():
        if name not in Experiment.model_fields:
            unreadable.append(Unreadable((name,), "extra_forbidden", "is not known"))
            continue
        try:
            parts[name] = _reader(name).validate_python(value)
        except ValidationError as problem:
            unreadable += [
                Unreadable((name, *error["loc"]), error["type"], error["msg"])
                for error in problem.errors(include_url=False, include_input=False)
            ]
    if not isinstance(parts.get("name"), str):
        parts["name"] = PLACEHOLDER_NAME
    experiment = Experiment(id="", version=1, salt=PLACEHOLDER_SALT, **parts)
    return Reading(experiment, tuple(unreadable))


@cache
def _reader(name: str) -> TypeAdapter[Any]:
    field = Experiment.model_fields[name]
    annotation: Any = field.annotation
    for constraint in field.metadata:
        annotation = Annotated[annotation, constraint]
    return TypeAdapter(annotation)
