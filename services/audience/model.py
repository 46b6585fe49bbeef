"""Nouns of the audience: what came of an export, what an attribute is, what drifted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from services.messages import Message, msg


class Kind(StrEnum):
    """What an agreed attribute holds; fixed by the first snapshot."""

    NUMBER = "number"
    TEXT = "text"
    TRUTH = "truth"
    TIME = "time"
    LIST = "list"
    OBJECT = "object"


class DriftKind(StrEnum):
    """What no longer fits an attribute's past."""

    TYPE = "type"
    VANISHED = "vanished"
    SCALE = "scale"


@dataclass(frozen=True)
class Drift:
    """One attribute that changed. `frozen`: yesterday's values are used until a person decides."""

    attribute: str
    kind: DriftKind
    share: float
    frozen: bool

    def message(self) -> Message:
        """What changed, in a sentence."""
        if self.kind is DriftKind.TYPE:
            return msg("{name} holds values of another kind than at first.", name=self.attribute)
        if self.kind is DriftKind.VANISHED:
            return msg("{name} has vanished from most profiles.", name=self.attribute)
        return msg("{name} is suddenly many times larger or smaller.", name=self.attribute)


@dataclass(frozen=True)
class Loaded:
    """One day's export as it was kept.

    n_people   people in the audience
    n_left     people asked for besides who are not in it any more
    held_back  attribute → people whose value looked like an address or a phone number
    """

    n_people: int
    n_left: int
    held_back: Mapping[str, int] = field(default_factory=dict)
    n_quarantined: int = 0
    drift: tuple[Drift, ...] = ()


@dataclass(frozen=True)
class FoundAttribute:
    """A custom attribute: name, kind and the share of people who have it. Never a value.

    `personal` where it must not be agreed on: its name or its values say that it names people.
    """

    name: str
    kind: Kind
    coverage_share: float
    personal: bool

    @property
    def usable(self) -> bool:
        """Whether it can be agreed on: a number, a text or a truth that names nobody."""
        return not self.personal and self.kind in (Kind.NUMBER, Kind.TEXT, Kind.TRUTH)
