"""GET /campaigns/list, /campaigns/details and /campaigns/data_series."""

from __future__ import annotations

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
from services.sandbox.handling.messages import braze_channel, counters, message
from services.sandbox.remembering.catalogue import Target
from services.sandbox.remembering.happenings import CONVERSION_WINDOW_S
from services.sandbox.remembering.series import day_of
from services.sandbox.remembering.tracking import moment_s
from services.sandbox.remembering.workspace import Workspace
from services.sandbox.routing.refusals import refused
from services.sandbox.world.people import DAY_S

MAX_DAYS = 100
MADE_BEFORE_S = 40 * DAY_S  # campaigns are that much older than the history, one day apart


def list_campaigns(call: Call) -> dict[str, Any]:
    """GET /campaigns/list: a page of 100, oldest first."""
    since = text(call, "last_edit.time[gt]")
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
        if since is None or edited_s(call.space, target) > _moment(since)
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
        "channels": [braze_channel(c) for c in target.channels],
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
    data = []
    for offset in range(length):
        messages: dict[str, list[dict[str, Any]]] = {}
        days = [window[offset] for window in windows]
        for stream, counts in zip(streams, days, strict=True):
            entry: dict[str, Any] = {"variation_name": stream.name, "variation_api_id": stream.id}
            if stream.control:
                entry["enrolled"] = counts["enrolled"]
            else:
                entry.update(counters(stream.channel, counts))
            entry["unique_recipients"] = counts["unique_recipients"]
            entry.update(_outcomes(counts))
            messages.setdefault(braze_channel(stream.channel), []).append(entry)
        total = {name: sum(counts[name] for counts in days) for name in days[0]}
        data.append(
            {
                "time": iso_day(first + offset),
                "messages": messages,
                "unique_recipients": total["unique_recipients"],
                **_outcomes(total),
            }
        )
    return {"data": data, "message": "success"}


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


def _moment(since: str) -> float:
    try:
        return moment_s(since)
    except ValueError as problem:
        raise refused(400, "Bad Request") from problem
