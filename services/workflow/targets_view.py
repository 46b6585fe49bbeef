"""Which campaign, Canvas or API campaign each message goes through, and what there is to choose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from services.experiment.braze_problems import braze_problems
from services.experiment.catalogue.model import (
    Catalogue,
    Details,
    channel_of,
    is_control,
    messages_of,
)
from services.experiment.drafts import Document
from services.experiment.model import (
    Channel,
    Dimension,
    DimensionKind,
    Experiment,
    Target,
    TargetKind,
)
from services.experiment.problem import Problem
from services.workflow.launch_view import TICKED

APART = "_targets_by"  # the dimension by which targets are told apart besides the channel
API_FIELDS = ("variation_id", "template_id", "sender", "app_id")
MOST_APART = 12  # options of that dimension: each needs a campaign of its own in every channel


@dataclass(frozen=True)
class Place:
    """A campaign or Canvas that messages of one channel could be sent through.

    variations  (id, name) of its messages of the channel: an API campaign counts under one of them
    """

    kind: TargetKind
    id: str
    name: str
    problems: tuple[Problem, ...]
    variations: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> str:
        """Unique among places."""
        return f"{self.kind.value}:{self.id}"


@dataclass(frozen=True)
class Slot:
    """One choice to make: through what are messages of `channel` sent (`when`: as in a target)?"""

    channel: Channel
    label: str
    when: dict[str, str]
    chosen: Target | None
    places: tuple[Place, ...]


def slots(experiment: Experiment, catalogue: Catalogue, apart: str | None) -> list[Slot]:
    """One slot for each channel, and where targets are told apart by a dimension for each of its
    options too."""
    channel = channel_dimension(experiment)
    dimension = next((d for d in experiment.send_dimensions if d.key == apart), None)
    found = []
    for kind, label, when in _wanted(experiment, channel):
        places = tuple(_places(catalogue, kind, any_channel=channel is None))
        for option in dimension.options if dimension else (None,):
            condition = (
                when
                if option is None or dimension is None
                else {
                    **when,
                    dimension.key: option.key,
                }
            )
            words = " · ".join(part for part in (label, option.label if option else "") if part)
            chosen = next((t for t in experiment.targets if t.when == condition), None)
            found.append(Slot(kind, words, condition, chosen, places))
    return found


def apart_by(document: Mapping[str, Any], experiment: Experiment) -> str | None:
    """The dimension by which the draft's targets are told apart: as chosen, else as they stand."""
    may = {dimension.key for dimension in may_tell_apart(experiment)}
    kept = document.get(APART)
    if kept is not None:
        return str(kept) if kept in may else None
    channel = channel_dimension(experiment)
    used = {key for t in experiment.targets for key in t.when} - {channel.key if channel else ""}
    return used.pop() if len(used) == 1 and used <= may else None


def may_tell_apart(experiment: Experiment) -> list[Dimension]:
    """Dimensions whose options could have campaigns of their own."""
    return [
        d
        for d in experiment.send_dimensions
        if d.kind not in (DimensionKind.CHANNEL, DimensionKind.HOUR)
        and 1 < len(d.options) <= MOST_APART
    ]


def tell_apart(document: Document, experiment: Experiment, by: str | None) -> None:
    """Give each option of a dimension its own targets, or with None all options the same.

    What was chosen for a channel stands for each of its options until another one is chosen.
    """
    old = slots(experiment, Catalogue(), apart_by(document, experiment))
    new = slots(experiment, Catalogue(), by)
    theirs = [slot.when for slot in old]
    targets = [t for t in document.get("targets", []) if t.get("when", {}) not in theirs]
    for slot in new:
        chosen = next(
            (s.chosen for s in old if s.chosen and s.when.items() >= slot.when.items()), None
        ) or next((s.chosen for s in old if s.chosen and s.when.items() <= slot.when.items()), None)
        if chosen is not None:
            targets.append(_written(chosen.model_copy(update={"when": slot.when})))
    _put(document, targets)
    document[APART] = by or ""


def choose(document: Document, slot: Slot, place: Place | None) -> None:
    """Put a choice into the draft; None takes it out. Other targets stay as they are."""
    targets = [t for t in document.get("targets", []) if t.get("when", {}) != slot.when]
    if place is not None:
        variation = place.variations[0][0] if place.variations else None
        api = place.kind is TargetKind.API_CAMPAIGN
        targets.append(
            _written(
                Target(
                    when=slot.when,
                    kind=place.kind,
                    id=place.id,
                    channel=slot.channel,
                    variation_id=variation if api else None,
                )
            )
        )
    _put(document, targets)


def set_field(document: Document, slot: Slot, field: str, value: str | None) -> None:
    """Set one field that only API campaigns have. Raises KeyError for any other."""
    if field not in API_FIELDS:
        raise KeyError(field)
    for target in document.get("targets", []):
        if target.get("when", {}) == slot.when:
            target.pop(field, None)
            if value:
                target[field] = value


def channel_dimension(experiment: Experiment) -> Dimension | None:
    """The dimension that chooses the channel, if one does."""
    return next((d for d in experiment.dimensions if d.kind is DimensionKind.CHANNEL), None)


def _put(document: Document, targets: list[Any]) -> None:
    """New targets: what somebody confirmed about the old ones in Braze says nothing of them."""
    if targets != document.get("targets"):
        document["targets"] = targets
        document.pop(TICKED, None)


def _written(target: Target) -> dict[str, Any]:
    return target.model_dump(mode="json", exclude_none=True)


def _wanted(
    experiment: Experiment, channel: Dimension | None
) -> Iterator[tuple[Channel, str, dict[str, str]]]:
    if channel is None or not channel.options:
        yield (experiment.targets[0].channel if experiment.targets else Channel.EMAIL), "", {}
        return
    for option in channel.options:
        if str(option.value) in set(Channel):
            yield Channel(str(option.value)), option.label, {channel.key: option.key}


def _places(catalogue: Catalogue, channel: Channel, *, any_channel: bool) -> list[Place]:
    found: list[Place] = []
    shelves = (
        (TargetKind.CAMPAIGN, catalogue.campaigns),
        (TargetKind.CANVAS, catalogue.canvases),
    )
    for shelf_kind, shelf in shelves:
        for id, details in shelf.items():
            sent = {id: channel_of(m) for id, m in messages_of(details) if not is_control(m)}
            channels = set(sent.values()) - {None}
            if channel not in channels and not (any_channel and channels):
                continue
            own = channel if channel in channels else sorted(channels, key=str)[0]
            api = bool(details.get("is_api_campaign"))
            kind = TargetKind.API_CAMPAIGN if api else shelf_kind
            if api and own is not Channel.EMAIL:
                continue  # content is sent from an email template, and there are no others
            variations = tuple(_named(details, [v for v, of in sent.items() if of is own]))
            target = Target(kind=kind, id=id, channel=own or channel)
            if api and variations:
                target = target.model_copy(update={"variation_id": variations[0][0]})
            problems = tuple(braze_problems(target, details))
            found.append(Place(kind, id, str(details.get("name") or id), problems, variations))
    return sorted(found, key=lambda p: (any(q.blocking for q in p.problems), p.name.lower()))


def _named(details: Details, variations: list[str]) -> Iterator[tuple[str, str]]:
    messages = dict(messages_of(details))
    for id in variations:
        yield id, str(messages[id].get("name") or messages[id].get("subject") or id)
