"""Writing down what became of a batch, and what was left `sending` by a process that is gone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import sqlalchemy as sa

from services.activation import lease
from services.activation.gates.store import family_of
from services.activation.model import IN_DOUBT, Claim, LedgerState, Verdict
from services.activation.pausing import ITSELF
from services.activation.switches import store as switches
from services.activation.switches.breaker import after
from services.activation.switches.buckets import DEFAULT_SHARE, exhausted, heed
from services.braze.limits import Family, RateWindow
from services.clock import Clock
from services.database.engine import Database
from services.database.leading import shared_s
from services.experiment.audit.store import record
from services.experiment.model import TargetKind
from services.intents.model import message_json
from services.messages import Message, msg

NO_RECEIPT = frozenset({TargetKind.API_CAMPAIGN, TargetKind.PROFILE})
FIRST_LOOK_S = 600.0  # Braze wants 5 minutes between dependent calls: RELIABILITY 2.1

_ROWS = sa.text(
    "UPDATE ledger SET state = :state, updated_at = :now, next_look_at = :look, "
    "batch_id = :batch_after, tries = tries + :tried "
    "WHERE batch_id = :batch AND state = 'sending'"
)
_BATCH = sa.text(
    "UPDATE batches SET state = :state, answered_at = :now, sent_at = :sent_at, "
    "dispatch_id = :dispatch, request_id = :request, error = :error, body_digest = :digest "
    "WHERE id = :batch AND fence = :fence AND state = 'sending'"
).bindparams(sa.bindparam("error", type_=sa.JSON(none_as_null=True)))
_LAST_FAILED = sa.text(
    "SELECT answered_at FROM batches WHERE state = 'not_dispatched' ORDER BY id DESC LIMIT 1"
)
_OURS = sa.text(
    "SELECT state, fence, "
    "EXISTS (SELECT 1 FROM pauses WHERE paused AND scope IN :scopes) AS paused "
    "FROM batches WHERE id = :batch"
).bindparams(sa.bindparam("scopes", expanding=True))
_LEFT = sa.text(
    "SELECT id, claimed_at, target_kind, n_people FROM batches WHERE state = 'sending' "
    "AND (:alone = 1 OR lease_until_mono < :shared OR lease_until_mono > :shared + :lease)"
)
_LOSE_ROWS = sa.text(
    "UPDATE ledger SET state = 'unknown', updated_at = :now, next_look_at = :look "
    "WHERE batch_id = :batch AND state = 'sending'"
)
_LOSE_BATCH = sa.text(
    "UPDATE batches SET state = 'unknown', fence = fence + 1, answered_at = :now, error = :error "
    "WHERE id = :batch AND state = 'sending'"
).bindparams(sa.bindparam("error", type_=sa.JSON(none_as_null=True)))

_BREAKER_OPENED = msg(
    "Several requests in a row came to nothing or to doubt. Look at Braze, then resume."
)
_PROCESS_GONE = msg("The worker stopped between claim and answer, so it may have gone out.")


Settling = Callable[[sa.Connection], object]


@dataclass(frozen=True)
class Sent:
    """What is known of the request itself: when its first byte left, and a digest of its body."""

    at: float | None = None
    body_digest: str | None = None


def write_fate(
    database: Database,
    clock: Clock,
    claim: Claim,
    verdict: Verdict,
    *,
    sent: Sent = Sent(),
    window: RateWindow | None = None,
    share: float = DEFAULT_SHARE,
) -> bool:
    """Settle a batch in one transaction: rows, batch, breaker, rate bucket, automatic pauses.

    Returns False, and changes no row, where a recovery has taken the batch in the meantime: its
    rows are `unknown` then, which stays true whatever the late answer says.
    """
    with database.write() as connection:
        return settle(connection, clock, claim, verdict, sent=sent, window=window, share=share)


def settle(
    connection: sa.Connection,
    clock: Clock,
    claim: Claim,
    verdict: Verdict,
    *,
    sent: Sent = Sent(),
    window: RateWindow | None = None,
    share: float = DEFAULT_SHARE,
) -> bool:
    """As `write_fate`, inside the caller's transaction."""
    now = clock.now().timestamp()
    back = verdict.state is LedgerState.NOT_DISPATCHED
    failed_at = connection.scalar(_LAST_FAILED) if back else None
    settled = connection.execute(
        _BATCH,
        {
            "state": verdict.state.value,
            "now": now,
            "sent_at": sent.at,
            "dispatch": verdict.dispatch_id or None,
            "request": verdict.request_id or None,
            "error": None if verdict.what is None else message_json(verdict.what),
            "digest": sent.body_digest,
            "batch": claim.batch_id,
            "fence": claim.fence,
        },
    )
    ours = settled.rowcount == 1
    if ours:
        rows_state = LedgerState.PLANNED if back else verdict.state
        connection.execute(
            _ROWS,
            {
                "state": rows_state.value,
                "now": now,
                "look": _first_look(verdict.state, claim.target_kind, claim.claimed_at),
                "batch_after": None if back else claim.batch_id,
                "tried": int(verdict.tried),
                "batch": claim.batch_id,
            },
        )
    # Threads that were under way together fail together: that is one failure, not several.
    same_incident = failed_at is not None and claim.claimed_at < failed_at
    if verdict.counts and not same_incident:
        _count(connection, clock, claim.workspace, verdict.state, now)
    if verdict.pause_scope is not None and verdict.what is not None:
        _stop(connection, clock, verdict.pause_scope, verdict.what, now)
    family = family_of(claim.target_kind)
    _heed(connection, claim.workspace, family, window, verdict.retry_at, share)
    return ours


