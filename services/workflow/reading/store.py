"""Counts and pages of rows for the console, asked of the database: no page loads a table."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from services.database import schema
from services.database.engine import Database

ESCAPE = "!"
STILL_TO_SEND = ("planned", "sending", "not_dispatched")
IN_DOUBT = ("unknown", "accepted_partial")


@dataclass(frozen=True)
class CatalogueRow:
    """One thing of the Braze account as the worker last read it. `refreshed_at`: epoch seconds."""

    kind: str
    id: str
    name: str
    document: Mapping[str, Any]
    refreshed_at: float


def count_assigned(database: Database) -> dict[str, dict[str, int]]:
    """People in each group, by experiment id and group name."""
    table = schema.assignments
    query = sa.select(table.c.experiment_id, table.c.grp, sa.func.count()).group_by(
        table.c.experiment_id, table.c.grp
    )
    found: dict[str, dict[str, int]] = {}
    with database.read() as connection:
        for experiment_id, group, count in connection.execute(query):
            found.setdefault(experiment_id, {})[group] = int(count)
    return found


def count_active_elsewhere(
    database: Database, experiment_id: str, people: Collection[int]
) -> dict[str, int]:
    """How many of `people` are in another experiment that has not ended, by its id."""
    table = schema.assignments
    query = sa.select(table.c.experiment_id, table.c.person).where(
        table.c.ended == 0, table.c.experiment_id != experiment_id
    )
    wanted = people if isinstance(people, set | frozenset) else set(people)
    found: dict[str, int] = {}
    with database.read() as connection:
        for other, person in connection.execution_options(yield_per=10_000).execute(query):
            if person in wanted:
                found[other] = found.get(other, 0) + 1
    return found


def next_wave(database: Database, experiment_id: str) -> tuple[float | None, int]:
    """When the next planned message goes out (epoch seconds, or None), and how many are left."""
    table = schema.ledger
    query = sa.select(sa.func.min(table.c.send_at), sa.func.count()).where(
        table.c.experiment_id == experiment_id, table.c.state.in_(STILL_TO_SEND)
    )
    with database.read() as connection:
        first, count = connection.execute(query).one()
    return (None if first is None else float(first)), int(count)


def count_in_doubt(database: Database) -> dict[str, int]:
    """Messages that may or may not have gone out and are not settled, by experiment id."""
    table = schema.ledger
    query = (
        sa.select(table.c.experiment_id, sa.func.count())
        .where(table.c.state.in_(IN_DOUBT))
        .group_by(table.c.experiment_id)
    )
    with database.read() as connection:
        return {row[0]: int(row[1]) for row in connection.execute(query)}


def failed_stages(database: Database) -> dict[str, list[str]]:
    """Stages that failed on an experiment's newest day, by experiment id."""
    table = schema.cycles
    newest = (
        sa.select(table.c.experiment_id, sa.func.max(table.c.day).label("day"))
        .group_by(table.c.experiment_id)
        .subquery()
    )
    query = (
        sa.select(table.c.experiment_id, table.c.stage)
        .join(
            newest,
            (table.c.experiment_id == newest.c.experiment_id) & (table.c.day == newest.c.day),
        )
        .where(table.c.state == "failed")
    )
    found: dict[str, list[str]] = {}
    with database.read() as connection:
        for experiment_id, stage in connection.execute(query):
            found.setdefault(experiment_id, []).append(stage)
    return found


def newest_days(database: Database) -> dict[str, str]:
    """The newest decision day of each experiment that has run one, ISO."""
    table = schema.cycles
    query = sa.select(table.c.experiment_id, sa.func.max(table.c.day)).group_by(
        table.c.experiment_id
    )
    with database.read() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


def draft_rows(database: Database) -> dict[str, Mapping[str, Any]]:
    """Step, revision and last save of every draft, by experiment id; not the documents."""
    table = schema.drafts
    query = sa.select(
        table.c.experiment_id,
        table.c.step,
        table.c.revision,
        table.c.updated_at,
        table.c.updated_by,
    )
    with database.read() as connection:
        return {row["experiment_id"]: dict(row) for row in connection.execute(query).mappings()}


def catalogue_page(
    database: Database, kind: str, *, search: str = "", offset: int = 0, limit: int = 25
) -> tuple[list[CatalogueRow], int]:
    """Rows whose name contains `search`, by name, and how many there are in all."""
    table = schema.catalogue
    wanted = table.c.kind == kind
    if search.strip():
        wanted &= sa.func.lower(table.c.name).like(_contains(search.strip().lower()), escape=ESCAPE)
    query = (
        sa.select(table)
        .where(wanted)
        .order_by(sa.func.lower(table.c.name), table.c.id)
        .offset(offset)
        .limit(limit)
    )
    with database.read() as connection:
        rows = [_catalogue_row(row) for row in connection.execute(query).mappings()]
        total = connection.scalar(sa.select(sa.func.count()).select_from(table).where(wanted))
    return rows, int(total or 0)


def catalogue_rows(database: Database, kind: str, ids: Collection[str]) -> list[CatalogueRow]:
    """The named rows, in the order given; those the account no longer has are left out."""
    table = schema.catalogue
    query = sa.select(table).where(table.c.kind == kind, table.c.id.in_(list(ids)))
    with database.read() as connection:
        rows = {row["id"]: _catalogue_row(row) for row in connection.execute(query).mappings()}
    return [rows[id] for id in ids if id in rows]


def refreshed_at(database: Database, kind: str) -> float | None:
    """When the catalogue of this kind was last read, epoch seconds."""
    table = schema.catalogue
    query = sa.select(sa.func.max(table.c.refreshed_at)).where(table.c.kind == kind)
    with database.read() as connection:
        newest = connection.scalar(query)
    return None if newest is None else float(newest)


def _contains(text: str) -> str:
    for character in (ESCAPE, "%", "_"):
        text = text.replace(character, ESCAPE + character)
    return f"%{text}%"


def _catalogue_row(row: sa.RowMapping) -> CatalogueRow:
    return CatalogueRow(
        row["kind"], row["id"], row["name"], row["document"] or {}, row["refreshed_at"]
    )
