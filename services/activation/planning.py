"""A day's decisions become rows of the ledger: planned, or skipped with the reason.

Planning the same day again changes nothing: the ledger's key (workspace, person, day, slot) is the
barrier, and the first row stays. That holds over all experiments: one message a person and day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from services.activation.model import Planned, SkipReason
from services.activation.plans.store import PlannedRow, as_json, groups, insert_rows
from services.activation.second_life.store import quiet_through
from services.clock import Clock
from services.database.engine import Database
from services.errors import DataError
from services.experiment.model import (
    Channel,
    DimensionKind,
    Experiment,
    Group,
    Option,
    TargetKind,
)
from services.messages import msg

OPTION_COLUMN = "opt:"
# An hour acts as a time and a channel as a target: neither is a property of the message.
NOT_PROPERTIES = frozenset({DimensionKind.HOUR, DimensionKind.CHANNEL})


@dataclass(frozen=True)
class Binding:
    """How one combination acts: its target, trigger properties and cost. The same for everybody."""

    target_kind: TargetKind | None
    target_id: str
    channel: Channel
    combination: str
    properties: str
    cost: float


def plan(
    database: Database,
    clock: Clock,
    workspace: str,
    experiment: Experiment,
    decisions: pa.Table,
    *,
    extras: Mapping[str, object] | None = None,
) -> Planned:
    """Write the ledger rows of a day's decisions.

    decisions   columns decision_id, person, day, slot, grp, send_at (timestamp UTC; null = no hour
                was left) and one `opt:<key>` a send dimension. Already durable in the lake: the
                claim refuses days whose part is not.
    extras      further trigger properties, the same for everybody

    Raises DataError where the decisions hold somebody of the holdout.
    """
    rows = plan_rows(
        experiment,
        decisions,
        groups(database, experiment.id),
        extras=extras,
        quiet_through=quiet_through(database),
    )
    n_new = insert_rows(database, workspace, experiment.id, rows, clock.now().timestamp())
    skipped: dict[SkipReason, int] = {}
    for row in rows:
        if row.reason is not None:
            skipped[row.reason] = skipped.get(row.reason, 0) + 1
    going = [row.send_at for row in rows if row.reason is None]
    return Planned(
        n_planned=len(going),
        n_skipped=len(rows) - len(going),
        n_kept=len(rows) - n_new,
        first_send_at=min(going, default=None),
        skipped=skipped,
    )


def plan_rows(
    experiment: Experiment,
    decisions: pa.Table,
    assigned: Mapping[int, str],
    *,
    extras: Mapping[str, object] | None = None,
    external_ids: Mapping[int, str] | None = None,
    quiet_through: date | None = None,
) -> list[PlannedRow]:
    """The rows that `plan` would write. Pure; the dry run uses it before anything is stored.

    assigned        person → group. Raises DataError where somebody decided for is in the holdout.
    quiet_through   last day of which nobody knows what went out: nothing more is planned for it
    """
    if decisions.num_rows == 0:
        return []
    holdout = Group.HOLDOUT.value
    names = [d.key for d in experiment.send_dimensions]
    columns = [_values(decisions, f"{OPTION_COLUMN}{name}") for name in names]
    bindings: dict[tuple[object, ...], Binding] = {}
    rows: list[PlannedRow] = []
    at = decisions.column("send_at").cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
    for decision_id, person, day, slot, grp, send_us, *options in zip(
        _values(decisions, "decision_id"),
        _values(decisions, "person"),
        _values(decisions, "day"),
        _values(decisions, "slot"),
        _values(decisions, "grp"),
        at.to_pylist(),
        *columns,
        strict=True,
    ):
        if grp == holdout or assigned.get(person) == holdout:
            raise DataError(
                msg("The decisions of {day} hold somebody of the holdout.", day=day),
                hint=msg("Nothing was planned. The holdout is never messaged. Please report this."),
            )
        key = tuple(options)
        binding = bindings.get(key)
        if binding is None:
            chosen = {n: str(o) for n, o in zip(names, options, strict=True) if o is not None}
            binding = bindings[key] = bind(experiment, chosen, extras or {})
        on = day if isinstance(day, date) else date.fromisoformat(str(day))
        reason = None
        if quiet_through is not None and on <= quiet_through:
            reason = SkipReason.RECONCILED
        elif names and not any(options):
            reason = SkipReason.NOTHING_CHOSEN
        elif binding.target_kind is None:
            reason = SkipReason.NO_TARGET
        elif send_us is None:
            reason = SkipReason.HOUR_PASSED
        elif person not in assigned:
            reason = SkipReason.NOT_ASSIGNED
        rows.append(
            PlannedRow(
                person=person,
                external_id=(external_ids or {}).get(person),
                decision_id=decision_id,
                grp=grp,
                day=on,
                slot=slot,
                target_kind=binding.target_kind or TargetKind.CAMPAIGN,
                target_id=binding.target_id,
                channel=binding.channel,
                combination=binding.combination,
                properties=binding.properties,
                send_at=0.0 if send_us is None else send_us / 1e6,
                cost=binding.cost,
                reason=reason,
            )
        )
    return rows


def bind(
    experiment: Experiment, combination: dict[str, str], extras: Mapping[str, object]
) -> Binding:
    """How a combination acts. `target_kind` is None where no target agrees with it."""
    target = experiment.target_for(combination)
    properties: dict[str, object] = dict(extras)
    cost = 0.0
    for dimension in experiment.send_dimensions:
        option = next(
            (o for o in dimension.options if o.key == combination.get(dimension.key)), None
        )
        if option is None:
            continue
        cost += option.cost
        # A profile is told the whole choice: whoever reads it there has to act on it.
        on_profile = target is not None and target.kind is TargetKind.PROFILE
        if on_profile or dimension.kind not in NOT_PROPERTIES:
            properties[dimension.trigger_property()] = _carried(option)
    return Binding(
        target_kind=None if target is None else target.kind,
        target_id="" if target is None else target.id,
        channel=Channel.EMAIL if target is None else target.channel,
        combination=as_json(combination),
        properties=as_json(properties),
        cost=cost,
    )


def _carried(option: Option) -> object:
    return option.key if option.value is None else option.value


def _values(table: pa.Table, name: str) -> list[object]:
    if name not in table.column_names:
        raise DataError(msg("The decisions have no column {name}.", name=name))
    values: list[object] = table.column(name).to_pylist()
    return values
