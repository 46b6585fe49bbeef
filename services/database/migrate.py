"""Bring the state database to the schema this code expects. Forward only."""

from __future__ import annotations

import secrets
import time
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from services.database.engine import Database
from services.database.schema import installation
from services.errors import SetupError
from services.messages import msg

SCRIPTS = Path(__file__).parent / "migrations"
EPOCH_BYTES = 16


def migrate(database: Database) -> None:
    """Create or upgrade all tables, and stamp a new installation.

    Raises SetupError where the database was written by a newer Anneal.
    """
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    script = ScriptDirectory.from_config(config)
    head = script.get_current_head()
    at = version(database)
    if at == head:
        return
    if at is not None and at not in {r.revision for r in script.walk_revisions()}:
        raise SetupError(
            msg("The database was written by a newer Anneal (schema {at}).", at=at),
            hint=msg("Update Anneal, or restore the backup that belongs to this version."),
        )
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        if connection.scalar(sa.select(sa.func.count()).select_from(installation)) == 0:
            connection.execute(
                installation.insert().values(
                    id=1, epoch=secrets.token_hex(EPOCH_BYTES), created_at=time.time()
                )
            )


def version(database: Database) -> str | None:
    """The schema revision the database is at; None for an empty database."""
    with database.read() as connection:
        return MigrationContext.configure(connection).get_current_revision()
