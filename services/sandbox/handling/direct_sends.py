"""POST /messages/send: content comes with the call, one for everybody in it."""

from __future__ import annotations

from typing import Any

from services.sandbox.handling.audiences import audience_of
from services.sandbox.handling.calls import UUID, Call
from services.sandbox.handling.message_objects import check_message, service_of
from services.sandbox.handling.recipients import MAX_RECIPIENTS, TOO_MANY
from services.sandbox.handling.send_ids import given_send_id, new_send_id
from services.sandbox.handling.sending import WITH_RECIPIENTS, WITHOUT_RECIPIENTS, is_broadcast
from services.sandbox.remembering.catalogue import Stream, Target
from services.sandbox.remembering.identifiers import alias_of, external_id_of
from services.sandbox.routing.refusals import refused

STATES = ("opted_in", "subscribed", "all")


def send_messages(call: Call) -> dict[str, Any]:
    """POST /messages/send: accept messages for people, a segment or an audience."""
    body = call.body
    accepted = _people(call)
    target, streams = _variations(call)
    accepted |= {"target": target.id, "streams": [s.id for s in streams]}
    state = body.get("recipient_subscription_state", "subscribed")
    if state not in STATES:
        raise refused(400, "recipient_subscription_state must be one of " + ", ".join(STATES))
    if state != "subscribed":
        accepted["states"] = state
    uncapped = body.get("override_frequency_capping", False)
    if not isinstance(uncapped, bool):
        raise refused(400, "override_frequency_capping must be a boolean")
    if uncapped:
        accepted["uncapped"] = True
    answer: dict[str, Any] = {}
    if target is call.space.catalogue.untracked:
        if body.get("send_id") is not None:
            raise refused(400, "campaign_id is required when send_id is given")
    else:
        send_id = given_send_id(call, target)
        if send_id is None and "people" not in accepted:
            send_id = answer["send_id"] = new_send_id(call, target)
        if send_id is not None:
            accepted["send_id"] = send_id
    answer["dispatch_id"] = call.space.record("send", accepted)
    return {**answer, "message": "success"}


def _people(call: Call) -> dict[str, Any]:
    """Whom the messages are for, as the journal keeps it. Raises Refused."""
    body = call.body
    ids, aliases = body.get("external_user_ids") or [], body.get("user_aliases") or []
    if not isinstance(ids, list) or not isinstance(aliases, list):
        raise refused(400, "external_user_ids and user_aliases must be arrays")
    if len(ids) + len(aliases) > MAX_RECIPIENTS:
        raise refused(400, TOO_MANY)
    people: list[str | dict[str, Any]] = []
    for value in ids:
        name = external_id_of(value)
        if name is None:
            raise refused(400, "external_user_ids must be an array of strings")
        people.append(name)
    for value in aliases:
        if alias_of(value) is None:
            raise refused(400, "user_alias must have an alias_name and an alias_label")
        people.append({"user_alias": value})
    accepted: dict[str, Any] = {}
    segment, audience = body.get("segment_id"), audience_of(body)
    if segment is not None:
        if not isinstance(segment, str) or segment not in call.space.catalogue.segments:
            raise refused(400, "segment_id must be a string of the segment api identifier")
        accepted["segment"] = segment
    if audience is not None:
        accepted["audience"] = audience
    broadcast = is_broadcast(body)
    if broadcast and people:
        raise refused(400, WITH_RECIPIENTS)
    if people:
        return accepted | {"people": people}
    if not accepted:
        raise refused(400, "No Recipients")
    if not broadcast:
        raise refused(400, WITHOUT_RECIPIENTS)
    return accepted


def _variations(call: Call) -> tuple[Target, list[Stream]]:
    """The campaign a send is counted for, and the variation of each message. Raises Refused."""
    messages = call.body.get("messages")
    if not isinstance(messages, dict):
        raise refused(400, "No message to send")
    known = {
        kind: message
        for kind, message in messages.items()
        if message is not None and service_of(kind) is not None
    }
    if not known:
        raise refused(400, "No message to send")
    target = _campaign(call)
    streams = [_variation(call, target, kind, message) for kind, message in known.items()]
    for kind, message in known.items():
        check_message(call, kind, message)
    return target, streams


def _campaign(call: Call) -> Target:
    wanted = call.body.get("campaign_id")
    if wanted is None:
        untracked = call.space.catalogue.untracked
        if untracked is None:  # a world without books for them
            raise refused(400, "campaign_id is required")
        return untracked
    if not isinstance(wanted, str) or not UUID.fullmatch(wanted):
        raise refused(400, "campaign_id must be a string of the campaign api identifier")
    found = call.space.catalogue.find("campaign", wanted)
    if found is None or not found.campaign.is_api_campaign:
        raise refused(400, "Invalid Campaign ID")
    return found


def _variation(call: Call, target: Target, kind: str, message: object) -> Stream:
    service = service_of(kind)
    if target is call.space.catalogue.untracked:
        return next(s for s in target.streams if s.service == service)
    wanted = message.get("message_variation_id") if isinstance(message, dict) else None
    if not wanted:
        raise refused(400, "Message Variant Unspecified")
    stream = next((s for s in target.streams if s.id == wanted), None)
    if stream is None:
        raise refused(400, "Invalid Message Variant")
    if stream.service != service:
        raise refused(400, "Mismatched Message Type")
    return stream
