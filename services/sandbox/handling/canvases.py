"""GET /canvas/list, /canvas/details and /canvas/data_series."""

from __future__ import annotations

from typing import Any

from services.sandbox.handling.calls import Call, day, flag, iso, iso_day, page_of, text, whole
from services.sandbox.handling.campaigns import created_s, edited_s, sent_span
from services.sandbox.handling.messages import braze_channel, counters, message
from services.sandbox.remembering.catalogue import Stream, Target
from services.sandbox.remembering.series import day_of
from services.sandbox.routing.refusals import refused
from services.sandbox.world.hashing import uuid_of

MAX_DAYS = 14


def list_canvases(call: Call) -> dict[str, Any]:
    """GET /canvas/list: a page of 100, oldest first."""
    items = [
        {
            "id": target.id,
            "name": target.spec.name,
            "tags": list(target.spec.tags),
            "last_edited": iso(edited_s(call.space, target)),
        }
        for target in call.space.catalogue.of_kind("canvas")
    ]
    return {"canvases": page_of(call, items), "message": "success"}


def canvas_details(call: Call) -> dict[str, Any]:
    """GET /canvas/details: one variant, its message steps in a row."""
    target, space = _canvas(call), call.space
    own = _own(target)
    first, last = sent_span(space, target)
    steps = []
    for position, step in enumerate(target.streams):
        following = target.streams[position + 1 : position + 2]
        steps.append(
            {
                "name": step.name,
                "type": "message",
                "id": step.id,
                "next_step_ids": [],
                "next_paths": [{"name": None, "next_step_id": s.id} for s in following],
                "channels": [braze_channel(step.channel)],
                "messages": {uuid_of(step.id, "message"): message(space.world, step)},
            }
        )
    return {
        "created_at": iso(created_s(space, target)),
        "updated_at": iso(edited_s(space, target)),
        "name": target.spec.name,
        "description": target.spec.text,
        "archived": False,
        "draft": False,
        "enabled": target.spec.enabled,
        "has_post_launch_draft": False,
        "schedule_type": "api_triggered",
        "first_entry": first,
        "last_entry": last,
        "channels": [braze_channel(c) for c in target.channels],
        "variants": [
            {
                "name": own.name,
                "id": own.id,
                "first_step_ids": [target.streams[0].id],
                "first_step_id": target.streams[0].id,
            }
        ],
        "tags": list(target.spec.tags),
        "teams": [],
        "steps": steps,
        "message": "success",
    }


def canvas_series(call: Call) -> dict[str, Any]:
    """GET /canvas/data_series: at most 14 days, broken down only where asked."""
    target, space = _canvas(call), call.space
    own = _own(target)
    last = day(call, "ending_at")
    last = day_of(space.now_s) if last is None else last
    first = day(call, "starting_at")
    if first is None:
        length = whole(call, "length", low=1, high=MAX_DAYS)
        first = last - length + 1
    length = last - first + 1
    if not 1 <= length <= MAX_DAYS:
        raise refused(400, f"length must be an integer between 1 and {MAX_DAYS}")
    entries = space.series.window(own.index, first, length)
    windows = [space.series.window(s.index, first, length) for s in target.streams]
    stats = []
    for offset in range(length):
        total = _outcomes(entries[offset])
        entry: dict[str, Any] = {"time": iso_day(first + offset), "total_stats": total}
        if flag(call, "include_variant_breakdown"):
            entry["variant_stats"] = {own.id: {"name": own.name, **total}}
        if flag(call, "include_step_breakdown"):
            entry["step_stats"] = {
                s.id: _step(s, window[offset])
                for s, window in zip(target.streams, windows, strict=True)
            }
        stats.append(entry)
    return {"data": {"name": target.spec.name, "stats": stats}, "message": "success"}


def _outcomes(counts: dict[str, int]) -> dict[str, Any]:
    return {
        "revenue": counts["revenue_cents"] / 100,
        "conversions": counts["conversions"],
        "conversions_by_entry_time": counts["conversions_by_send_time"],
        "entries": counts["entries"],
    }


def _step(step: Stream, counts: dict[str, int]) -> dict[str, Any]:
    """Conversions belong to the Canvas as a whole; a step shows its messages."""
    shown = {"variation_name": step.name, "variation_api_id": uuid_of(step.id, "message")}
    return {
        "name": step.name,
        "revenue": 0.0,
        "conversions": 0,
        "conversions_by_entry_time": 0,
        "messages": {braze_channel(step.channel): [{**shown, **counters(step.channel, counts)}]},
    }


def _canvas(call: Call) -> Target:
    target = call.space.catalogue.find("canvas", text(call, "canvas_id"))
    if target is None:
        raise refused(400, "canvas_id must be a string of the Canvas api identifier")
    return target


def _own(target: Target) -> Stream:
    if target.own is None:
        raise TypeError(target.id)
    return target.own
