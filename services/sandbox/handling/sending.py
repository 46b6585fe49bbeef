"""POST /campaigns/trigger/send, /canvas/trigger/send and /messages/send."""

from __future__ import annotations

from typing import Any

import orjson

from services.sandbox.handling.calls import UUID, Call
from services.sandbox.remembering.catalogue import Stream, Target
from services.sandbox.remembering.tracking import row_of_braze_id
from services.sandbox.routing.refusals import refused

MAX_RECIPIENTS = 50
MAX_PROPERTIES_BYTES = 50 * 1024
TOO_MANY = "The max number of external_ids and aliases per request was exceeded"
CHANNEL_OF_MESSAGE = {
    "email": "email",
    "sms": "sms",
    "apple_push": "push",
    "android_push": "push",
    "web_push": "push",
    "kindle_push": "push",
}
NOBODY = "\x00"  # a recipient named in a way that leads to no profile


def trigger_campaign(call: Call) -> dict[str, Any]:
    """POST /campaigns/trigger/send: accept a batch, remember it, answer as Braze does."""
    wanted = call.body.get("campaign_id")
    if not isinstance(wanted, str) or not UUID.fullmatch(wanted):
        raise refused(400, "campaign_id must be a string of the campaign api identifier")
    target = call.space.catalogue.find("campaign", wanted)
    if target is None or target.campaign.is_api_campaign or target.campaign.weekly_on:
        raise refused(400, "Invalid Campaign ID")
    shared = _properties(call.body, ("trigger_properties",))
    return _trigger(call, target, shared, ("trigger_properties",), "campaign")


def trigger_canvas(call: Call) -> dict[str, Any]:
    """POST /canvas/trigger/send: let people enter a Canvas."""
    target = call.space.catalogue.find("canvas", call.body.get("canvas_id"))
    if target is None:
        raise refused(400, "Invalid Canvas ID")
    names = ("canvas_entry_properties", "context")  # the later one wins
    return _trigger(call, target, _properties(call.body, names), names, "Canvas")


def send_messages(call: Call) -> dict[str, Any]:
    """POST /messages/send: content comes with the call, one for everybody in it."""
    body = call.body
    ids = body.get("external_user_ids") or []
    if not isinstance(ids, list) or len(ids) + len(body.get("user_aliases") or []) > MAX_RECIPIENTS:
        raise refused(400, TOO_MANY)
    people = [str(name) for name in ids]
    if body.get("broadcast") is True and people:
        raise refused(400, "broadcast must be false when recipients are given")
    if not people and not (body.get("broadcast") is True and body.get("segment_id")):
        raise refused(400, "No Recipients")
    segment_id = body.get("segment_id")
    if segment_id is not None:
        people = _in_segment(call, segment_id, people or None)
    messages = body.get("messages")
    if not isinstance(messages, dict) or not messages:
        raise refused(400, "No message to send")
    target, streams = _variations(call, messages)
    dispatch_id = ""
    for stream in streams:
        dispatch_id = _record(
            call,
            target,
            stream,
            people,
            [{}] * len(people),
            all_states=body.get("recipient_subscription_state") == "all",
        )
    return {"dispatch_id": dispatch_id, "message": "success"}


def _variations(call: Call, messages: dict[str, Any]) -> tuple[Target, list[Stream]]:
    """The campaign a send is counted for, and the variation of each message."""
    wanted = call.body.get("campaign_id")
    if wanted is None:
        target = next(
            t for t in call.space.catalogue.of_kind("campaign") if t.campaign.is_api_campaign
        )
        channels = [CHANNEL_OF_MESSAGE.get(kind) for kind in messages]
        return target, [s for s in target.streams if s.channel in channels]
    found = call.space.catalogue.find("campaign", wanted)
    if found is None or not found.campaign.is_api_campaign:
        raise refused(400, "Invalid Campaign ID")
    streams = []
    for kind, message in messages.items():
        variation = message.get("message_variation_id") if isinstance(message, dict) else None
        if not variation:
            raise refused(400, "Message Variant Unspecified")
        stream = next((s for s in found.streams if s.id == variation), None)
        if stream is None:
            raise refused(400, "Invalid Message Variant")
        if CHANNEL_OF_MESSAGE.get(kind) != stream.channel:
            raise refused(400, "Mismatched Message Type")
        streams.append(stream)
    return found, streams


