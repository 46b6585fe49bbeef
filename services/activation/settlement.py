"""Clear up doubts by Braze's own record, never by sending again (RELIABILITY 2.1, P11).

Braze shows only the *last* receipt of a campaign. So a receipt counts for a message only if no
later message went through the same target before it; where one did, the doubt stays a doubt for
good: a wrong verdict would be worse.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from services.activation.looks.store import Doubt, Look, doubts_due, may_ask, write_looks
from services.activation.model import MAX_RECIPIENTS, LedgerState
from services.activation.switches.buckets import DEFAULT_SHARE
from services.braze.client import BrazeClient
from services.braze.profiles import RECEIVED_FIELDS
from services.braze.users import export_by_ids
from services.clock import Clock
from services.database.engine import Database
from services.errors import BrazeError
from services.experiment.model import TargetKind

LOOKS_S = (600.0, 6 * 3600.0, 24 * 3600.0, 72 * 3600.0)  # after the claim: RELIABILITY 2.1
SLACK_S = 120.0  # how far Braze's clock may be behind ours

Receipt = tuple[TargetKind, str]  # kind and id of a target
Receipts = Mapping[Receipt, float]  # when the person last received it, epoch seconds


@dataclass(frozen=True)
class Settled:
    """What one round came to. `n_closed` doubts can never be cleared up; `wait_until` = held."""

    n_looked: int = 0
    n_received: int = 0
    n_not_received: int = 0
    n_closed: int = 0
    wait_until: float | None = None
    problem: BrazeError | None = None


@dataclass
class _Count:
    looks: list[Look] = field(default_factory=list)

    def settled(self, wait_until: float | None, problem: BrazeError | None) -> Settled:
        states = [look.state for look in self.looks]
        return Settled(
            n_looked=len(states),
            n_received=states.count(LedgerState.RECEIVED),
            n_not_received=states.count(LedgerState.NOT_RECEIVED),
            n_closed=sum(
                1 for look in self.looks if look.next_at is None and look.state is look.doubt.state
            ),
            wait_until=wait_until,
            problem=problem,
        )


def ask_braze(client: BrazeClient, ids: Sequence[str]) -> dict[str, Receipts]:
    """What each of these people last received. People Braze does not know are left out."""
    found = export_by_ids(client, ids, ("external_id", *RECEIVED_FIELDS))
    return {str(u["external_id"]): receipts_of(u) for u in found.users if u.get("external_id")}


def settle_due(
    database: Database,
    clock: Clock,
    client: BrazeClient,
    workspace: str,
    experiment_id: str,
    *,
    ask: Callable[[BrazeClient, Sequence[str]], Mapping[str, Receipts]] = ask_braze,
    force: bool = False,
    share: float = DEFAULT_SHARE,
    progress: Callable[[int], None] | None = None,
) -> Settled:
    """Look at every doubt whose time has come, 50 people a request.

    `force` looks at all doubts at once ("Ask Braze now"); their later looks stay as they are. A
    problem of Braze ends the round early and is part of the result: nothing is lost by waiting.
    """
    count = _Count()
    after = (float("-inf"), -1)
    while True:
        now = clock.now().timestamp()
        doubts = doubts_due(
            database,
            workspace,
            experiment_id,
            now,
            force=force,
            most=MAX_RECIPIENTS,
            after=after,
        )
        if not doubts:
            return count.settled(None, None)
        after = (doubts[-1].claimed_at, doubts[-1].person)
        ids = sorted({d.external_id for d in doubts if d.external_id is not None})
        receipts: Mapping[str, Receipts] = {}
        if ids:
            wait_until = may_ask(database, workspace, share, now)
            if wait_until is not None:
                return count.settled(wait_until, None)
            try:
                receipts = ask(client, ids)
            except BrazeError as problem:
                return count.settled(None, problem)
        looks = [judge(d, receipts.get(d.external_id or "", {}), now) for d in doubts]
        write_looks(database, workspace, looks, now)
        count.looks += looks
        if progress is not None:
            progress(len(count.looks))


def judge(doubt: Doubt, receipts: Receipts, now: float) -> Look:
    """What one look shows. `receipts` are the person's; empty where Braze has no such person."""
    last = receipts.get((doubt.target_kind, doubt.target_id))
    hidden = False
    if last is not None and last >= doubt.claimed_at - SLACK_S:
        if doubt.next_claim is None or last < doubt.next_claim - SLACK_S:
            return Look(doubt, LedgerState.RECEIVED, None)
        hidden = True
    later = [doubt.claimed_at + s for s in LOOKS_S if doubt.claimed_at + s > now]
    if later and not hidden:
        return Look(doubt, doubt.state, later[0])
    if hidden or doubt.external_id is None:
        return Look(doubt, doubt.state, None)
    return Look(doubt, LedgerState.NOT_RECEIVED, None)


def receipts_of(user: Mapping[str, object]) -> dict[Receipt, float]:
    """Targets in one exported profile with the moment of the last receipt.

    A Canvas counts from the entry: its first message follows from there. Entries of Braze's own
    control group, and those without a readable time, are no receipts.
    """
    found: dict[Receipt, float] = {}
    for kind, shelf, id_name, time_name in (
        (TargetKind.CAMPAIGN, "campaigns_received", "api_campaign_id", "last_received"),
        (TargetKind.CANVAS, "canvases_received", "api_canvas_id", "last_entered"),
    ):
        entries = user.get(shelf)
        for entry in entries if isinstance(entries, list) else ():
            if not isinstance(entry, Mapping) or entry.get("in_control"):
                continue
            at = _moment(entry.get(time_name))
            if at is not None:
                key = (kind, str(entry.get(id_name)))
                found[key] = max(at, found.get(key, at))
    return found


def _moment(text: object) -> float | None:
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
