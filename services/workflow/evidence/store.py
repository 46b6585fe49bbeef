"""What the state database holds that an evidence pack digests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from services.database.engine import Database
from services.database.schema import experiment_versions, ledger, manifest

DIGESTED = (
    *("workspace", "person", "day", "slot", "experiment_id", "decision_id", "grp"),
    *("target_kind", "target_id", "channel", "combination", "properties", "send_at", "cost"),
    *("state", "reason"),
)
"""Columns of the ledger that say what was sent to whom and what became of it."""


@dataclass(frozen=True)
class Version:
    """One frozen configuration as it is stored: canonical JSON, and the digest kept with it."""

    version: int
    document: str
    digest: str
    created_at: float


def versions(database: Database, experiment_id: str) -> list[Version]:
    """All versions of an experiment, the first first."""
    query = (
        sa.select(experiment_versions)
        .where(experiment_versions.c.experiment_id == experiment_id)
        .order_by(experiment_versions.c.version)
    )
    with database.read() as connection:
        rows = connection.execute(query).all()
    return [Version(row.version, row.document, row.hash, row.created_at) for row in rows]


def fact_lines(database: Database, experiment_id: str) -> list[dict[str, Any]]:
    """Every immutable facts file of an experiment: kind, day, key, rows, digests of both."""
    query = (
        sa.select(manifest)
        .where(manifest.c.experiment == experiment_id)
        .order_by(manifest.c.kind, manifest.c.day, manifest.c.id)
    )
    with database.read() as connection:
        rows = connection.execute(query).all()
    return [
        {
            "kind": row.kind,
            "day": row.day,
            "key": row.key,
            "rows": row.n_rows,
            "sha256": row.sha256,
            "meta_sha256": _digest(row.meta),
        }
        for row in rows
    ]


def ledger_lines(database: Database, experiment_id: str) -> list[dict[str, Any]]:
    """One line a day of the ledger: rows, count by state, SHA-256 over all its rows in order.

    A row is digested as the JSON list of DIGESTED; rows go by person and slot.
    """
    columns = [ledger.c[name] for name in DIGESTED]
    query = (
        sa.select(*columns)
        .where(ledger.c.experiment_id == experiment_id)
        .order_by(ledger.c.day, ledger.c.workspace, ledger.c.person, ledger.c.slot)
    )
    found: dict[str, tuple[Any, dict[str, int]]] = {}
    with database.read() as connection:
        for row in connection.execute(query).yield_per(5_000):
            digest, states = found.setdefault(row.day, (hashlib.sha256(), {}))
            digest.update(json.dumps(list(row), ensure_ascii=False).encode() + b"\n")
            states[row.state] = states.get(row.state, 0) + 1
    return [
        {
            "day": day,
            "rows": sum(states.values()),
            "states": dict(sorted(states.items())),
            "sha256": digest.hexdigest(),
        }
        for day, (digest, states) in found.items()
    ]


def _digest(value: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
