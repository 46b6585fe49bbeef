"""A request that the sandbox accepts, for every operation of the contract file.

`ACCEPTED` maps "METHOD path" to a function of the sandbox that returns the query or the body.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox_wire import Wire

PERSON = "coffee-0000001"
LATER = "2026-03-02T18:00:00Z"  # the test world's clock stands at midnight of that day
EARLIER = "2026-03-01T00:00:00Z"
SPAN = {"length": 7, "ending_at": "2026-03-03T00:00:00+00:00"}
FIELDS = (
    *("external_id", "braze_id", "custom_attributes", "custom_events", "purchases", "apps"),
    *("campaigns_received", "canvases_received", "email", "phone", "devices", "push_tokens"),
    *("created_at", "country", "total_revenue", "random_bucket", "user_aliases", "dob", "gender"),
)

Request = dict[str, Any]


def _recipients(wire: Wire) -> list[Request]:
    return [{"external_user_id": person} for person in wire.reachable(3)]


def _api_campaign(wire: Wire) -> Request:
    return next(c for c in wire.world["all_campaigns"] if c["key"] == "api")


def _message(wire: Wire) -> Request:
    campaign = _api_campaign(wire)
    variation = next(v["id"] for v in campaign["variations"] if v["channel"] == "email")
    mail = {"app_id": "a", "from": "A <a@b.example>", "body": "x", "subject": "s"}
    return {
        "external_user_ids": wire.reachable(3),
        "campaign_id": campaign["id"],
        "messages": {"email": {**mail, "message_variation_id": variation}},
    }


def _track(_wire: Wire) -> Request:
    purchase = {"product_id": "beans", "currency": "USD", "price": 12.5, "time": EARLIER}
    return {
        "attributes": [{"external_id": PERSON, "x": 1}, {"y": 2}],
        "events": [{"external_id": PERSON, "name": "e", "time": EARLIER}],
        "purchases": [{"external_id": PERSON, **purchase}],
    }


def _campaign(key: str, **more: Any) -> Callable[[Wire], Request]:
    return lambda wire: {"campaign_id": wire.campaign(key), **more}


def _canvas(key: str, **more: Any) -> Callable[[Wire], Request]:
    return lambda wire: {"canvas_id": wire.canvas(key), **more}


def _segment(**more: Any) -> Callable[[Wire], Request]:
    return lambda wire: {"segment_id": wire.segment("everyone"), **more}


def _just(**request: Any) -> Callable[[Wire], Request]:
    return lambda _wire: request


def _scheduling(wire: Wire, kind: str) -> Request:
    target = _campaign("offer_email") if kind == "campaigns" else _canvas("moment")
    return {**target(wire), "recipients": _recipients(wire), "schedule": {"time": LATER}}


def _scheduled(kind: str, **more: Any) -> Callable[[Wire], Request]:
    def request(wire: Wire) -> Request:
        body = _scheduling(wire, kind)
        answer = wire.post(f"/{kind}/trigger/schedule/create", body)
        name = "campaign_id" if kind == "campaigns" else "canvas_id"
        return {name: body[name], "schedule_id": answer.json()["schedule_id"], **more}

    return request


def _send_series(wire: Wire) -> Request:
    campaign = _api_campaign(wire)["id"]
    made = wire.post("/sends/id/create", {"campaign_id": campaign, "send_id": "wave-1"})
    return {"campaign_id": campaign, "send_id": made.json()["send_id"], "length": 3}


def _template(wire: Wire) -> Request:
    return {"email_template_id": wire.world["templates"][0]["id"]}


SUMMARY = {**SPAN, "include_variant_breakdown": True, "include_step_breakdown": True}
NEW_TEMPLATE = {"template_name": "N", "subject": "S", "body": "<p>B</p>"}

ACCEPTED: dict[str, Callable[[Wire], Request]] = {
    "POST /users/export/ids": lambda w: {
        "external_ids": [*w.reachable(3), "ghost"],
        "fields_to_export": list(FIELDS),
    },
    "POST /users/export/segment": _segment(fields_to_export=["external_id"]),
    "POST /users/export/global_control_group": _just(fields_to_export=["external_id"]),
    "POST /export/segment/cancel": _segment(),
    "POST /users/track": _track,
    "POST /users/delete": _just(external_ids=["test-1", "test-2"]),
    "POST /messages/send": _message,
    "POST /campaigns/trigger/send": lambda w: {
        "campaign_id": w.campaign("offer_email"),
        "recipients": _recipients(w),
    },
    "POST /campaigns/trigger/schedule/create": lambda w: _scheduling(w, "campaigns"),
    "POST /campaigns/trigger/schedule/update": _scheduled("campaigns", schedule={"time": LATER}),
    "POST /campaigns/trigger/schedule/delete": _scheduled("campaigns"),
    "POST /canvas/trigger/send": lambda w: {
        "canvas_id": w.canvas("moment"),
        "recipients": _recipients(w),
    },
    "POST /canvas/trigger/schedule/create": lambda w: _scheduling(w, "canvas"),
    "POST /canvas/trigger/schedule/update": _scheduled("canvas", schedule={"time": LATER}),
    "POST /canvas/trigger/schedule/delete": _scheduled("canvas"),
    "POST /sends/id/create": lambda w: {"campaign_id": _api_campaign(w)["id"], "send_id": "w-9"},
    "GET /sends/data_series": _send_series,
    "GET /campaigns/list": _just(page=0, include_archived=True, sort_direction="desc"),
    "GET /campaigns/details": _campaign("with_control"),
    "GET /campaigns/data_series": _campaign("offer_email", length=3),
    "GET /canvas/list": _just(**{"last_edit.time[gt]": "2020-01-01T00:00:00"}),
    "GET /canvas/details": _canvas("welcome", post_launch_draft_version=False),
    "GET /canvas/data_series": _canvas("moment", **SUMMARY),
    "GET /canvas/data_summary": _canvas("moment", **SUMMARY),
    "GET /segments/list": _just(),
    "GET /segments/details": _segment(),
    "GET /segments/data_series": _segment(length=5),
    "POST /templates/email/create": _just(**NEW_TEMPLATE),
    "POST /templates/email/update": lambda w: {**_template(w), "subject": "T"},
    "GET /templates/email/info": _template,
    "GET /templates/email/list": _just(limit=3),
    "GET /kpi/new_users/data_series": _just(length=5),
    "GET /kpi/dau/data_series": _just(length=5),
    "GET /kpi/mau/data_series": _just(length=5),
    "GET /kpi/uninstalls/data_series": _just(length=5),
}
