"""GET /canvas/list and /canvas/details."""

from __future__ import annotations

from typing import Any

from services.sandbox.handling.calls import Call, flag, iso, page_of, text
from services.sandbox.handling.campaigns import created_s, edited_after_s, edited_s, sent_span
from services.sandbox.handling.messages import message
from services.sandbox.remembering.catalogue import Stream, Target
from services.sandbox.routing.refusals import refused
from services.sandbox.world.hashing import uuid_of
from services.sandbox.world.model import World


def list_canvases(call: Call) -> dict[str, Any]:
    """GET /canvas/list: a page of 100, oldest first."""
    since_s = edited_after_s(call)
    items = [
        {
            "id": target.id,
            "name": target.spec.name,
            "tags": list(target.spec.tags),
            "last_edited": iso(edited_s(call.space, target)),
        }
        for target in call.space.catalogue.of_kind("canvas")
        if flag(call, "include_archived") or not target.spec.archived
        if edited_s(call.space, target) > since_s
    ]
    return {"canvases": page_of(call, items), "message": "success"}


def canvas_details(call: Call) -> dict[str, Any]:
    """GET /canvas/details: variants, and the steps they lead through."""
    target, space = canvas_of(call), call.space
    spec = target.canvas
    first, last = sent_span(space, target)
    return {
        "created_at": iso(created_s(space, target)),
        "updated_at": iso(edited_s(space, target)),
        "name": spec.name,
        "description": spec.text,
        "archived": spec.archived,
        "draft": spec.draft,
        "enabled": spec.enabled,
        "has_post_launch_draft": False,
        "schedule_type": "api_triggered",
        "first_entry": first,
        "last_entry": last,
        "channels": target.services,
        "variants": _variants(target),
        "tags": list(spec.tags),
        "teams": [],
        "steps": _steps(space.world, target),
        "message": "success",
    }


def canvas_of(call: Call) -> Target:
    """The Canvas a read asks for. Raises Refused."""
    target = call.space.catalogue.find("canvas", text(call, "canvas_id"))
    if target is None:
        raise refused(400, "canvas_id must be a string of the Canvas api identifier")
    return target


def message_id(step: Stream) -> str:
    """The message variation id of a message step."""
    return uuid_of(step.id, "message")


def _variants(target: Target) -> list[dict[str, Any]]:
    variants: list[dict[str, Any]] = [
        {"name": v.name, "id": v.id, "first_step_ids": [e.id], "first_step_id": e.id}
        for v, e in zip(target.variants, target.entries, strict=True)
    ]
    if target.control is not None:
        control = target.control
        variants.append({"name": control.name, "id": control.id, "first_step_ids": []})
    return variants


def _steps(world: World, target: Target) -> list[dict[str, Any]]:
    """Message steps of each variant, and the decision split where its paths part."""
    steps: list[dict[str, Any]] = []
    for position, entry in enumerate(target.entries):
        later = [s for s in target.streams if s.variant == position and s is not entry]
        paths = {path: [s for s in later if s.only is path] for path in (True, False)}
        split = target.canvas.split
        if split is not None and any(paths.values()):
            split_id = uuid_of(target.id, "split", split.key, position)
            steps.append(_message_step(world, entry, split_id))
            ends = {True: "Yes", False: "No"}
            steps.append(
                {
                    "name": split.name,
                    "type": "decision_split",
                    "id": split_id,
                    "next_step_ids": [chain[0].id for chain in paths.values() if chain],
                    "next_paths": [
                        {"name": ends[path], "next_step_id": chain[0].id if chain else None}
                        for path, chain in paths.items()
                    ],
                    "channels": [],
                    "messages": {},
                }
            )
            chains = list(paths.values())
        else:
            chains = [[entry, *later]]
        for chain in chains:
            following = [*(s.id for s in chain[1:]), None]
            steps += [_message_step(world, s, n) for s, n in zip(chain, following, strict=True)]
    return steps


def _message_step(world: World, step: Stream, following: str | None) -> dict[str, Any]:
    """A message step. Its `next_step_ids` stay empty, as they do on real ones: follow the paths."""
    return {
        "name": step.name,
        "type": "message",
        "id": step.id,
        "next_step_ids": [],
        "next_paths": [{"name": None, "next_step_id": following}] if following else [],
        "channels": [step.service],
        "messages": {message_id(step): message(world, step)},
    }
