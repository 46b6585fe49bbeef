"""What outcomes need from the state database: who is in which group, and what was sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from services.activation.model import MAY_HAVE_REACHED, LedgerState, SkipReason
from services.database.columns import read_columns
from services.database.engine import Database
from services.database.schema import assignments as assigned
from services.database.schema import ledger

# "Sending" has no answer yet; by the time a reward closes it is accepted, refused or in doubt.
COUNTED_STATES = tuple(state for state in MAY_HAVE_REACHED if state is not LedgerState.SENDING)

ASSIGNMENTS = pa.schema([("person", pa.int64()), ("grp", pa.string()), ("entered_on", pa.date32())])
SENDS = pa.schema(
    [
        ("decision_id", pa.string()),
        ("person", pa.int64()),
        ("decision_day", pa.date32()),
        ("state", pa.string()),
        ("send_at", pa.timestamp("us", tz="UTC")),
    ]
)


def assignments(database: Database, experiment_id: str) -> pa.Table:
    """Everybody ever assigned: person, grp, entered_on; in order of person."""
    query = (
        sa.select(assigned.c.person, assigned.c.grp, assigned.c.entered_on)
        .where(assigned.c.experiment_id == experiment_id)
        .order_by(assigned.c.person)
    )
    with database.read() as connection:
        person, group, entered_on = read_columns(connection, query)
    return pa.table(
        {
            "person": pa.array(person, pa.int64()),
            "grp": pa.array(group, pa.string()),
            "entered_on": _days(entered_on),
        },
        schema=ASSIGNMENTS,
    )


def sends(database: Database, experiment_id: str, first_day: date, last_day: date) -> pa.Table:
    """Messages of these decision days (inclusive) that reached the person or may have.

    Doubtful ones and ones never received stay in, with their state: leaving them out on something
    that happened after the decision would bend every comparison. So do decisions to send nothing,
    with the time at which a message would have gone out: what follows is theirs to explain.
    """
    query = (
        sa.select(
            ledger.c.decision_id,
            ledger.c.person,
            ledger.c.day,
            ledger.c.state,
            ledger.c.send_at,
        )
        .where(
            ledger.c.experiment_id == experiment_id,
            ledger.c.day >= first_day.isoformat(),
            ledger.c.day <= last_day.isoformat(),
            sa.or_(
                ledger.c.state.in_([state.value for state in COUNTED_STATES]),
                sa.and_(
                    ledger.c.state == LedgerState.SKIPPED.value,
                    ledger.c.reason == SkipReason.NOTHING_CHOSEN.value,
                ),
            ),
        )
        .order_by(ledger.c.person, ledger.c.day, ledger.c.slot)
    )
    with database.read() as connection:
        decision, person, day, state, send_at = read_columns(connection, query)
    moments = np.round(np.array(send_at, dtype=float) * 1e6).astype(np.int64)
    return pa.table(
        {
            "decision_id": pa.array(decision, pa.string()),
            "person": pa.array(person, pa.int64()),
            "decision_day": _days(day),
            "state": pa.array(state, pa.string()),
            "send_at": pa.array(moments).cast(pa.timestamp("us", tz="UTC")),
        },
        schema=SENDS,
    )


def _days(texts: Sequence[str]) -> pa.Array:
    return pa.array(texts, pa.string()).cast(pa.date32())
