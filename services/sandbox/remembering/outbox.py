"""The truth log in memory: every message a request asked for and what became of it."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from services.sandbox.world.people import DAY_S


class Fate(IntEnum):
    """What became of one recipient of an accepted request."""

    SENT = 0
    BOUNCED = 1
    UNREACHABLE = 2
    UNKNOWN_PERSON = 3
    INACTIVE = 4
    CONTROL_GROUP = 5
    REPEATED_IN_REQUEST = 6
    OUTSIDE_AUDIENCE = 7
    NOT_REELIGIBLE = 8
    FREQUENCY_CAPPED = 9


WENT_OUT = (Fate.SENT, Fate.BOUNCED)


@dataclass(frozen=True)
class Day:
    """Messages of one target on one UTC day."""

    target: int
    day: int
    accepted: int
    sent: int


class Outbox:
    """Columns over accepted recipients, in order of acceptance."""

    def __init__(self) -> None:
        self.person = array("i")
        self.target = array("h")
        self.channel = array("b")
        self.fate = array("b")
        self.properties = array("i")
        self.request = array("i")
        self.at_s = array("d")
        self.dispatch_ids: list[str] = []
        self.names: dict[int, str] = {}
        self._distinct: list[dict[str, Any]] = []
        self._index: dict[bytes, int] = {}

    def __len__(self) -> int:
        return len(self.person)

    def intern(self, properties: dict[str, Any]) -> int:
        """Number of a set of trigger properties; equal sets share one."""
        blob = orjson.dumps(properties, option=orjson.OPT_SORT_KEYS)
        number = self._index.get(blob)
        if number is None:
            number = self._index[blob] = len(self._distinct)
            self._distinct.append(properties)
        return number

    def append(
        self,
        *,
        people: Iterable[int],
        fates: Iterable[int],
        properties: Iterable[int],
        target: int,
        channels: Iterable[int],
        at_s: float,
        dispatch_id: str,
        names: dict[int, str],
    ) -> None:
        """Log one request. `names` maps positions in it to identifiers no row has."""
        first = len(self.person)
        self.person.extend(people)
        n = len(self.person) - first
        self.fate.extend(fates)
        self.properties.extend(properties)
        self.target.extend([target] * n)
        self.channel.extend(channels)
        self.at_s.extend([at_s] * n)
        if not self.dispatch_ids or self.dispatch_ids[-1] != dispatch_id:
            self.dispatch_ids.append(dispatch_id)
        self.request.extend([len(self.dispatch_ids) - 1] * n)
        if names:
            self.names.update({first + position: name for position, name in names.items()})

    def properties_of(self, seq: int) -> dict[str, Any]:
        """Trigger properties of message `seq`."""
        return self._distinct[self.properties[seq]]

    def distinct(self, number: int) -> dict[str, Any]:
        """The set of trigger properties with this number."""
        return self._distinct[number]

    def went_out(self) -> NDArray[np.bool_]:
        """Which messages were really sent, bool (n,)."""
        return np.isin(np.array(self.fate, dtype=np.int8), WENT_OUT)

    def days(self) -> list[Day]:
        """Accepted and sent messages by target and UTC day."""
        target = np.array(self.target, dtype=np.int64)
        day = (np.array(self.at_s) // DAY_S).astype(np.int64)
        keys, which = np.unique(target * 1_000_000 + day, return_inverse=True)
        accepted = np.bincount(which, minlength=len(keys))
        sent = np.bincount(which, weights=self.went_out(), minlength=len(keys))
        return [
            Day(int(k // 1_000_000), int(k % 1_000_000), int(a), int(s))
            for k, a, s in zip(keys, accepted, sent, strict=True)
        ]

    def of_people(self, people: set[int]) -> list[int]:
        """Numbers of all messages to some people, oldest first."""
        held = np.isin(np.array(self.person, dtype=np.int64), list(people))
        return [int(seq) for seq in np.flatnonzero(held)]

    def duplicates(self, *, sent_only: bool) -> list[tuple[int, int, int]]:
        """(person, UTC day, messages) wherever one person had more than one on a day."""
        person = np.array(self.person, dtype=np.int64)
        fate = np.array(self.fate, dtype=np.int8)
        kept = self.went_out() if sent_only else fate != Fate.REPEATED_IN_REQUEST
        kept &= person >= 0
        day = (np.array(self.at_s)[kept] // DAY_S).astype(np.int64)
        keys, counts = np.unique(person[kept] * 1_000_000 + day, return_counts=True)
        twice = counts > 1
        return [
            (int(k // 1_000_000), int(k % 1_000_000), int(c))
            for k, c in zip(keys[twice], counts[twice], strict=True)
        ]
