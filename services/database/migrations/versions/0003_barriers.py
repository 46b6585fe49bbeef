"""The second barrier: triggers on the ledger (SQLite)."""

from alembic import op

from services.database.barriers import TRIGGERS

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Install the triggers; PostgreSQL relies on the claim and on the ledger's key."""
    if op.get_bind().dialect.name == "sqlite":
        for trigger in TRIGGERS:
            op.execute(trigger)
