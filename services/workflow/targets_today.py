"""How far the day's messages are, target by target, and which requests are in doubt since when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from services.activation.model import IN_DOUBT, LedgerState
from services.database.engine import Database
from services.workflow.ledger_counts.store import (
    DoubtfulRequest,
    QuarterCount,
    doubtful_requests,
    target_names,
)

MOST_REQUESTS = 8  # shown; an incident has at most a handful before the breaker opens
NOT_CLAIMED = frozenset({LedgerState.PLANNED, LedgerState.NOT_DISPATCHED})
TAKEN = frozenset(
    {
        LedgerState.ACCEPTED,
        LedgerState.ACCEPTED_PARTIAL,
        LedgerState.QUEUED,
        LedgerState.RECEIVED,
        LedgerState.NOT_RECEIVED,
    }
)
OPEN = frozenset({LedgerState.SENDING, *IN_DOUBT})


@dataclass(frozen=True)
class TargetLine:
    """One target's messages of a day; each count is part of the one before it, save `settled`.

    decided    messages planned through it, those a rule kept back left out
    claimed    of these, handed to Braze or on the way
    accepted   of these, taken by Braze
    settled    of the claimed, those whose fate is certain: taken, received, or refused
    """

    kind: str
    id: str
    name: str
    decided: int = 0
    claimed: int = 0
    accepted: int = 0
    settled: int = 0


@dataclass(frozen=True)
class DoubtLine:
    """One request in doubt, `age_s` seconds after it was claimed, and the name of its target."""

    request: DoubtfulRequest
    name: str
    age_s: float


def target_lines(database: Database, quarters: Iterable[QuarterCount]) -> tuple[TargetLine, ...]:
    """The day's targets by name. Skipped messages have no part in it."""
    names = target_names(database)
    lines: dict[tuple[str, str], TargetLine] = {}
    for count in quarters:
        if count.state is LedgerState.SKIPPED:
            continue
        kind, id = count.target
        line = lines.get(count.target) or TargetLine(kind, id, names.get(count.target, id))
        claimed = count.n if count.state not in NOT_CLAIMED else 0
        lines[count.target] = replace(
            line,
            decided=line.decided + count.n,
            claimed=line.claimed + claimed,
            accepted=line.accepted + (count.n if count.state in TAKEN else 0),
            settled=line.settled + (claimed if count.state not in OPEN else 0),
        )
    return tuple(sorted(lines.values(), key=lambda line: (line.name, line.id)))


def doubt_lines(database: Database, experiment_id: str, now_s: float) -> tuple[DoubtLine, ...]:
    """The oldest requests in doubt, of any day."""
    requests = doubtful_requests(database, experiment_id, MOST_REQUESTS)
    names = target_names(database) if requests else {}
    return tuple(
        DoubtLine(r, names.get(r.target, r.target[1]), max(0.0, now_s - r.claimed_s))
        for r in requests
    )
