"""Faults on demand: which request goes wrong, and how.

POST /_sandbox/faults {"faults": [{"path", "kind", "count"?, "probability"?, "seed"?, "skip"?,
"delay_s"?, "skew_s"?}]} replaces the script; GET shows it, and the kinds there are. `path` is one
path of Braze, `*` for all of them, or `/exports` for the downloads of exported files. A fault
strikes `count` times (for ever where it is left out), after letting `skip` requests pass, each time
with `probability`; the same seed strikes the same requests. The first that strikes wins.

Nothing was accepted:

    429               rate limited until `delay_s` from now
    500_before        server error
    503               unavailable, with an empty body
    504               a gateway gives up after `delay_s`, with an HTML page
    html_before       502 with an HTML page
    cut_before        connection reset
    expired_before    on a download: ExpiredToken, as four hours after the export
    202               maintenance: queued, and carried out after `delay_s` or with a new script
    other_instead     connection reset, and another sender sends the same campaign to these people

Everything was accepted:

    500_after         server error
    504_after         a gateway gives up after `delay_s`, with an HTML page
    html_after        502 with an HTML page
    html_ok           the right status, but an HTML page for a body
    cut_after         connection reset before the answer
    cut_body          connection reset in the middle of the body
    truncated         half of the body, as if it were all
    slow              the body trickles in over `delay_s`
    late              the whole answer comes after `delay_s`
    clock_skew        the server's clock is off by `skew_s`: Date and X-RateLimit-Reset
    export_expired    on an export: its address is never valid, ExpiredToken once it is done
    other_too         another sender sends the same campaign to the same people, right after

Something was accepted:

    half              the first half of the recipients, then a connection reset
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

from services.sandbox.routing.refusals import refused

ANY_PATH = "*"
DOWNLOADS = "/exports"


class Kind(StrEnum):
    """What happens, as in the table above."""

    RATE_LIMITED = "429"
    ERROR_BEFORE = "500_before"
    UNAVAILABLE = "503"
    GATEWAY_TIMEOUT = "504"
    HTML_BEFORE = "html_before"
    CUT_BEFORE = "cut_before"
    EXPIRED_BEFORE = "expired_before"
    QUEUED = "202"
    OTHER_INSTEAD = "other_instead"

    ERROR_AFTER = "500_after"
    GATEWAY_TIMEOUT_AFTER = "504_after"
    HTML_AFTER = "html_after"
    HTML_OK = "html_ok"
    CUT_AFTER = "cut_after"
    CUT_BODY = "cut_body"
    TRUNCATED = "truncated"
    SLOW = "slow"
    LATE = "late"
    CLOCK_SKEW = "clock_skew"
    EXPORT_EXPIRED = "export_expired"
    OTHER_TOO = "other_too"

    HALF = "half"


# struck before the request is even looked at; the rest go through every check first
BEFORE = frozenset(
    {
        Kind.RATE_LIMITED,
        Kind.ERROR_BEFORE,
        Kind.UNAVAILABLE,
        Kind.GATEWAY_TIMEOUT,
        Kind.HTML_BEFORE,
        Kind.CUT_BEFORE,
        Kind.EXPIRED_BEFORE,
        Kind.OTHER_INSTEAD,
    }
)


@dataclass
class Fault:
    """One script line. It strikes `count` times, or each time with `probability`."""

    path: str
    kind: Kind
    count: int | None = None
    probability: float = 1.0
    skip: int = 0  # requests to let pass first
    delay_s: float = 1.0
    skew_s: float = 0.0
    seed: int = 0
    struck: int = field(default=0, init=False)
    _rng: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._rng = random.Random(self.seed)  # noqa: S311 (a script, not a secret)

    def strikes(self, path: str) -> bool:
        """Whether this request is hit. Counts it."""
        anywhere = self.path == ANY_PATH and path != DOWNLOADS
        if not (anywhere or self.path == path) or self.count == 0:
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
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "_rng"}


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

    def as_json(self) -> dict[str, Any]:
        """The script, and what can be asked for."""
        return {"faults": [fault.as_json() for fault in self.faults], "kinds": kinds()}


def kinds() -> list[dict[str, str]]:
    """The table of this file: every kind, what was accepted, and what happens."""
    found, accepted = [], ""
    for line in (__doc__ or "").splitlines():
        heading = re.fullmatch(r"(Nothing|Everything|Something) was accepted:", line)
        row = re.fullmatch(r"    (\w+)\s{2,}(.+)", line)
        if heading:
            accepted = heading[1].lower()
        elif row:
            found.append({"kind": row[1], "accepted": accepted, "what": row[2]})
    return found


def _fault(line: object) -> Fault:
    if not isinstance(line, dict) or "kind" not in line:
        raise refused(400, f"each fault needs a kind, one of {', '.join(k.value for k in Kind)}")
    known = {"path", "kind", "count", "probability", "skip", "delay_s", "skew_s", "seed"}
    strange = set(line) - known
    if strange:
        raise refused(400, f"a fault has no field {min(strange)}")
    try:
        return Fault(
            path=str(line.get("path", ANY_PATH)),
            kind=Kind(str(line["kind"])),
            count=None if line.get("count") is None else int(line["count"]),
            probability=float(line.get("probability", 1.0)),
            skip=int(line.get("skip", 0)),
            delay_s=float(line.get("delay_s", 1.0)),
            skew_s=float(line.get("skew_s", 0.0)),
            seed=int(line.get("seed", 0)),
        )
    except (TypeError, ValueError) as problem:
        raise refused(400, f"this fault cannot be read: {problem}") from problem
