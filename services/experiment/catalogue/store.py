"""Read the catalogue that the worker keeps."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

from services.database.engine import Database
from services.database.schema import catalogue
from services.experiment.catalogue.model import Catalogue, Details


def load_catalogue(database: Database) -> Catalogue | None:
    """Everything the worker last saw in Braze, or None before it has looked.

    `refreshed_at` is the age of the oldest entry.
    """
    shelves: dict[str, dict[str, Details]] = {
        "segment": {},
        "campaign": {},
        "canvas": {},
        "template": {},
    }
    oldest: float | None = None
    with database.read() as connection:
        for row in connection.execute(sa.select(catalogue)).mappings():
            shelves.setdefault(row["kind"], {})[row["id"]] = {
                "name": row["name"],
                **row["document"],
            }
            oldest = row["refreshed_at"] if oldest is None else min(oldest, row["refreshed_at"])
    if oldest is None:
        return None
    return Catalogue(
        segments=shelves["segment"],
        campaigns=shelves["campaign"],
        canvases=shelves["canvas"],
        templates=shelves["template"],
        refreshed_at=datetime.fromtimestamp(oldest, UTC),
    )


def content_digests(database: Database) -> dict[str, str]:
    """What each campaign, Canvas and template says now: 'campaign:<id>' → digest of its content."""
    query = sa.select(catalogue.c.kind, catalogue.c.id, catalogue.c.content_digest).where(
        catalogue.c.content_digest.is_not(None)
    )
    with database.read() as connection:
        return {f"{row.kind}:{row.id}": row.content_digest for row in connection.execute(query)}
