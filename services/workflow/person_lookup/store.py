"""One person by external id: found, never created; every look-up is in the audit trail."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from services.clock import Clock
from services.database.engine import Database
from services.database.schema import assignments, people, suppressions
from services.experiment.audit.store import record
from services.experiment.model import Group

ACTION = "customer.looked_up"
NAMED_DIGITS = 16


@dataclass(frozen=True)
class Member:
    """A known person. `group` and `entered_on` are None where they are not in the experiment."""

    person: int
    external_id: str
    group: Group | None
    entered_on: date | None
    suppressed: bool


def look_up(
    database: Database, clock: Clock, external_id: str, experiment_id: str, *, by: str
) -> Member | None:
    """The person with this id, or None. Writes down who looked, by a digest, not by the id."""
    name = hashlib.sha256(external_id.encode()).hexdigest()[:NAMED_DIGITS]
    with database.write() as connection:
        row = connection.execute(
            sa.select(people.c.person).where(people.c.external_id == external_id)
        ).first()
        person = None if row is None else int(row.person)
        subject = f"person:{person}" if person is not None else f"id:{name}"
        record(connection, clock, by, ACTION, subject, {"experiment": experiment_id})
    if person is None:
        return None
    with database.read() as connection:
        drawn = connection.execute(
            sa.select(assignments.c.grp, assignments.c.entered_on).where(
                assignments.c.experiment_id == experiment_id, assignments.c.person == person
            )
        ).first()
        stopped = connection.scalar(
            sa.select(sa.func.count())
            .select_from(suppressions)
            .where(suppressions.c.person == person)
        )
    return Member(
        person=person,
        external_id=external_id,
        group=None if drawn is None else Group(drawn.grp),
        entered_on=None if drawn is None else date.fromisoformat(drawn.entered_on),
        suppressed=bool(stopped),
    )
