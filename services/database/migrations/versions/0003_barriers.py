"""The second barrier: triggers on the ledger."""

from alembic import op

from services.database.barriers import BARRIERS, statements

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Put up the barriers."""
    for statement in statements(BARRIERS, op.get_bind().dialect.name):
        op.execute(statement)
