"""GET /_sandbox/world: what a demo needs to know to set up an experiment on this world."""

from __future__ import annotations

from typing import Any

from services.sandbox.handling.calls import iso
from services.sandbox.remembering.catalogue import Target
from services.sandbox.remembering.membership import description
from services.sandbox.remembering.workspace import Workspace
from services.sandbox.world.model import CHANNELS, World
from services.sandbox.world.other_messages import CONTENT_BLOCKS


def world_json(space: Workspace, base_url: str) -> dict[str, Any]:
    """Name, story, segments, targets by channel, dimensions, metric, agreed attributes."""
    world, now_s = space.world, space.now_s
    campaigns = space.catalogue.of_kind("campaign")
    usable = [t for t in campaigns if _fit_for_experiments(t)]
    return {
        "key": world.key,
        "name": world.name,
        "story": world.story,
        "use_case": world.use_case,
        "currency": world.currency,
        "url": base_url,
        "seed": space.seed,
        "start": iso(space.start_s),
        "people": int(space.people.alive(now_s).sum()),
        "segments": [
            {
                "key": s.key,
                "id": segment_id,
                "name": s.name,
                "description": description(s),
                "size": len(space.membership.members(s, now_s)),
            }
            for segment_id, s in space.catalogue.segments.items()
        ],
        "campaigns": {t.channels[0]: _target(t) for t in reversed(usable)},
        "canvases": {
            t.channels[0]: _target(t)
            for t in reversed(space.catalogue.of_kind("canvas"))
            if len(t.streams) == 1 and t.live
        },
        "all_campaigns": [_target(t) for t in campaigns],
        "all_canvases": [_target(t) for t in space.catalogue.of_kind("canvas")],
        "templates": [{"key": key, "id": i} for i, key in space.catalogue.template_ids.items()],
        "content_blocks": list(CONTENT_BLOCKS),
        "dimensions": [*_dimensions(world), _frequency(world)],
        "metric": {
            "kind": world.metric.kind,
            "source": world.metric.source,
            "name": world.metric.name,
            "window_days": world.metric.window_days,
            "noun": world.metric.noun,
        },
        "attributes": list(world.agreed),
        "sms_consent_attribute": world.sms_attribute,
    }


def _fit_for_experiments(target: Target) -> bool:
    spec = target.campaign
    return (
        target.live
        and len(target.streams) == 1
        and target.channels[0] in CHANNELS
        and not spec.is_api_campaign
        and spec.weekly_on is None
        and not spec.reeligible_days
        and target.control is None
    )


def _target(target: Target) -> dict[str, Any]:
    return {
        "key": target.spec.key,
        "id": target.id,
        "name": target.spec.name,
        "channels": list(target.channels),
        "enabled": target.spec.enabled,
        "control_group": target.control is not None,
        "variations": [{"id": s.id, "name": s.name, "channel": s.channel} for s in target.streams],
    }


def _dimensions(world: World) -> list[dict[str, Any]]:
    return [
        {
            "key": d.key,
            "property": d.key,
            "kind": d.kind,
            "label": d.label,
            "options": [
                {"key": o.key, "value": o.value, "label": o.label, "cost": o.cost}
                for o in d.options
            ],
        }
        for d in world.dimensions
    ]


def _frequency(world: World) -> dict[str, Any]:
    """Known through fatigue only: it is no property of a message."""
    return {
        "key": "frequency",
        "property": None,
        "kind": "frequency",
        "label": "Frequency",
        "options": [
            {"key": key, "value": a_week, "label": label, "cost": 0.0}
            for key, label, a_week in world.cadences
        ],
    }
