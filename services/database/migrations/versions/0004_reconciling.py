"""What a reconciliation leaves behind, and the counts of Braze that were above ours."""

import sqlalchemy as sa
from alembic import op

from services.database.barriers import AFTER_RECONCILING, statements

revision = "0004"
down_revision = "0003"
BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create both tables, and the trigger that keeps reconciled days quiet."""
    op.create_table(
        "reconciliations",
        sa.Column("id", BIG_KEY, autoincrement=True, nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("by", sa.String(length=320), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("through_day", sa.String(length=10), nullable=False),
        sa.Column("epoch", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "provider_alarms",
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.Column("target", sa.String(length=160), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("excess", sa.Integer(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "target", "day"),
    )
    for statement in statements([AFTER_RECONCILING], op.get_bind().dialect.name):
        op.execute(statement)
