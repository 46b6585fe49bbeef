"""POST /sends/id/create and GET /sends/data_series."""

from __future__ import annotations

from typing import Any

from services.sandbox.handling.calls import UUID, Call, day, iso_day, text, whole
from services.sandbox.handling.campaigns import series_day
from services.sandbox.remembering.catalogue import Target
from services.sandbox.remembering.send_ids import KEPT_S
from services.sandbox.remembering.series import COUNTERS, day_of
from services.sandbox.routing.refusals import refused
from services.sandbox.world.hashing import hex_of

MAX_LENGTH = 64
MAX_DAYS = 100
WRONG_CAMPAIGN = "campaign_id must be a string of the campaign api identifier"


def create_send_id(call: Call) -> dict[str, Any]:
    """POST /sends/id/create: one of the caller's own, or a new one."""
    target = _campaign(call, call.body.get("campaign_id"))
    wanted = call.body.get("send_id")
    if wanted is None:
        return {"message": "success", "send_id": new_send_id(call, target)}
    if not isinstance(wanted, str) or not wanted or len(wanted) > MAX_LENGTH:
        raise refused(400, f"send_id must be a string of at most {MAX_LENGTH} characters")
    if not wanted.isascii():
        raise refused(400, "send_id must have ASCII characters only")
    call.space.record("send_id", {"target": target.id, "send_id": wanted})
    return {"message": "success", "send_id": wanted}


def send_series(call: Call) -> dict[str, Any]:
    """GET /sends/data_series: API campaigns only; nothing is left 14 days after the send."""
    target = _campaign(call, text(call, "campaign_id"))
    if not target.campaign.is_api_campaign:
        raise refused(400, "Invalid Campaign ID")
    group = call.space.send_ids.find(target.index, text(call, "send_id"))
    if group is None:
        raise refused(
            400, "send_id is required" if not text(call, "send_id") else "Invalid send_id"
        )
    length = whole(call, "length", low=1, high=MAX_DAYS)
    last, now_s = day(call, "ending_at"), call.space.now_s
    first = (day_of(now_s) if last is None else last) - length + 1
    kept = now_s <= group.last_sent_s + KEPT_S
    streams = list(target.streams)
    windows = [
        _window(call, group.books.get(s.index) if kept else None, first, length) for s in streams
    ]
    days = [
        {"time": iso_day(first + n), **series_day(streams, [w[n] for w in windows])}
        for n in range(length)
    ]
    return {"data": days, "message": "success"}


def _window(call: Call, book: int | None, first: int, length: int) -> list[dict[str, int]]:
    """Daily counters of one variation's book, all zero where it has none."""
    if book is None:
        return [dict.fromkeys(COUNTERS, 0)] * length
    return call.space.series.window(book, first, length)


def given_send_id(call: Call, target: Target) -> str | None:
    """The send id of a send, None where it has none. Raises Refused where it was never created."""
    wanted = call.body.get("send_id")
    if wanted is None:
        return None
    if call.space.send_ids.find(target.index, wanted) is None:
        raise refused(400, "Invalid send_id")
    return str(wanted)


def new_send_id(call: Call, target: Target) -> str:
    """Make a send id as Braze does for broadcasts."""
    space = call.space
    send_id = hex_of(12, space.world.key, space.seed, "send id", len(space.send_ids))
    space.record("send_id", {"target": target.id, "send_id": send_id})
    return send_id


def _campaign(call: Call, wanted: object) -> Target:
    if not isinstance(wanted, str) or not UUID.fullmatch(wanted):
        raise refused(400, WRONG_CAMPAIGN)
    target = call.space.catalogue.find("campaign", wanted)
    if target is None:
        raise refused(400, "Invalid Campaign ID")
    return target
