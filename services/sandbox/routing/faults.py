"""Scripted faults: which request goes wrong, and how."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from services.sandbox.routing.refusals import refused

ANY_PATH = "*"


class Kind(StrEnum):
    """What happens. BEFORE: nothing was accepted. AFTER: everything was, the answer is lost."""

    RATE_LIMITED = "429"
    ERROR_BEFORE = "500_before"
    ERROR_AFTER = "500_after"
    HTML_BEFORE = "html_before"
    HTML_AFTER = "html_after"
    CUT_BEFORE = "cut_before"
    CUT_AFTER = "cut_after"
    CUT_BODY = "cut_body"  # accepted; half of the answer's body arrives
    HALF = "half"  # the first half of the recipients is accepted, then the line is cut
    SLOW = "slow"  # accepted; the body trickles in over `delay_s`
    LATE = "late"  # accepted; the whole answer comes after `delay_s`


AFTER = frozenset({Kind.ERROR_AFTER, Kind.HTML_AFTER, Kind.CUT_AFTER, Kind.CUT_BODY, Kind.HALF})
AFTER |= {Kind.SLOW, Kind.LATE}


@dataclass
class Fault:
    """One script line. It strikes `count` times, or each time with `probability`."""

    path: str
    kind: Kind
    count: int | None = None
    probability: float = 1.0
    skip: int = 0  # requests to let pass first
    delay_s: float = 1.0
    seed: int = 0
    struck: int = 0
    _rng: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._rng = random.Random(self.seed)  # noqa: S311 (a script, not a secret)

    def strikes(self, path: str) -> bool:
        """Whether this request is hit. Counts it."""
        if self.path not in (ANY_PATH, path) or self.count == 0:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self._rng.random() >= self.probability:
            return False
        if self.count is not None:
            self.count -= 1
        self.struck += 1
        return True

    def as_json(self) -> dict[str, Any]:
        """What GET /_sandbox/faults shows."""
        return {
            "path": self.path,
            "kind": self.kind.value,
            "count": self.count,
            "probability": self.probability,
            "struck": self.struck,
        }


@dataclass
class Script:
    """All faults, tried in order; the first that strikes wins."""

    faults: list[Fault] = field(default_factory=list)

    def strike(self, path: str) -> Fault | None:
        """The fault of this request, or None."""
        return next((fault for fault in self.faults if fault.strikes(path)), None)

    def replace(self, lines: object) -> None:
        """Take a new script: a list of objects with the fields of Fault. Raises Refused."""
        if not isinstance(lines, list):
            raise refused(400, "faults must be a list")
        self.faults = [_fault(line) for line in lines]


def _fault(line: object) -> Fault:
    if not isinstance(line, dict) or "kind" not in line:
        raise refused(400, f"each fault needs a kind, one of {', '.join(k.value for k in Kind)}")
    known = {"path", "kind", "count", "probability", "skip", "delay_s", "seed"}
    strange = set(line) - known
    if strange:
        raise refused(400, f"a fault has no field {min(strange)}")
    try:
        kind = Kind(str(line["kind"]))
        return Fault(
            path=str(line.get("path", ANY_PATH)),
            kind=kind,
            count=None if line.get("count") is None else int(line["count"]),
            probability=float(line.get("probability", 1.0)),
            skip=int(line.get("skip", 0)),
            delay_s=float(line.get("delay_s", 1.0)),
            seed=int(line.get("seed", 0)),
        )
    except (TypeError, ValueError) as problem:
        raise refused(400, f"this fault cannot be read: {problem}") from problem
