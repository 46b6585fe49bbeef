"""Approvals, and what was approved."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import JSON, BigInteger, Column, Float, Integer, MetaData, String, Table


def tables_of_approving(metadata: MetaData) -> tuple[Table, Table]:
    """The tables `approvals` and `approved_contents`.

    A content is kept once for its digest, so that a later one can be compared with it.
    """
    big_key = BigInteger().with_variant(Integer(), "sqlite")
    approvals = Table(
        "approvals",
        metadata,
        Column("id", big_key, primary_key=True, autoincrement=True),
        Column("kind", String(16), nullable=False),
        Column("subject", String(120), nullable=False),
        Column("digest", String(64), nullable=False),
        Column("approved_by", String(320), nullable=False),
        Column("approved_at", Float, nullable=False),
        Column("revoked_at", Float),
        sa.Index("ix_approvals_subject", "kind", "subject"),
    )
    contents = Table(
        "approved_contents",
        metadata,
        Column("digest", String(64), primary_key=True),
        Column("content", JSON, nullable=False),
    )
    return approvals, contents
