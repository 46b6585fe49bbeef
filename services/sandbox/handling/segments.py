"""GET /segments/list, /segments/details and /segments/data_series."""

from __future__ import annotations

from typing import Any

from services.sandbox.handling.calls import Call, day, iso, iso_day, page_of, text, whole
from services.sandbox.remembering.membership import description
from services.sandbox.remembering.series import day_of
from services.sandbox.routing.refusals import refused
from services.sandbox.world.model import Segment
from services.sandbox.world.people import DAY_S

MAX_DAYS = 100
MADE_BEFORE_S = 90 * DAY_S


def list_segments(call: Call) -> dict[str, Any]:
    """GET /segments/list: a page of 100, oldest first."""
    items = [
        {
            "id": segment_id,
            "name": segment.name,
            "analytics_tracking_enabled": segment.tracked,
            "tags": list(segment.tags),
        }
        for segment_id, segment in call.space.catalogue.segments.items()
    ]
    return {"segments": page_of(call, items), "message": "success"}


def segment_details(call: Call) -> dict[str, Any]:
    """GET /segments/details: `description` is generated, `text_description` written by hand."""
    segment = _segment(call)
    made_s = call.space.first_day * DAY_S - MADE_BEFORE_S
    return {
        "created_at": iso(made_s),
        "updated_at": iso(made_s + DAY_S),
        "name": segment.name,
        "description": description(segment),
        "text_description": segment.text,
        "tags": list(segment.tags),
        "teams": [],
        "message": "success",
    }


def segment_series(call: Call) -> dict[str, Any]:
    """GET /segments/data_series: sizes at the end of each day, today's as it is now."""
    segment, space = _segment(call), call.space
    length = whole(call, "length", low=1, high=MAX_DAYS)
    if not segment.tracked:
        return {"data": [], "message": "success"}
    today = day_of(space.now_s)
    last = day(call, "ending_at")
    last = today if last is None else last
    sizes = dict(space.membership.sizes.get(segment.key, {}))
    sizes[today] = len(space.membership.members(segment, space.now_s))
    data = [
        {"time": iso_day(number), "size": sizes[number]}
        for number in range(last - length + 1, last + 1)
        if number in sizes
    ]
    return {"data": data, "message": "success"}


def _segment(call: Call) -> Segment:
    segment = call.space.catalogue.segments.get(text(call, "segment_id") or "")
    if segment is None:
        raise refused(400, "segment_id must be a string of the segment api identifier")
    return segment
