"""Segments, campaigns, Canvases and templates by id, as Braze described them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.experiment.model import Channel, Target, TargetKind

Details = Mapping[str, Any]
CONTROL = "control"  # `type` of the empty message by which Braze shows a control group


@dataclass(frozen=True)
class Catalogue:
    """Everything by id. The details are those of Braze's list and details answers."""

    segments: Mapping[str, Details] = field(default_factory=dict)
    campaigns: Mapping[str, Details] = field(default_factory=dict)
    canvases: Mapping[str, Details] = field(default_factory=dict)
    templates: Mapping[str, Details] = field(default_factory=dict)
    refreshed_at: datetime | None = None

    def details(self, target: Target) -> Details | None:
        """What Braze says about a target, or None where it does not know it."""
        shelf = self.canvases if target.kind is TargetKind.CANVAS else self.campaigns
        return shelf.get(target.id)


def messages_of(details: Details) -> Iterator[tuple[str, Details]]:
    """(variation id, message) of a campaign, or of all steps of a Canvas. Control groups too."""
    yield from (details.get("messages") or {}).items()
    for step in details.get("steps") or ():
        yield from (step.get("messages") or {}).items()


def is_control(message: Details) -> bool:
    """True for the empty message that stands for a Braze control group."""
    return message.get("type") == CONTROL


def channel_of(message: Details) -> Channel | None:
    """The channel of one message, or None for one that Anneal does not send through."""
    name = str(message.get("channel") or "")
    if name == "push" or name.endswith("_push"):
        return Channel.PUSH
    return Channel(name) if name in set(Channel) else None
