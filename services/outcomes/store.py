"""What outcomes need from the state database: who is in which group, and what was sent."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import sqlalchemy as sa

from services.activation.model import MAY_HAVE_REACHED, LedgerState
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
        ("grp", pa.string()),
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
        rows = connection.execute(query).all()
    return pa.table(
        {
            "person": [row.person for row in rows],
            "grp": [row.grp for row in rows],
            "entered_on": [date.fromisoformat(row.entered_on) for row in rows],
        },
        schema=ASSIGNMENTS,
    )


def sends(database: Database, experiment_id: str, first_day: date, last_day: date) -> pa.Table:
    """Messages of these decision days (inclusive) that reached the person or may have.

    Doubtful ones and ones never received stay in, with their state: leaving them out on something
    that happened after the decision would bend every comparison.
    """
    query = (
        sa.select(
            ledger.c.decision_id,
            ledger.c.person,
            ledger.c.day,
            ledger.c.grp,
            ledger.c.state,
            ledger.c.send_at,
        )
        .where(
            ledger.c.experiment_id == experiment_id,
            ledger.c.day >= first_day.isoformat(),
            ledger.c.day <= last_day.isoformat(),
            ledger.c.state.in_([state.value for state in COUNTED_STATES]),
        )
        .order_by(ledger.c.person, ledger.c.day, ledger.c.slot)
    )
    with database.read() as connection:
        rows = connection.execute(query).all()
    days = {text: date.fromisoformat(text) for text in {row.day for row in rows}}
    moments = pa.array([round(row.send_at * 1e6) for row in rows], pa.int64())
    return pa.table(
        {
            "decision_id": [row.decision_id for row in rows],
            "person": [row.person for row in rows],
            "decision_day": [days[row.day] for row in rows],
            "grp": [row.grp for row in rows],
            "state": [row.state for row in rows],
            "send_at": moments.cast(pa.timestamp("us", tz="UTC")),
        },
        schema=SENDS,
    )
