"""What an experiment has spent, by the ledger."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from services.activation.model import MAY_HAVE_REACHED
from services.database.engine import Database
from services.database.schema import ledger


def spent_before(database: Database, experiment_id: str, day: date) -> float:
    """Money for messages of days before `day` that reached somebody or may have."""
    query = sa.select(sa.func.coalesce(sa.func.sum(ledger.c.cost), 0.0)).where(
        ledger.c.experiment_id == experiment_id,
        ledger.c.day < day.isoformat(),
        ledger.c.state.in_([state.value for state in MAY_HAVE_REACHED]),
    )
    with database.read() as connection:
        return float(connection.execute(query).scalar_one())
