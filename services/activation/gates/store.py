"""The gates of a whole batch: what must hold before anything goes to a target."""

from __future__ import annotations

import json
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from services.activation.model import CLOCK_BACK_S, MAX_EXPORT_AGE_S, Held, HeldReason
from services.activation.switches import store as switches
from services.activation.switches.breaker import wait_until
from services.activation.switches.buckets import Bucket, take
from services.braze.limits import Family
from services.experiment.model import Experiment, Status, Target, TargetKind

_GATES = sa.text(
    "SELECT (SELECT status FROM experiments WHERE id = :experiment) AS status, "
    "(SELECT hash FROM experiments WHERE id = :experiment) AS hash, "
    "EXISTS (SELECT 1 FROM approvals WHERE kind = 'configuration' AND subject = :experiment "
    "  AND digest = :hash AND revoked_at IS NULL) AS approved, "
    "EXISTS (SELECT 1 FROM approvals a JOIN catalogue c ON c.content_digest = a.digest "
    "  WHERE a.kind = 'content' AND a.subject = :subject AND a.revoked_at IS NULL "
    "  AND c.kind = :content_kind AND c.id = :content_id) AS content_approved, "
    "EXISTS (SELECT 1 FROM manifest WHERE kind = 'decisions' AND experiment = :experiment "
    "  AND day = :day) AS decided, "
    "EXISTS (SELECT 1 FROM pauses WHERE paused AND scope IN :wide) AS paused, "
    "EXISTS (SELECT 1 FROM pauses WHERE paused AND scope = :target) AS target_paused, "
    "(SELECT claimed_at FROM batches ORDER BY id DESC LIMIT 1) AS last_claim"
).bindparams(sa.bindparam("wide", expanding=True))
_EXPORT = sa.text(
    "SELECT day, meta FROM manifest WHERE kind = 'snapshots' AND experiment = :experiment "
    "ORDER BY day DESC, id DESC LIMIT 1"
)
_LAST_FAILED = sa.text(
    "SELECT answered_at FROM batches WHERE state = 'not_dispatched' ORDER BY id DESC LIMIT 1"
)


def family_of(kind: str) -> Family:
    """The rate limit that requests to a target draw from."""
    return Family.TRACK if kind == TargetKind.PROFILE else Family.SHARED


def target_name(kind: str, id: str) -> str:
    """How one target is named as a pause scope and as a subject: 'campaign:<id>'."""
    return f"{kind}:{id}"


def content_of(target: Target | None, kind: str, id: str) -> tuple[str, str]:
    """Kind and id, as in the catalogue, of what holds a target's content."""
    if kind == TargetKind.API_CAMPAIGN and target is not None and target.template_id:
        return "template", target.template_id
    return ("campaign" if kind == TargetKind.API_CAMPAIGN else kind), id


def find_target(experiment: Experiment, kind: str, id: str) -> Target | None:
    """The experiment's target of this kind and id, or None where it has none any more."""
    return next((t for t in experiment.targets if t.kind == kind and t.id == id), None)


def export_made_at(connection: sa.Connection, experiment: Experiment) -> float | None:
    """When the latest export of the audience was asked for; None where there is none.

    `exported_at` in the part's meta is an ISO time with its zone. A part that does not say counts
    from the start of its day, which makes it older, never younger.
    """
    row = connection.execute(_EXPORT, {"experiment": experiment.id}).first()
    if row is None:
        return None
    meta = json.loads(row.meta) if isinstance(row.meta, str) else row.meta
    said = (meta or {}).get("exported_at")
    if isinstance(said, str):
        return datetime.fromisoformat(said).timestamp()
    midnight = datetime.combine(
        date.fromisoformat(row.day), time(), tzinfo=ZoneInfo(experiment.zone)
    )
    return midnight.timestamp()


def held_by(
    connection: sa.Connection, experiment: Experiment, head: sa.RowMapping, now: float
) -> Held | None:
    """Why nothing, or nothing to this target, may be claimed now; None where all gates are open.

    `head` is the first due row: day, target_kind, target_id.
    """
    kind, id = head["target_kind"], head["target_id"]
    name = target_name(kind, id)
    content_kind, content_id = content_of(find_target(experiment, kind, id), kind, id)
    wanted = experiment.configuration_hash()
    gates = connection.execute(
        _GATES,
        {
            "experiment": experiment.id,
            "hash": wanted,
            "subject": target_name(content_kind, content_id),
            "content_kind": content_kind,
            "content_id": content_id,
            "day": head["day"],
            "wide": [switches.EVERYTHING, experiment.id],
            "target": name,
        },
    ).one()
    if gates.paused:
        return Held(HeldReason.PAUSED)
    if gates.target_paused:
        return Held(HeldReason.TARGET_STOPPED, target=(kind, id))
    if gates.status != Status.RUNNING:
        return Held(HeldReason.NOT_RUNNING)
    if gates.hash != wanted or not gates.approved:
        return Held(HeldReason.NOT_APPROVED)
    if gates.last_claim is not None and now < gates.last_claim - CLOCK_BACK_S:
        return Held(HeldReason.CLOCK_BACK)
    if not gates.decided:
        return Held(HeldReason.DECISION_MISSING)
    made_at = export_made_at(connection, experiment)
    if made_at is None or now - made_at > MAX_EXPORT_AGE_S:
        return Held(HeldReason.EXPORT_OLD)
    # A profile gets attributes: there is no content in Braze that could have changed.
    if not gates.content_approved and kind != TargetKind.PROFILE:
        return Held(HeldReason.CONTENT_CHANGED, target=(kind, id))
    return None


def rate_token(
    connection: sa.Connection, workspace: str, family: Family, share: float, now: float
) -> Bucket | Held:
    """The rate bucket with one more request taken, not yet stored, or why there is none to take."""
    breaker = switches.breaker(connection, workspace)
    if breaker.open_since is not None:
        return Held(HeldReason.BREAKER_OPEN)
    if breaker.failed_in_row:
        until = wait_until(breaker, connection.scalar(_LAST_FAILED))
        if now < until:
            return Held(HeldReason.WAITING, until=until)
    taken = take(switches.bucket(connection, workspace, family), family, share, now)
    if taken.wait_until is not None:
        return Held(HeldReason.RATE_LIMIT, until=taken.wait_until)
    return taken.bucket
