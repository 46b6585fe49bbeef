"""Identifiers and positions of everything a workspace holds besides people."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from services.sandbox.world.hashing import uuid_of
from services.sandbox.world.model import (
    MESSAGE_CHANNELS,
    Campaign,
    Canvas,
    Segment,
    Variation,
    World,
)

Kind = Literal["campaign", "canvas"]
SERVICES = {"push": "ios_push", "in_app": "trigger_in_app_message"}


@dataclass(frozen=True)
class Stream:
    """One row of the daily counters: a variation, a Canvas variant or step, or a control group.

    step     position among the steps of all Canvases, -1 for everything else
    variant  position of a step's variant in its Canvas
    only     the path of the Canvas's split a step lies on, None = it lies before or on none
    """

    index: int
    id: str
    name: str
    channel: str
    variation: Variation | None = None
    control: bool = False
    delay_days: int = 0
    step: int = -1
    variant: int = 0
    only: bool | None = None

    @property
    def service(self) -> str:
        """The channel's name in details and series."""
        own = self.variation.service if self.variation is not None else ""
        if own or self.channel not in SERVICES:
            return own or self.channel
        return SERVICES[self.channel]


@dataclass(frozen=True)
class Target:
    """A campaign or Canvas that can be sent through; `index` is its column in the receipts."""

    index: int
    kind: Kind
    id: str
    spec: Campaign | Canvas
    streams: tuple[Stream, ...]  # variations of a campaign, steps of a Canvas
    variants: tuple[Stream, ...] = ()  # variants of a Canvas
    control: Stream | None = None  # the control group

    @cached_property
    def entries(self) -> tuple[Stream, ...]:
        """What one of is drawn for each person: variations, or the first step of each variant."""
        if not self.variants:
            return self.streams
        positions = range(len(self.variants))
        return tuple(next(s for s in self.streams if s.variant == p) for p in positions)

    @cached_property
    def counted(self) -> tuple[Stream, ...]:
        """Where entries and conversions are counted, in the order of `entries`."""
        return self.variants or self.streams

    @cached_property
    def live(self) -> bool:
        """Whether its messages go out."""
        return self.spec.enabled and not self.spec.archived and not self.spec.draft

    @property
    def campaign(self) -> Campaign:
        """The campaign behind it. Raises TypeError for a Canvas."""
        if not isinstance(self.spec, Campaign):
            raise TypeError(self.spec.key)
        return self.spec

    @property
    def canvas(self) -> Canvas:
        """The Canvas behind it. Raises TypeError for a campaign."""
        if not isinstance(self.spec, Canvas):
            raise TypeError(self.spec.key)
        return self.spec

    @property
    def channels(self) -> tuple[str, ...]:
        """Channels of its messages, each once."""
        return tuple(c for c in MESSAGE_CHANNELS if any(s.channel == c for s in self.streams))

    @property
    def services(self) -> list[str]:
        """Braze's names of its channels, each once, in the order of its messages."""
        return list(dict.fromkeys(s.service for s in self.streams))


@dataclass
class Catalogue:
    """Targets and segments of one world, by position and by id."""

    targets: list[Target] = field(default_factory=list)
    by_id: dict[str, Target] = field(default_factory=dict)
    segments: dict[str, Segment] = field(default_factory=dict)
    template_ids: dict[str, str] = field(default_factory=dict)
    untracked: Target | None = None  # keeps the books of messages without a campaign
    n_streams: int = 0
    n_steps: int = 0

    def find(self, kind: Kind, target_id: object) -> Target | None:
        """A campaign or Canvas by its id, as the endpoints know it."""
        target = self.by_id.get(target_id) if isinstance(target_id, str) else None
        if target is None or target.kind != kind or target is self.untracked:
            return None
        return target

    def of_kind(self, kind: Kind) -> list[Target]:
        """All campaigns or all Canvases, oldest first."""
        return [t for t in self.targets if t.kind == kind and t is not self.untracked]


def catalogue(world: World, seed: int) -> Catalogue:
    """Give everything in a world its ids. The same world and seed always get the same ones."""
    book = Catalogue()

    def stream(name: str, channel: str, *parts: str, **more: object) -> Stream:
        made = Stream(
            book.n_streams,
            uuid_of(world.key, seed, *parts),
            name,
            channel,
            **more,  # type: ignore[arg-type]
        )
        book.n_streams += 1
        return made

    for campaign in world.campaigns:
        streams = tuple(
            stream(v.name, v.channel, campaign.key, v.key, variation=v) for v in campaign.variations
        )
        control = None
        if campaign.control_share:
            control = stream(
                "Control Group", streams[0].channel, campaign.key, "control", control=True
            )
        made = _keep(book, world, seed, "campaign", campaign, streams, (), control)
        if campaign.hidden:
            book.untracked = made
    for canvas in world.canvases:
        steps = []
        for step in canvas.steps:
            v = step.variation
            steps.append(
                stream(
                    v.name,
                    v.channel,
                    canvas.key,
                    v.key,
                    variation=v,
                    delay_days=step.delay_days,
                    step=book.n_steps,
                    variant=step.variant,
                    only=step.only,
                )
            )
            book.n_steps += 1
        channel = steps[0].channel
        variants = tuple(
            stream(name, channel, canvas.key, "variant", *([str(n)] if n else []))
            for n, name in enumerate(canvas.variants)
        )
        control = None
        if canvas.control_share:
            control = stream("Control Group", channel, canvas.key, "control", control=True)
        _keep(book, world, seed, "canvas", canvas, tuple(steps), variants, control)
    book.segments = {uuid_of(world.key, seed, "segment", s.key): s for s in world.segments}
    book.template_ids = {
        uuid_of(world.key, seed, "template", t.key): t.key for t in world.templates
    }
    return book


def _keep(
    book: Catalogue,
    world: World,
    seed: int,
    kind: Kind,
    spec: Campaign | Canvas,
    streams: tuple[Stream, ...],
    variants: tuple[Stream, ...],
    control: Stream | None,
) -> Target:
    target_id = uuid_of(world.key, seed, kind, spec.key)
    target = Target(len(book.targets), kind, target_id, spec, streams, variants, control)
    book.targets.append(target)
    book.by_id[target_id] = target
    return target
