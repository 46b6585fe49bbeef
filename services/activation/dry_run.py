"""A whole day rehearsed: every request body that would go out, and everybody who would get none.

Reads what the claim reads and judges people by the same guards; writes nothing, sends nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

import pyarrow as pa

from services.activation.consent import consenting_people
from services.activation.delivering import BrazeSender
from services.activation.guards import PersonRow, kept_back, limits_of, within_cap
from services.activation.model import MAX_RECIPIENTS, Claim, Person, Sender, SkipReason
from services.activation.planning import plan_rows
from services.activation.plans.store import PlannedRow, groups, planned_rows
from services.activation.rehearsal.store import Standing, standing
from services.activation.second_life.store import quiet_through
from services.database.engine import Database
from services.experiment.model import Channel, Experiment, TargetKind
from services.lake import Lake


@dataclass(frozen=True)
class Rehearsal:
    """What would happen. Counts are people; `by_hour` is in the experiment's zone, hours truncated.

    `by_option`: dimension key → option key → people. `cost` is in the experiment's currency.
    """

    day: date
    n_would_send: int
    cost: float
    by_option: Mapping[str, Mapping[str, int]]
    by_target: Mapping[tuple[TargetKind, str], int]
    by_hour: Mapping[datetime, int]
    not_sent: Mapping[SkipReason, int]
    batches: tuple[Claim, ...]

    def bodies(self, sender: Sender) -> Iterator[tuple[Claim, dict[str, object]]]:
        """Each request in the order it would go out, with its exact body."""
        for batch in self.batches:
            yield batch, sender.body(batch)


def dry_run(
    database: Database,
    lake: Lake,
    workspace: str,
    experiment: Experiment,
    day: date,
    *,
    decisions: pa.Table | None = None,
    assigned: Mapping[int, str] | None = None,
) -> Rehearsal:
    """Rehearse a day from its planned rows, or from `decisions` that are not planned yet.

    assigned   person → group, where the draw is not stored yet (before launch)

    Raises DataError where the decisions hold somebody of the holdout.
    """
    limits = limits_of(experiment)
    known = standing(database, workspace, experiment.id, day, limits.first_day(day))
    if decisions is None:
        rows = planned_rows(database, workspace, experiment.id, day)
    else:
        drawn = groups(database, experiment.id) if assigned is None else assigned
        rows = plan_rows(
            experiment,
            decisions,
            drawn,
            external_ids=known.external_ids,
            quiet_through=quiet_through(database),
        )
    consent = consenting_people(lake, experiment)
    reasons = {r.person: r.reason for r in rows if r.reason is not None}
    people = {r.person: _as_picked(r, known) for r in rows if r.reason is None}
    for channel in Channel:
        picked = [people[r.person] for r in rows if r.reason is None and r.channel is channel]
        reasons |= kept_back(
            picked, limits, consent=consent[channel], history=known.history, day=day
        )
    going = [r for r in rows if r.person not in reasons]
    n_fit = within_cap([people[r.person] for r in going], limits, known.messages, known.money)
    reasons |= {r.person: SkipReason.CAP for r in going[n_fit:]}
    going = going[:n_fit]
    zone = ZoneInfo(experiment.zone)
    return Rehearsal(
        day=day,
        n_would_send=len(going),
        cost=sum(r.cost for r in going),
        by_option=_by_option(experiment, going),
        by_target=Counter((r.target_kind, r.target_id) for r in going),
        by_hour=Counter(_hour(r.send_at, zone) for r in going),
        not_sent=Counter(reasons.values()),
        batches=tuple(_batches(workspace, experiment.id, going)),
    )


def rehearsing_sender(experiment: Experiment) -> BrazeSender:
    """A sender that writes bodies and cannot send."""
    return BrazeSender(None, experiment)


def _as_picked(row: PlannedRow, known: Standing) -> PersonRow:
    return PersonRow(
        person=row.person,
        properties=row.properties,
        cost=row.cost,
        tries=0,
        fence=0,
        send_at=row.send_at,
        external_id=known.external_ids.get(row.person),
        grp=row.grp,
        ended=int(row.person in known.ended),
        suppressed=row.person if row.person in known.suppressed else None,
    )


def _by_option(experiment: Experiment, going: Sequence[PlannedRow]) -> dict[str, dict[str, int]]:
    counts = {d.key: {option.key: 0 for option in d.options} for d in experiment.send_dimensions}
    for text, n in Counter(r.combination for r in going).items():
        for dimension, option in json.loads(text).items():
            counts[dimension][option] = counts[dimension].get(option, 0) + n
    return counts


def _hour(at: float, zone: ZoneInfo) -> datetime:
    local = datetime.fromtimestamp(at, UTC).astimezone(zone)
    return local.replace(minute=0, second=0, microsecond=0)


def _batches(workspace: str, experiment_id: str, going: Sequence[PlannedRow]) -> Iterator[Claim]:
    def together(row: PlannedRow) -> tuple[float, str, str, str, str]:
        alike = row.combination if row.target_kind is TargetKind.API_CAMPAIGN else ""
        return (row.send_at, row.target_kind, row.target_id, row.channel, alike)

    for _, alike in groupby(sorted(going, key=together), together):
        rows = list(alike)
        for start in range(0, len(rows), MAX_RECIPIENTS):
            yield _batch(workspace, experiment_id, rows[start : start + MAX_RECIPIENTS])


def _batch(workspace: str, experiment_id: str, rows: Sequence[PlannedRow]) -> Claim:
    first = rows[0]
    return Claim(
        workspace=workspace,
        experiment_id=experiment_id,
        day=first.day,
        target_kind=first.target_kind,
        target_id=first.target_id,
        channel=first.channel,
        combination=json.loads(first.combination),
        people=tuple(Person(r.person, r.external_id or "", json.loads(r.properties)) for r in rows),
        batch_id=None,
        fence=0,
        claimed_at=first.send_at,
        deadline_wall=0.0,
        deadline_boot=0.0,
    )
