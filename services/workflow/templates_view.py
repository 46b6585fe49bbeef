"""What Templates shows: where messages are sent from, how they look, and who approved them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from services.activation.gates.store import content_of, target_name
from services.content.difference import Change, differences
from services.content.lock import TEMPLATE_PARTS, LockState, content_at, lock_state
from services.content.preview import Preview, preview_of
from services.database.engine import Database
from services.errors import ContentError
from services.experiment.approvals.store import approved_content, standing_approvals
from services.experiment.catalogue.model import Catalogue, Details
from services.experiment.catalogue.store import content_digests, load_catalogue
from services.experiment.drafts import Document, read_draft
from services.experiment.model import (
    Channel,
    Dimension,
    DimensionKind,
    Experiment,
    Target,
    TargetKind,
)
from services.experiment.properties import trigger_properties
from services.experiment.records import Approval, ApprovalKind
from services.lake import Lake
from services.messages import Message, msg
from services.workflow.targets_view import Slot, apart_by, slots

ATTRIBUTE_PREFIX = "attr:"
LOOK_KINDS = (
    DimensionKind.CREATIVE,
    DimensionKind.TEMPLATE,
    DimensionKind.SUBJECT,
    DimensionKind.OFFER,
    DimensionKind.CALL_TO_ACTION,
    DimensionKind.CUSTOM,
)
"""Dimensions that change how a message looks, those that change it most first."""
MOST_SAMPLES = 6
SAMPLE_ROWS = 2_000  # looked through for people who differ
SAMPLE_FIELDS = ("country", "language", "time_zone")


@dataclass(frozen=True)
class Sample:
    """Somebody to look as: an export object without an id, and what sets them apart."""

    profile: dict[str, Any]
    about: tuple[tuple[str, object], ...]


@dataclass(frozen=True)
class Card:
    """One variant as one person would get it, and how its content stands to its approval.

    n_alike  options that look exactly like this one; 1 where each has its own card
    changes  what differs from the approved content; empty where that was not kept
    """

    target: Target
    name: str
    variant: str
    subject: str
    digest: str | None
    lock: LockState
    approval: Approval | None
    preview: Preview | None
    error: Message | None
    n_alike: int = 1
    changes: tuple[Change, ...] = ()

    @property
    def key(self) -> str:
        """Unique on the page."""
        return f"{self.subject}/{self.variant}"


@dataclass(frozen=True)
class Gallery:
    """Everything the page shows. `catalogue` is None before the worker has looked into Braze;
    `apart` is the dimension whose options have campaigns of their own."""

    experiment: Experiment
    catalogue: Catalogue | None
    slots: tuple[Slot, ...]
    by_hand: bool
    apart: str | None = None


def gallery(database: Database, document: Document) -> Gallery:
    """Read the draft's targets and what there is to choose from."""
    experiment = read_draft(document).experiment
    catalogue = load_catalogue(database)
    apart = apart_by(document, experiment)
    choices = tuple(slots(experiment, catalogue or Catalogue(), apart))
    ours = [slot.when for slot in choices]
    by_hand = any(target.when not in ours for target in experiment.targets)
    return Gallery(experiment, catalogue, choices, by_hand, apart)


def look_dimensions(experiment: Experiment) -> list[Dimension]:
    """Dimensions whose options change how a message looks, the most telling first."""
    found = [d for d in experiment.send_dimensions if d.kind in LOOK_KINDS and d.options]
    return sorted(found, key=lambda d: LOOK_KINDS.index(d.kind))


def cards(
    database: Database,
    seen: Gallery,
    combination: Mapping[str, str],
    variants_of: str | None,
    profile: Mapping[str, Any],
) -> list[Card]:
    """One card for each target and, with `variants_of`, for each option of that dimension.

    combination  option key by dimension key; what it does not name takes its first option
    """
    experiment = seen.experiment
    digests = content_digests(database)
    approvals = standing_approvals(database, ApprovalKind.CONTENT)
    first = {d.key: d.options[0].key for d in experiment.send_dimensions if d.options}
    whole = first | dict(combination)
    dimension = next((d for d in experiment.send_dimensions if d.key == variants_of), None)
    found: list[Card] = []
    for target in experiment.targets:
        mine: list[Card] = []
        subject = target_name(*content_of(target, target.kind, target.id))
        digest, approval = digests.get(subject), approvals.get(subject)
        lock = lock_state(digest or "", approval.digest if approval else None)
        changes = _changes(database, seen.catalogue, subject, approval, lock)
        options = dimension.options if dimension else (None,)
        for option in options:
            shown = whole | dict(target.when)
            if option is not None and dimension is not None:
                shown |= {dimension.key: option.key}
            if any(shown.get(key) != value for key, value in target.when.items()):
                continue
            preview, error = _preview(seen, target, shown, profile)
            mine.append(
                Card(
                    target=target,
                    name=_name(seen.catalogue, target),
                    variant=option.label if option is not None else "",
                    subject=subject,
                    digest=digest,
                    lock=lock,
                    approval=approval,
                    preview=preview,
                    error=error,
                    changes=changes,
                )
            )
        found += _without_twins(mine)
    return found