def _in_segment(call: Call, segment_id: object, people: list[str] | None) -> list[str]:
    segment = call.space.catalogue.segments.get(str(segment_id))
    if segment is None:
        raise refused(400, "segment_id must be a string of the segment api identifier")
    ids = call.space.people.external_ids
    members = [
        ids[row] for row in call.space.membership.members(segment, call.space.now_s).tolist()
    ]
    if people is None:
        return members
    inside = set(members)
    return [name for name in people if name in inside]


def _trigger(
    call: Call, target: Target, shared: dict[str, Any], names: tuple[str, ...], kind: str
) -> dict[str, Any]:
    body, space = call.body, call.space
    recipients = body.get("recipients")
    if body.get("broadcast") is True:
        if recipients is not None:
            raise refused(400, "broadcast must be false when recipients are given")
        people = [
            space.people.external_ids[row]
            for row in range(len(space.people.external_ids))
            if space.people.created_s[row] <= space.now_s
        ]
        properties = [shared] * len(people)
    else:
        if not isinstance(recipients, list) or not recipients:
            raise refused(400, "No Recipients")
        if len(recipients) > MAX_RECIPIENTS:
            raise refused(400, TOO_MANY)
        created = [_attributes(item) for item in recipients]
        people = [_recipient(call, item) for item in recipients]
        own = [_properties(item, names) for item in recipients]
        properties = [{**shared, **mine} if mine else shared for mine in own]
        wanted = [attributes for attributes in created if attributes]
        if wanted:
            space.record("track", {"attributes": wanted})
    dispatch_id = _record(call, target, target.streams[0], people, properties)
    answer: dict[str, Any] = {"dispatch_id": dispatch_id, "message": "success"}
    if not space.target_is_live(target):
        archived = getattr(target.spec, "archived", False)
        state, remedy = ("archived", "Unarchive") if archived else ("paused", "Resume")
        answer["notice"] = (
            f"The {kind} is {state}. {remedy} the {kind} "
            "to ensure trigger requests will take effect."
        )
    return answer


def _record(
    call: Call,
    target: Target,
    stream: Stream,
    people: list[str],
    properties: list[dict[str, Any]],
    *,
    all_states: bool = False,
) -> str:
    return call.space.record(
        "send",
        {
            "target": target.id,
            "stream": stream.id,
            "people": people,
            "properties": properties,
            "all_states": all_states,
        },
    )


def _recipient(call: Call, item: object) -> str:
    """The external id a recipient means. Raises Refused unless it names exactly one user."""
    names = ("external_user_id", "user_alias", "braze_id", "email")
    given = [n for n in names if isinstance(item, dict) and item.get(n) is not None]
    if not isinstance(item, dict) or len(given) != 1:
        raise refused(400, "Each recipient needs exactly one of " + ", ".join(names))
    if given == ["external_user_id"]:
        return str(item["external_user_id"])
    if given == ["email"] and not isinstance(item.get("prioritization"), list):
        raise refused(400, "prioritization is required")
    row = row_of_braze_id(call.space.people, item.get("braze_id"))
    return NOBODY if row is None else call.space.people.external_ids[row]


def _attributes(item: object) -> dict[str, Any] | None:
    """Attributes to write before the send. A new profile needs `send_to_existing_only` false."""
    if not isinstance(item, dict) or not isinstance(item.get("attributes"), dict):
        if isinstance(item, dict) and item.get("send_to_existing_only") is False:
            raise refused(400, "attributes is required when send_to_existing_only is false")
        return None
    if not isinstance(item.get("external_user_id"), str):
        return None
    existing_only = item.get("send_to_existing_only") is not False
    fixed = {"external_id": item["external_user_id"], "_update_existing_only": existing_only}
    return {**item["attributes"], **fixed}


def _properties(source: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for name in names:
        value = source.get(name)
        if value is None:
            continue
        if not isinstance(value, dict):
            raise refused(400, f"{name} must be an object")
        if len(orjson.dumps(value)) > MAX_PROPERTIES_BYTES:
            raise refused(400, f"{name} must not be larger than 50 KB")
        merged.update(value)
    return merged
