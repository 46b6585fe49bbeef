"""The claim: one transaction in which a batch becomes ours, with every guard inside.

All or nothing (RELIABILITY 2.1): pause flag off, experiment running, configuration and content
approved, export fresh, decisions durable, breaker closed, caps and rate token; and for each person:
assigned and not holdout, neither suppressed nor erased, consent, frequency and gap over all
experiments. What fails a guard for the batch is `Held` and stays planned; a person who fails one is
skipped for the day with the reason. Triggers (`barriers`) say the same once more.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from services.activation import lease
from services.activation.gates.store import family_of, held_by, rate_token
from services.activation.guards import Limits, PersonRow, kept_back, limits_of, within_cap
from services.activation.model import (
    MAX_LATE_S,
    MAX_RECIPIENTS,
    MAY_HAVE_REACHED,
    Claim,
    Held,
    Person,
    SkipReason,
)
from services.activation.switches import store as switches
from services.activation.switches.buckets import DEFAULT_SHARE, Bucket
from services.clock import Clock
from services.database.engine import Database
from services.database.leading import shared_s
from services.experiment.model import Channel, Experiment, TargetKind


def _listed(sql: str, *names: str) -> sa.TextClause:
    return sa.text(sql).bindparams(*(sa.bindparam(name, expanding=True) for name in names))


_HEAD = _listed(
    "SELECT day, slot, target_kind, target_id, channel, combination FROM ledger "
    "WHERE experiment_id = :experiment AND state = 'planned' AND send_at <= :now "
    "AND send_at >= :oldest AND workspace = :workspace "
    "AND (target_kind || ':' || target_id) NOT IN :blocked ORDER BY send_at LIMIT 1",
    "blocked",
)
_CANDIDATES = sa.text(
    "SELECT l.person, l.properties, l.cost, l.tries, l.fence, l.send_at, p.external_id, a.grp, "
    "a.ended, s.person AS suppressed FROM ledger l "
    "LEFT JOIN people p ON p.person = l.person "
    "LEFT JOIN assignments a ON a.experiment_id = l.experiment_id AND a.person = l.person "
    "LEFT JOIN suppressions s ON s.person = l.person "
    "WHERE l.experiment_id = :experiment AND l.state = 'planned' AND l.send_at <= :now "
    "AND l.send_at >= :oldest AND l.workspace = :workspace AND l.day = :day AND l.slot = :slot "
    "AND l.target_kind = :kind AND l.target_id = :target AND l.channel = :channel "
    "AND (:combination = '' OR l.combination = :combination) ORDER BY l.send_at LIMIT :most"
)
_HISTORY = _listed(
    "SELECT person, day, send_at FROM ledger WHERE workspace = :workspace AND person IN :people "
    "AND day >= :since AND state IN :reached",
    "people",
    "reached",
)
_SPENT = _listed(
    "SELECT COUNT(*) AS messages, COALESCE(SUM(cost), 0) AS money FROM ledger "
    "WHERE experiment_id = :experiment AND day = :day AND state IN :reached",
    "reached",
)
_SKIP = _listed(
    "UPDATE ledger SET state = 'skipped', reason = :reason, updated_at = :now "
    "WHERE workspace = :workspace AND day = :day AND slot = :slot AND state = 'planned' "
    "AND person IN :people",
    "people",
)
_SEND = _listed(
    "UPDATE ledger SET state = 'sending', batch_id = :batch, fence = fence + 1, updated_at = :now "
    "WHERE workspace = :workspace AND day = :day AND slot = :slot AND state = 'planned' "
    "AND person IN :people",
    "people",
)
_BATCH = sa.text(
    "INSERT INTO batches (experiment_id, day, target_kind, target_id, state, fence, n_people, "
    "claimed_at, lease_until_mono) VALUES (:experiment, :day, :kind, :target, 'sending', :fence, "
    ":n_people, :now, :lease) RETURNING id"
)


@dataclass(frozen=True)
class Terms:
    """Under which terms batches are claimed: workspace, consent of the latest export, our share.

    `consent` holds, for each channel, the people whose consent is positively known.
    """

    workspace: str
    consent: Mapping[Channel, Collection[int]]
    share: float = DEFAULT_SHARE


def claim(
    database: Database,
    clock: Clock,
    experiment: Experiment,
    terms: Terms,
    *,
    blocked: Collection[str] = (),
    first: Callable[[sa.Connection], object] | None = None,
) -> Claim | Held | None:
    """Make the next batch ours, durably; None where nothing is due.

    `blocked` are targets ('campaign:<id>') this run has found held. `first` is done before, in the
    same transaction: the fate of the batch before, so that both are one commit. Rows are `sending`
    from the commit on: whatever happens to this process, nobody else will send them.
    """
    now = clock.now().timestamp()
    due: dict[str, Any] = {
        "experiment": experiment.id,
        "workspace": terms.workspace,
        "now": now,
        "oldest": now - MAX_LATE_S,
    }
    with database.write() as connection:
        if first is not None:
            first(connection)
        found = connection.execute(_HEAD, {**due, "blocked": list(blocked) or [""]})
        head = found.mappings().first()
        if head is None:
            return None
        held = held_by(connection, experiment, head, now)
        if held is not None:
            return held
        family = family_of(head["target_kind"])
        bucket = rate_token(connection, terms.workspace, family, terms.share, now)
        if isinstance(bucket, Held):
            return bucket
        return _take(connection, experiment, terms, head, due, bucket)


def _take(
    connection: sa.Connection,
    experiment: Experiment,
    terms: Terms,
    head: sa.RowMapping,
    due: Mapping[str, Any],
    bucket: Bucket,
) -> Claim:
    now: float = due["now"]
    one_combination = head["target_kind"] == TargetKind.API_CAMPAIGN
    batch: dict[str, Any] = {
        "kind": head["target_kind"],
        "target": head["target_id"],
        "channel": head["channel"],
        "day": head["day"],
        "slot": head["slot"],
    }
    only = head["combination"] if one_combination else ""
    rows = connection.execute(
        _CANDIDATES, {**due, **batch, "combination": only, "most": MAX_RECIPIENTS}
    )
    people = [PersonRow(*row) for row in rows]
    limits = limits_of(experiment)
    skip = kept_back(
        people,
        limits,
        consent=terms.consent.get(Channel(head["channel"]), frozenset()),
        history=_history(connection, terms.workspace, people, limits, head["day"]),
        day=date.fromisoformat(head["day"]),
    )
    going = [p for p in people if p.person not in skip]
    if limits.capped:
        spent = connection.execute(
            _SPENT,
            {"experiment": experiment.id, "day": head["day"], "reached": _REACHED},
        ).one()
        n_fit = within_cap(going, limits, spent.messages, spent.money)
        skip |= dict.fromkeys((p.person for p in going[n_fit:]), SkipReason.CAP)
        going = going[:n_fit]
    key = {"workspace": terms.workspace, "day": head["day"], "slot": head["slot"], "now": now}
    counts: dict[SkipReason, int] = {}
    for reason in sorted(set(skip.values())):
        named = [person for person, why in skip.items() if why is reason]
        connection.execute(_SKIP, {**key, "reason": reason.value, "people": named})
        counts[reason] = len(named)
    fence = max((p.fence for p in going), default=0) + 1
    batch_id = None
    if going:
        lease_until = shared_s(connection, lease.boot_s()) + lease.LEASE_S
        values = {**batch, "experiment": experiment.id, "fence": fence, "now": now}
        batch_id = connection.scalar(
            _BATCH, {**values, "n_people": len(going), "lease": lease_until}
        )
        connection.execute(_SEND, {**key, "batch": batch_id, "people": [p.person for p in going]})
        family = family_of(head["target_kind"])
        switches.set_bucket(connection, terms.workspace, family, bucket)
    return Claim(
        workspace=terms.workspace,
        experiment_id=experiment.id,
        day=date.fromisoformat(head["day"]),
        target_kind=TargetKind(head["target_kind"]),
        target_id=head["target_id"],
        channel=Channel(head["channel"]),
        combination=json.loads(head["combination"]),
        people=tuple(
            Person(p.person, p.external_id or "", json.loads(p.properties)) for p in going
        ),
        batch_id=batch_id,
        fence=fence,
        claimed_at=now,
        deadline_wall=lease.wall_s() + lease.START_WITHIN_S,
        deadline_boot=lease.boot_s() + lease.START_WITHIN_S,
        tries=max((p.tries for p in going), default=0),
        skipped=counts,
    )


def _history(
    connection: sa.Connection, workspace: str, people: list[PersonRow], limits: Limits, day: str
) -> dict[int, list[tuple[date, float]]]:
    found: dict[int, list[tuple[date, float]]] = {}
    if not people or limits.look_back_days == 0:
        return found
    since = limits.first_day(date.fromisoformat(day)).isoformat()
    values = {"workspace": workspace, "since": since, "reached": _REACHED}
    for row in connection.execute(_HISTORY, {**values, "people": [p.person for p in people]}):
        found.setdefault(row.person, []).append((date.fromisoformat(row.day), row.send_at))
    return found


_REACHED = [state.value for state in MAY_HAVE_REACHED]