def settling(
    clock: Clock,
    claim: Claim,
    verdict: Verdict,
    *,
    sent: Sent,
    window: RateWindow | None,
    share: float,
) -> Settling:
    """The writing of a fate, to be done in a transaction of the caller's."""
    return partial(
        settle,
        clock=clock,
        claim=claim,
        verdict=verdict,
        sent=sent,
        window=window,
        share=share,
    )


@dataclass(frozen=True)
class Standing:
    """How a claimed batch stands: whether it is still `sending` under our fence, and paused."""

    ours: bool
    paused: bool


def standing(connection: sa.Connection, claim: Claim, scopes: Sequence[str]) -> Standing:
    """How the batch stands now; `scopes` are the pauses that would hold it."""
    row = connection.execute(_OURS, {"batch": claim.batch_id, "scopes": list(scopes)}).first()
    if row is None:
        return Standing(False, False)
    ours = row.state == LedgerState.SENDING and row.fence == claim.fence
    return Standing(ours, bool(row.paused))


@dataclass(frozen=True)
class Lost:
    """Batches found `sending` with nobody behind them; their people are in doubt now."""

    n_batches: int
    n_people: int


def give_up(database: Database, clock: Clock, *, alone: bool) -> Lost:
    """Turn abandoned `sending` rows into `unknown`, never back into `planned`.

    `alone`: this process is known to be the only worker, so that every such row is abandoned. Else
    only those whose lease is over, or longer than any lease can be (the machine was restarted).
    """
    now = clock.now().timestamp()
    with database.write() as connection:
        shared = shared_s(connection, lease.boot_s())
        values = {"alone": int(alone), "shared": shared, "lease": lease.LEASE_S}
        left = connection.execute(_LEFT, values).all()
        for row in left:
            look = _first_look(LedgerState.UNKNOWN, TargetKind(row.target_kind), row.claimed_at)
            connection.execute(_LOSE_ROWS, {"batch": row.id, "now": now, "look": look})
            why = message_json(_PROCESS_GONE)
            connection.execute(_LOSE_BATCH, {"batch": row.id, "now": now, "error": why})
        if left:
            detail = {"batches": [row.id for row in left]}
            record(connection, clock, ITSELF, "sending.recovered", "*", detail)
    return Lost(len(left), sum(row.n_people for row in left))


def _first_look(state: LedgerState, kind: TargetKind, claimed_at: float) -> float | None:
    # Nothing to look at where there are no receipts: API campaigns, attributes (DECISIONS 4).
    if state not in IN_DOUBT or kind in NO_RECEIPT:
        return None
    return claimed_at + FIRST_LOOK_S


def _count(
    connection: sa.Connection, clock: Clock, workspace: str, state: LedgerState, now: float
) -> None:
    before = switches.breaker(connection, workspace)
    value = after(before, state, now)
    if value != before:
        switches.set_breaker(connection, workspace, value)
    if value.open_since is not None and before.open_since is None:
        _stop(connection, clock, switches.EVERYTHING, _BREAKER_OPENED, now)


def _stop(connection: sa.Connection, clock: Clock, scope: str, why: Message, now: float) -> None:
    if any(p.scope == scope for p in switches.pauses(connection, (scope,))):
        return  # a person's own pause and its reason stay
    switches.set_pause(connection, scope, True, by=ITSELF, reason=str(why), at=now, automatic=True)
    record(connection, clock, ITSELF, "sending.stopped", scope, {"reason": str(why)})


def _heed(
    connection: sa.Connection,
    workspace: str,
    family: Family,
    window: RateWindow | None,
    retry_at: float | None,
    share: float,
) -> None:
    if window is None and retry_at is None:
        return
    bucket = switches.bucket(connection, workspace, family)
    if bucket is None:
        return
    if window is not None:
        bucket = heed(bucket, window, share)
    if retry_at is not None:
        bucket = exhausted(bucket, retry_at)
    switches.set_bucket(connection, workspace, family, bucket)
