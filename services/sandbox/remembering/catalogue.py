"""Identifiers and positions of everything a workspace holds besides people."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from services.sandbox.world.hashing import uuid_of
from services.sandbox.world.model import CHANNELS, Campaign, Canvas, Segment, Variation, World

Kind = Literal["campaign", "canvas"]


@dataclass(frozen=True)
class Stream:
    """One row of the daily counters: a variation, its control group, a Canvas or a Canvas step."""

    index: int
    id: str
    name: str
    channel: str
    variation: Variation | None = None
    control: bool = False
    delay_days: int = 0
    step: int = -1


@dataclass(frozen=True)
class Target:
    """A campaign or Canvas that can be sent through; `index` is its column in the receipts."""

    index: int
    kind: Kind
    id: str
    spec: Campaign | Canvas
    streams: tuple[Stream, ...]  # variations of a campaign, steps of a Canvas
    own: Stream | None = None  # the Canvas itself
    control: Stream | None = None  # the control group of a campaign

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
        return tuple(c for c in CHANNELS if any(s.channel == c for s in self.streams))


@dataclass
class Catalogue:
    """Targets and segments of one world, by position and by id."""

    targets: list[Target] = field(default_factory=list)
    by_id: dict[str, Target] = field(default_factory=dict)
    segments: dict[str, Segment] = field(default_factory=dict)
    template_ids: dict[str, str] = field(default_factory=dict)
    n_streams: int = 0
    n_steps: int = 0

    def find(self, kind: Kind, target_id: object) -> Target | None:
        """A campaign or Canvas by its id."""
        target = self.by_id.get(target_id) if isinstance(target_id, str) else None
        return target if target is not None and target.kind == kind else None

    def of_kind(self, kind: Kind) -> list[Target]:
        """All campaigns or all Canvases, oldest first."""
        return [t for t in self.targets if t.kind == kind]


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
        _keep(book, world, seed, "campaign", campaign, streams, None, control)
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
                )
            )
            book.n_steps += 1
        own = stream("Variant 1", steps[0].channel, canvas.key, "variant")
        _keep(book, world, seed, "canvas", canvas, tuple(steps), own, None)
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
    own: Stream | None,
    control: Stream | None,
) -> None:
    target_id = uuid_of(world.key, seed, kind, spec.key)
    target = Target(len(book.targets), kind, target_id, spec, streams, own, control)
    book.targets.append(target)
    book.by_id[target_id] = target
