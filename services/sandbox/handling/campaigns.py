"""GET /campaigns/list, /campaigns/details and /campaigns/data_series."""

from __future__ import annotations

from math import inf
from typing import Any

from services.sandbox.handling.calls import (
    UUID,
    Call,
    day,
    flag,
    iso,
    iso_day,
    page_of,
    text,
    whole,
)
from services.sandbox.handling.messages import counters, message
from services.sandbox.remembering.catalogue import Stream, Target
from services.sandbox.remembering.happenings import CONVERSION_WINDOW_S
from services.sandbox.remembering.moments import moment_s
from services.sandbox.remembering.series import COUNTERS, day_of
from services.sandbox.remembering.workspace import Workspace
from services.sandbox.routing.refusals import refused
from services.sandbox.world.people import DAY_S

MAX_DAYS = 100
MADE_BEFORE_S = 40 * DAY_S  # campaigns are that much older than the history, one day apart


def list_campaigns(call: Call) -> dict[str, Any]:
    """GET /campaigns/list: a page of 100, oldest first."""
    since_s = edited_after_s(call)
    items = [
        {
            "id": target.id,
            "name": target.spec.name,
            "is_api_campaign": target.campaign.is_api_campaign,
            "tags": list(target.spec.tags),
            "last_edited": iso(edited_s(call.space, target)),
        }
        for target in call.space.catalogue.of_kind("campaign")
        if flag(call, "include_archived") or not target.campaign.archived
        if edited_s(call.space, target) > since_s
    ]
    return {"campaigns": page_of(call, items), "message": "success"}


def campaign_details(call: Call) -> dict[str, Any]:
    """GET /campaigns/details: everything on the top level; messages by variation id."""
    target, space = _campaign(call), call.space
    spec = target.campaign
    streams = [*target.streams, *([target.control] if target.control else [])]
    first, last = sent_span(space, target)
    return {
        "created_at": iso(created_s(space, target)),
        "updated_at": iso(edited_s(space, target)),
        "archived": spec.archived,
        "draft": spec.draft,
        "enabled": spec.enabled,
        "has_post_launch_draft": False,
        "name": spec.name,
        "description": spec.text,
        "schedule_type": spec.schedule_type,
        "channels": target.services,
        "first_sent": first,
        "last_sent": last,
        "tags": list(spec.tags),
        "teams": [],
        "messages": {s.id: message(space.world, s) for s in streams},
        "conversion_behaviors": [
            {
                "type": "Performs Custom Event",
                "window": CONVERSION_WINDOW_S,
                "custom_event_name": space.world.conversion_event,
            }
        ],
        "message": "success",
    }


def campaign_series(call: Call) -> dict[str, Any]:
    """GET /campaigns/data_series: one entry a day, days without activity with zeros."""
    target, space = _campaign(call), call.space
    length = whole(call, "length", low=1, high=MAX_DAYS)
    last = day(call, "ending_at")
    first = (day_of(space.now_s) if last is None else last) - length + 1
    streams = [*target.streams, *([target.control] if target.control else [])]
    windows = [space.series.window(s.index, first, length) for s in streams]
    data = [
        {"time": iso_day(first + n), **series_day(streams, [w[n] for w in windows])}
        for n in range(length)
    ]
    return {"data": data, "message": "success"}


def series_day(streams: list[Stream], counts: list[dict[str, int]]) -> dict[str, Any]:
    """One day of a campaign's series, from the counters of each of its variations."""
    messages: dict[str, list[dict[str, Any]]] = {}
    for stream, own in zip(streams, counts, strict=True):
        entry: dict[str, Any] = {"variation_name": stream.name, "variation_api_id": stream.id}
        if stream.control:
            entry["enrolled"] = own["enrolled"]
        else:
            entry.update(counters(stream, own))
        entry["unique_recipients"] = own["unique_recipients"]
        entry.update(_outcomes(own))
        messages.setdefault(stream.service, []).append(entry)
    total = {name: sum(own[name] for own in counts) for name in COUNTERS}
    unique = total["unique_recipients"]
    return {"messages": messages, "unique_recipients": unique, **_outcomes(total)}


def created_s(space: Workspace, target: Target) -> float:
    """When a campaign or Canvas was made, virtual epoch seconds."""
    return space.first_day * DAY_S - MADE_BEFORE_S + target.index * DAY_S


def edited_s(space: Workspace, target: Target) -> float:
    """When a campaign or Canvas was last edited, virtual epoch seconds."""
    return created_s(space, target) + DAY_S / 2


def sent_span(space: Workspace, target: Target) -> tuple[str | None, str | None]:
    """First and last send to the hour; None where nothing was ever sent."""
    spans = [s for s in (space.series.span(t.index, "sent") for t in target.streams) if s]
    if not spans:
        return None, None
    return iso(min(s[0] for s in spans) * DAY_S), iso(max(s[1] for s in spans) * DAY_S)


def _outcomes(counts: dict[str, int]) -> dict[str, Any]:
    return {
        "revenue": counts["revenue_cents"] / 100,
        "conversions": counts["conversions"],
        "conversions_by_send_time": counts["conversions_by_send_time"],
    }


def _campaign(call: Call) -> Target:
    wanted = text(call, "campaign_id") or ""
    if not UUID.fullmatch(wanted):
        raise refused(400, "campaign_id must be a string of the campaign api identifier")
    target = call.space.catalogue.find("campaign", wanted)
    if target is None:
        raise refused(400, "Campaign does not exist")
    return target


def edited_after_s(call: Call) -> float:
    """`last_edit.time[gt]` of a list, epoch seconds; everything was edited later than none."""
    since = text(call, "last_edit.time[gt]")
    if since is None:
        return -inf
    try:
        return moment_s(since.replace(" ", "+"))
    except ValueError as problem:
        raise refused(400, "Bad Request") from problem
