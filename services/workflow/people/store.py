"""Who is in which experiment, and what people were sent: read in bulk, for deciding.

Assignments are drawn once and kept for good; a person is active in one experiment at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from services.activation.model import MAY_HAVE_REACHED
from services.database.columns import read_columns
from services.database.engine import Database
from services.database.schema import assignments, ledger, suppressions
from services.experiment.model import Group


def assigned(database: Database, experiment_id: str) -> pa.Table:
    """Everybody ever drawn: person int64, grp string, entered_on date32; ordered by person."""
    query = (
        sa.select(assignments.c.person, assignments.c.grp, assignments.c.entered_on)
        .where(assignments.c.experiment_id == experiment_id)
        .order_by(assignments.c.person)
    )
    with database.read() as connection:
        people, groups, days = read_columns(connection, query)
    return pa.table(
        {
            "person": pa.array(people, pa.int64()),
            "grp": pa.array(groups, pa.string()),
            "entered_on": pa.array(days, pa.string()).cast(pa.date32()),
        }
    )


def entered_counts(database: Database, experiment_id: str) -> list[tuple[date, str, int]]:
    """How many people entered each group on each day: (day, group, n), in order of day."""
    query = (
        sa.select(assignments.c.entered_on, assignments.c.grp, sa.func.count())
        .where(assignments.c.experiment_id == experiment_id)
        .group_by(assignments.c.entered_on, assignments.c.grp)
        .order_by(assignments.c.entered_on)
    )
    with database.read() as connection:
        return [
            (date.fromisoformat(day), str(group), int(n))
            for day, group, n in connection.execute(query)
        ]


def taken(database: Database, experiment_id: str, people: np.ndarray) -> np.ndarray:
    """Which of `people` (int64) are active in another experiment; bool, same length."""
    query = sa.select(assignments.c.person).where(
        assignments.c.ended == 0, assignments.c.experiment_id != experiment_id
    )
    with database.read() as connection:
        elsewhere = np.array(connection.execute(query).scalars().all(), dtype=np.int64)
    return np.isin(people, elsewhere)


def enter(
    database: Database,
    experiment_id: str,
    people: Sequence[int],
    groups: Sequence[Group],
    day: date,
) -> int:
    """Keep the draw of newly entered people; a person drawn before keeps the first. Returns n."""
    if not people:
        return 0
    insert = sqlite.insert if database.is_sqlite else postgresql.insert
    rows = [
        {
            "experiment_id": experiment_id,
            "person": int(person),
            "grp": group.value,
            "entered_on": day.isoformat(),
            "ended": 0,
        }
        for person, group in zip(people, groups, strict=True)
    ]
    with database.write() as connection:
        connection.execute(insert(assignments).on_conflict_do_nothing(), rows)
    return len(rows)


def release(database: Database, experiment_id: str) -> None:
    """After the experiment's end its people may enter another one. Their group stays on record."""
    with database.write() as connection:
        connection.execute(
            assignments.update().where(assignments.c.experiment_id == experiment_id).values(ended=1)
        )


def messages_since(database: Database, workspace: str, since: date) -> pa.Table:
    """Messages that may have reached somebody, over all experiments: person int64, day date32,
    send_at float64 (planned time, epoch seconds)."""
    query = sa.select(ledger.c.person, ledger.c.day, ledger.c.send_at).where(
        ledger.c.workspace == workspace,
        ledger.c.day >= since.isoformat(),
        ledger.c.state.in_([state.value for state in MAY_HAVE_REACHED]),
    )
    with database.read() as connection:
        people, days, times = read_columns(connection, query)
    return pa.table(
        {
            "person": pa.array(people, pa.int64()),
            "day": pa.array(days, pa.string()).cast(pa.date32()),
            "send_at": pa.array(times, pa.float64()),
        }
    )


def suppressed(database: Database) -> np.ndarray:
    """Everybody who must never be written to, int64, in order."""
    with database.read() as connection:
        found = connection.execute(sa.select(suppressions.c.person)).scalars().all()
    return np.array(sorted(found), dtype=np.int64)
