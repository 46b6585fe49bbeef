"""POST /campaigns/trigger/send and /canvas/trigger/send: content lies in the dashboard."""

from __future__ import annotations

from typing import Any

from services.sandbox.handling.audiences import audience_of
from services.sandbox.handling.calls import UUID, Call
from services.sandbox.handling.recipients import properties_of, recipients_of
from services.sandbox.handling.send_ids import given_send_id, new_send_id
from services.sandbox.remembering.catalogue import Target
from services.sandbox.routing.refusals import refused

CAMPAIGN_PROPERTIES = ("trigger_properties",)
CANVAS_PROPERTIES = ("context", "canvas_entry_properties")  # the first wins
WITH_RECIPIENTS = "broadcast must be false when recipients are given"
WITHOUT_RECIPIENTS = "broadcast must be true when recipients are omitted"


def trigger_campaign(call: Call) -> dict[str, Any]:
    """POST /campaigns/trigger/send: accept a batch, remember it, answer as Braze does."""
    target = triggered_campaign(call)
    _check_attachments(call.body)
    return _trigger(call, target, CAMPAIGN_PROPERTIES, "campaign")


def trigger_canvas(call: Call) -> dict[str, Any]:
    """POST /canvas/trigger/send: let people enter a Canvas."""
    return _trigger(call, triggered_canvas(call), CANVAS_PROPERTIES, "Canvas")


def triggered_campaign(call: Call) -> Target:
    """The API-triggered campaign a request names. Raises Refused."""
    wanted = call.body.get("campaign_id")
    if not isinstance(wanted, str) or not UUID.fullmatch(wanted):
        raise refused(400, "campaign_id must be a string of the campaign api identifier")
    target = call.space.catalogue.find("campaign", wanted)
    if target is None or target.campaign.is_api_campaign:
        raise refused(400, "Invalid Campaign ID")
    if target.campaign.schedule_type != "api_triggered":
        raise refused(400, "Invalid Campaign ID")
    return target


def triggered_canvas(call: Call) -> Target:
    """The Canvas a request names. Raises Refused."""
    wanted = call.body.get("canvas_id")
    if not isinstance(wanted, str) or not UUID.fullmatch(wanted):
        raise refused(400, "canvas_id must be a string of the Canvas api identifier")
    target = call.space.catalogue.find("canvas", wanted)
    if target is None:
        raise refused(400, "Invalid Canvas ID")
    return target


def send_body(
    call: Call, target: Target, names: tuple[str, ...]
) -> tuple[dict[str, Any], list[str]]:
    """What the journal keeps of a trigger, and the errors of single recipients. Raises Refused."""
    body = call.body
    shared = properties_of(body, names)
    audience = audience_of(body)
    recipients = recipients_of(call, shared, names)
    if is_broadcast(body):
        if recipients is not None:
            raise refused(400, WITH_RECIPIENTS)
    elif recipients is None:
        raise refused(400, "No Recipients" if audience is None else WITHOUT_RECIPIENTS)
    accepted: dict[str, Any] = {"target": target.id}
    if target.kind == "campaign":
        send_id = given_send_id(call, target)
        if send_id is not None:
            accepted["send_id"] = send_id
    if audience is not None:
        accepted["audience"] = audience
    if recipients is None:
        return accepted | {"shared": shared}, []
    accepted["people"], accepted["properties"] = recipients.people, recipients.properties
    if recipients.attributes:
        accepted["attributes"] = recipients.attributes
    return accepted, recipients.errors


def is_broadcast(body: dict[str, Any]) -> bool:
    """Whether a request is for everybody it does not name. Raises Refused."""
    value = body.get("broadcast", False)
    if not isinstance(value, bool):
        raise refused(400, "broadcast must be a boolean")
    return value


def _trigger(call: Call, target: Target, names: tuple[str, ...], kind: str) -> dict[str, Any]:
    accepted, errors = send_body(call, target, names)
    answer: dict[str, Any] = {}
    if target.kind == "campaign" and "people" not in accepted:
        accepted.setdefault("send_id", new_send_id(call, target))
        answer["send_id"] = accepted["send_id"]
    answer["dispatch_id"] = call.space.record("send", accepted)
    if errors:
        answer["errors"] = errors
    if not target.live:
        state, remedy = ("archived", "Unarchive") if target.spec.archived else ("paused", "Resume")
        answer["notice"] = (
            f"The {kind} is {state}. {remedy} the {kind} "
            "to ensure trigger requests will take effect."
        )
    return {**answer, "message": "success"}


def _check_attachments(body: dict[str, Any]) -> None:
    attachments = body.get("attachments")
    if attachments is None or attachments == []:
        return
    if body.get("broadcast") is True:
        raise refused(400, "broadcast must be false when attachments are given")
    if not isinstance(attachments, list) or not all(
        isinstance(a, dict)
        and isinstance(a.get("file_name"), str)
        and isinstance(a.get("url"), str)
        for a in attachments
    ):
        raise refused(400, "attachments must be an array of objects with file_name and url")