def samples(lake: Lake, experiment: Experiment, experiment_id: str) -> list[Sample]:
    """A few people of the newest export who differ, without ids; none before the first export."""
    day = lake.latest_day("snapshots", experiment_id)
    if day is None:
        return []
    table = lake.load(lake.parts("snapshots", experiment_id, day)).slice(0, SAMPLE_ROWS)
    attributes = [name for name in table.column_names if name.startswith(ATTRIBUTE_PREFIX)]
    found: list[Sample] = []
    for row in _spread(table, attributes):
        custom = {
            name.removeprefix(ATTRIBUTE_PREFIX): row[name]
            for name in attributes
            if row[name] is not None
        }
        profile = {name: row[name] for name in SAMPLE_FIELDS if row.get(name) is not None}
        about = tuple(list(custom.items())[:3])
        found.append(Sample(profile | {"custom_attributes": custom}, about))
    return found


def _changes(
    database: Database,
    catalogue: Catalogue | None,
    subject: str,
    approval: Approval | None,
    lock: LockState,
) -> tuple[Change, ...]:
    if lock is not LockState.CHANGED or approval is None or catalogue is None:
        return ()
    before = approved_content(database, approval.digest)
    now = content_at(catalogue, subject)
    return () if before is None or now is None else tuple(differences(before, now))


def _without_twins(variants: list[Card]) -> list[Card]:
    """One card where all options look the same, because the message does not use the property."""
    if len(variants) > 1 and all(card.preview == variants[0].preview for card in variants):
        return [replace(variants[0], variant="", n_alike=len(variants))]
    return variants


def _preview(
    seen: Gallery, target: Target, combination: Mapping[str, str], profile: Mapping[str, Any]
) -> tuple[Preview | None, Message | None]:
    details = seen.catalogue.details(target) if seen.catalogue else None
    if details is None:
        return None, msg("Braze no longer lists this campaign or Canvas.")
    properties = trigger_properties(seen.experiment, combination)
    if target.kind is TargetKind.API_CAMPAIGN and target.template_id and seen.catalogue:
        details = _from_template(target, details, seen.catalogue.templates)
        properties = {}  # a template sent by itself is given nothing: its target is the choice
    try:
        shown = preview_of(
            details,
            properties,
            profile,
            canvas=target.kind is TargetKind.CANVAS,
            variation_id=target.variation_id,
        )
    except ContentError as problem:
        return None, problem.what
    return shown, None


def _from_template(
    target: Target, details: Details, templates: Mapping[str, Details]
) -> dict[str, Any]:
    """An API campaign as it goes out: the sender and the template chosen for the target."""
    text = templates.get(target.template_id or "", {})
    message = {
        "channel": Channel.EMAIL.value,
        "from": target.sender,
        **{part: text.get(part) for part in TEMPLATE_PARTS},
    }
    return {"name": details.get("name"), "messages": {target.variation_id or "": message}}


def _name(catalogue: Catalogue | None, target: Target) -> str:
    details = catalogue.details(target) if catalogue else None
    return str((details or {}).get("name") or target.id)


def _spread(table: pa.Table, attributes: list[str]) -> list[dict[str, Any]]:
    """Rows whose first attributes differ, so that looking as somebody else shows something."""
    rows: list[dict[str, Any]] = table.to_pylist()
    chosen: list[dict[str, Any]] = []
    for step in range(MOST_SAMPLES):
        if not rows:
            break
        row = rows[(step * 37) % len(rows)]
        if all(any(row[a] != other[a] for a in attributes) for other in chosen):
            chosen.append(row)
    return chosen
