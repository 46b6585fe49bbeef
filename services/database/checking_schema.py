"""Tables of what was checked: permissions, reconciliations after a restore, counts above ours."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Float, Integer, MetaData, String, Table, Text


def tables_of_checking(metadata: MetaData) -> tuple[Table, Table, Table]:
    """Add the tables to `metadata`: permissions, reconciliations, provider_alarms."""
    big_key = BigInteger().with_variant(Integer(), "sqlite")
    permissions = Table(
        "permissions",
        metadata,
        Column("name", String(64), primary_key=True),
        Column("result", String(16), nullable=False),
        Column("detail", JSON),
        Column("checked_at", Float, nullable=False),
    )
    reconciliations = Table(
        "reconciliations",
        metadata,
        Column("id", big_key, primary_key=True, autoincrement=True),
        Column("at", Float, nullable=False),
        Column("by", String(320), nullable=False),
        Column("reason", Text, nullable=False),
        Column("through_day", String(10), nullable=False),  # nothing more of this day or before
        Column("epoch", String(64), nullable=False),
    )
    provider_alarms = Table(
        "provider_alarms",
        metadata,
        Column("workspace", String(64), primary_key=True),
        Column("target", String(160), primary_key=True),
        Column("day", String(10), primary_key=True),  # as Braze counts days
        Column("excess", Integer, nullable=False),  # the most messages more than ours
        Column("at", Float, nullable=False),
    )
    return permissions, reconciliations, provider_alarms
