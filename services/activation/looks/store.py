"""Rows in doubt whose time for a look has come, and what the look showed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from services.activation.model import IN_DOUBT, MAY_HAVE_REACHED, LedgerState
from services.activation.switches import store as switches
from services.activation.switches.buckets import take
from services.braze.limits import Family
from services.database.engine import Database
from services.experiment.model import TargetKind

_DUE = sa.text(
    "SELECT l.person, p.external_id, l.day, l.slot, l.target_kind, l.target_id, l.state, l.looks, "
    "b.claimed_at, (SELECT MIN(c.claimed_at) FROM ledger o JOIN batches c ON c.id = o.batch_id "
    "  WHERE o.workspace = l.workspace AND o.person = l.person AND o.target_kind = l.target_kind "
    "  AND o.target_id = l.target_id AND o.day > l.day AND o.state IN :reached) AS next_claim "
    "FROM ledger l JOIN batches b ON b.id = l.batch_id LEFT JOIN people p ON p.person = l.person "
    "WHERE l.experiment_id = :experiment AND l.workspace = :workspace AND l.state IN :doubt "
    "AND l.next_look_at IS NOT NULL AND (:force = 1 OR l.next_look_at <= :now) "
    "AND (b.claimed_at, l.person) > (:after_at, :after_person) "
    "ORDER BY b.claimed_at, l.person LIMIT :most"
).bindparams(sa.bindparam("reached", expanding=True), sa.bindparam("doubt", expanding=True))
_WRITE = sa.text(
    "UPDATE ledger SET state = :state, looks = looks + 1, next_look_at = :next, "
    "settled_at = :settled, updated_at = :now WHERE workspace = :workspace AND person = :person "
    "AND day = :day AND slot = :slot AND state = :was"
)


@dataclass(frozen=True)
class Doubt:
    """One message in doubt. Times are epoch seconds on the clock of the claim.

    `next_claim` is when the same person was next sent to through the same target, None = not yet:
    a receipt from then on may be of that later message.
    """

    person: int
    external_id: str | None
    day: str
    slot: int
    target_kind: TargetKind
    target_id: str
    state: LedgerState
    looks: int
    claimed_at: float
    next_claim: float | None


@dataclass(frozen=True)
class Look:
    """What one look at one doubt came to. `next_at` None = there will be no other."""

    doubt: Doubt
    state: LedgerState
    next_at: float | None


def doubts_due(
    database: Database,
    workspace: str,
    experiment_id: str,
    now: float,
    *,
    force: bool,
    most: int,
    after: tuple[float, int],
) -> list[Doubt]:
    """Doubts to look at now, oldest first, after the (claim time, person) last looked at.

    `force` takes those whose look is not due yet too.
    """
    values = {
        "experiment": experiment_id,
        "workspace": workspace,
        "now": now,
        "force": int(force),
        "most": most,
        "after_at": after[0],
        "after_person": after[1],
        "reached": [state.value for state in MAY_HAVE_REACHED],
        "doubt": [state.value for state in IN_DOUBT],
    }
    with database.read() as connection:
        return [
            Doubt(
                person=row.person,
                external_id=row.external_id,
                day=row.day,
                slot=row.slot,
                target_kind=TargetKind(row.target_kind),
                target_id=row.target_id,
                state=LedgerState(row.state),
                looks=row.looks,
                claimed_at=row.claimed_at,
                next_claim=row.next_claim,
            )
            for row in connection.execute(_DUE, values)
        ]


def write_looks(database: Database, workspace: str, looks: Sequence[Look], now: float) -> None:
    """Write what the looks showed, in one transaction."""
    rows = [
        {
            "workspace": workspace,
            "person": look.doubt.person,
            "day": look.doubt.day,
            "slot": look.doubt.slot,
            "was": look.doubt.state.value,
            "state": look.state.value,
            "next": look.next_at,
            "settled": now if look.next_at is None else None,
            "now": now,
        }
        for look in looks
    ]
    if rows:
        with database.write() as connection:
            connection.execute(_WRITE, rows)


def may_ask(database: Database, workspace: str, share: float, now: float) -> float | None:
    """Take one request to /users/export/ids; returns None, or when to ask again."""
    with database.write() as connection:
        bucket = switches.bucket(connection, workspace, Family.EXPORT_IDS)
        taken = take(bucket, Family.EXPORT_IDS, share, now)
        if taken.wait_until is None:
            switches.set_bucket(connection, workspace, Family.EXPORT_IDS, taken.bucket)
        return taken.wait_until
