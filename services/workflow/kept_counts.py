"""Counts of the ledger and of the groups that no longer change, kept as facts for the pages.

Counting fifteen million ledger rows takes seconds, and a page is read many times a day. A decision
day is kept once none of its messages is on the way or in doubt; until then it is counted anew.
"""

from __future__ import annotations

from datetime import date

import pyarrow as pa

from services.activation.model import LedgerState
from services.database.engine import Database
from services.lake import Lake
from services.workflow.ledger_counts.store import day_states
from services.workflow.people.store import entered_counts

SENT, ENTERED = "sent_states", "entered"  # kinds of facts
OPEN = frozenset(
    {
        LedgerState.PLANNED,
        LedgerState.SENDING,
        LedgerState.ACCEPTED_PARTIAL,
        LedgerState.QUEUED,
        LedgerState.UNKNOWN,
    }
)


def keep_counts(database: Database, lake: Lake, experiment_id: str) -> None:
    """Write what is final and not yet kept. Call when a day is over; safe to repeat."""
    kept = set(lake.days(SENT, experiment_id))
    missing = [day for day in lake.days("decisions", experiment_id) if day not in kept]
    found: dict[date, list[tuple[LedgerState, int]]] = {day: [] for day in missing}
    for day, state, n in day_states(database, experiment_id, missing):
        found[day].append((state, n))
    for day, states in found.items():
        if not OPEN.intersection(state for state, _ in states):
            columns = {"state": [state.value for state, _ in states], "n": [n for _, n in states]}
            table = pa.table(columns, pa.schema([("state", pa.string()), ("n", pa.int64())]))
            lake.append(SENT, experiment_id, day, table)
    known = set(lake.days(ENTERED, experiment_id))
    people: dict[date, list[tuple[str, int]]] = {}
    for day, group, n in entered_counts(database, experiment_id):
        if day not in known:
            people.setdefault(day, []).append((group, n))
    for day, groups in people.items():
        columns = {"grp": [group for group, _ in groups], "n": [n for _, n in groups]}
        lake.append(ENTERED, experiment_id, day, pa.table(columns))


def sent_states(
    database: Database, lake: Lake, experiment_id: str
) -> list[tuple[date, LedgerState, int]]:
    """Messages by decision day and state, in order of day: kept ones, and the others counted."""
    parts = lake.parts(SENT, experiment_id)
    kept = {part.day for part in parts}
    found = [
        (part.day, LedgerState(row["state"]), int(row["n"]))
        for part in parts
        for row in lake.load([part]).to_pylist()
    ]
    missing = [day for day in lake.days("decisions", experiment_id) if day not in kept]
    found += day_states(database, experiment_id, missing)
    return sorted(found)


def entered(database: Database, lake: Lake, experiment_id: str) -> list[tuple[date, str, int]]:
    """People by day of entry and group as of the last evening; counted now before the first one."""
    parts = lake.parts(ENTERED, experiment_id)
    if not parts:
        return entered_counts(database, experiment_id)
    return [
        (part.day, str(row["grp"]), int(row["n"]))
        for part in parts
        for row in lake.load([part]).to_pylist()
    ]
