"""Rows of pauses, breakers and rate buckets, read and written inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from services.activation.switches.breaker import Breaker
from services.activation.switches.buckets import Bucket
from services.braze.limits import Family

EVERYTHING = "*"

_PAUSES = sa.text(
    "SELECT scope, by, reason, at, automatic FROM pauses WHERE paused AND scope IN :scopes"
).bindparams(sa.bindparam("scopes", expanding=True))
_ALL_PAUSES = sa.text(
    "SELECT scope, by, reason, at, automatic FROM pauses WHERE paused ORDER BY at"
)
_SET_PAUSE = sa.text(
    "INSERT INTO pauses (scope, paused, by, reason, at, automatic) "
    "VALUES (:scope, :paused, :by, :reason, :at, :automatic) "
    "ON CONFLICT (scope) DO UPDATE SET paused = excluded.paused, by = excluded.by, "
    "reason = excluded.reason, at = excluded.at, automatic = excluded.automatic"
).bindparams(sa.bindparam("paused", type_=sa.Boolean), sa.bindparam("automatic", type_=sa.Boolean))
_BREAKER = sa.text(
    "SELECT unknown_in_row, failed_in_row, open_since FROM breakers WHERE workspace = :workspace"
)
_SET_BREAKER = sa.text(
    "INSERT INTO breakers (workspace, unknown_in_row, failed_in_row, open_since) "
    "VALUES (:workspace, :unknown, :failed, :since) "
    "ON CONFLICT (workspace) DO UPDATE SET unknown_in_row = excluded.unknown_in_row, "
    "failed_in_row = excluded.failed_in_row, open_since = excluded.open_since"
)
_CLOSE_BREAKERS = sa.text(
    "UPDATE breakers SET unknown_in_row = 0, failed_in_row = 0, open_since = NULL"
)
_BUCKET = sa.text(
    "SELECT window_end, allowance, used, provider_remaining, provider_reset FROM rate_buckets "
    "WHERE workspace = :workspace AND family = :family"
)
_SET_BUCKET = sa.text(
    "INSERT INTO rate_buckets "
    "(workspace, family, window_end, allowance, used, provider_remaining, provider_reset) "
    "VALUES (:workspace, :family, :end, :allowance, :used, :remaining, :reset) "
    "ON CONFLICT (workspace, family) DO UPDATE SET window_end = excluded.window_end, "
    "allowance = excluded.allowance, used = excluded.used, "
    "provider_remaining = excluded.provider_remaining, provider_reset = excluded.provider_reset"
)


@dataclass(frozen=True)
class Pause:
    """One pause that holds. `scope`: '*', an experiment id, 'campaign:<id>' or 'canvas:<id>'."""

    scope: str
    by: str
    reason: str
    at: float
    automatic: bool


def pauses(connection: sa.Connection, scopes: Sequence[str] | None = None) -> list[Pause]:
    """Pauses that hold, for these scopes or for all."""
    if scopes is None:
        rows = connection.execute(_ALL_PAUSES)
    else:
        rows = connection.execute(_PAUSES, {"scopes": list(scopes)})
    return [Pause(r.scope, r.by, r.reason, r.at, bool(r.automatic)) for r in rows]


def set_pause(
    connection: sa.Connection,
    scope: str,
    paused: bool,
    *,
    by: str,
    reason: str,
    at: float,
    automatic: bool = False,
) -> None:
    """Switch one scope. The reason is kept either way."""
    values = {"scope": scope, "paused": paused, "by": by, "reason": reason, "at": at}
    connection.execute(_SET_PAUSE, {**values, "automatic": automatic})


def breaker(connection: sa.Connection, workspace: str) -> Breaker:
    """The workspace's breaker; a closed one where none is stored."""
    row = connection.execute(_BREAKER, {"workspace": workspace}).first()
    return Breaker() if row is None else Breaker(*row)


def set_breaker(connection: sa.Connection, workspace: str, value: Breaker) -> None:
    """Store the workspace's breaker."""
    counts = {"unknown": value.unknown_in_row, "failed": value.failed_in_row}
    connection.execute(_SET_BREAKER, {"workspace": workspace, **counts, "since": value.open_since})


def close_breakers(connection: sa.Connection) -> None:
    """Start all counts afresh: a person has looked and resumed."""
    connection.execute(_CLOSE_BREAKERS)


def bucket(connection: sa.Connection, workspace: str, family: Family) -> Bucket | None:
    """One family's bucket, or None before its first use."""
    row = connection.execute(_BUCKET, {"workspace": workspace, "family": family.value}).first()
    return None if row is None else Bucket(*row)


def set_bucket(connection: sa.Connection, workspace: str, family: Family, value: Bucket) -> None:
    """Store one family's bucket."""
    connection.execute(
        _SET_BUCKET,
        {
            "workspace": workspace,
            "family": family.value,
            "end": value.window_end,
            "allowance": value.allowance,
            "used": value.used,
            "remaining": value.provider_remaining,
            "reset": value.provider_reset,
        },
    )
