"""Messages of campaigns and Canvas steps as `details` shows them."""

from __future__ import annotations

from functools import cache
from typing import Any

from services.sandbox.remembering.catalogue import Stream
from services.sandbox.remembering.templates import html
from services.sandbox.world.hashing import uuid_of
from services.sandbox.world.model import World

EMAIL_COUNTERS: tuple[str, ...]
EMAIL_COUNTERS = ("sent", "delivered", "opens", "unique_opens", "clicks", "unique_clicks")
EMAIL_COUNTERS += ("unsubscribes", "bounces", "reported_spam")


@cache
def _body(file: str) -> str:
    return html(file)


def message(world: World, stream: Stream) -> dict[str, Any]:
    """One message object, shaped by its channel; a control group has no content."""
    if stream.control or stream.variation is None:
        return {"channel": stream.channel, "type": "control"}
    variation = stream.variation
    match stream.channel:
        case "email":
            template = next((t for t in world.templates if t.key == variation.template), None)
            return {
                "channel": "email",
                "name": variation.name,
                "subject": _liquid(template.subject if template else "", stream),
                "body": _liquid(_body(template.file) if template else variation.text, stream),
                "from": world.sender,
                "reply_to": world.sender.partition("<")[2].rstrip(">"),
                "title": variation.name,
                "preheader": _liquid(template.preheader if template else "", stream),
                "amp_body": "",
                "custom_plain_text": "",
                "extras": [],
                "email_headers": [],
                "should_inline_css": False,
                "should_whitespace_header": True,
            }
        case "sms":
            return {
                "channel": "sms",
                "name": variation.name,
                "body": variation.text,
                "from": "50505",
                "subscription_group_id": uuid_of(world.key, "sms group"),
            }
        case _:
            return {
                "channel": "ios_push",
                "name": variation.name,
                "alert": variation.text,
                "title": variation.title,
                "action": "Opens App",
                "image_url": "",
                "large_image_url": "",
                "extras": {},
            }


def _liquid(source: str, stream: Stream) -> str:
    """Canvas steps read what came with the entry under another name."""
    if stream.step < 0:
        return source
    return source.replace("api_trigger_properties", "canvas_entry_properties")


def braze_channel(channel: str) -> str:
    """The channel's name in details and series: a push of the sandbox is an iOS push."""
    return "ios_push" if channel == "push" else channel


def counters(channel: str, day: dict[str, int]) -> dict[str, int]:
    """A stream's counters of one day under the names its channel has in a series."""
    match channel:
        case "email":
            return {name: day[name] for name in EMAIL_COUNTERS}
        case "sms":
            return {
                "sent": day["sent"],
                "sent_to_carrier": day["sent"],
                "delivered": day["delivered"],
                "rejected": 0,
                "delivery_failed": day["bounces"],
                "clicks": day["clicks"],
                "opt_out": day["unsubscribes"],
                "help": 0,
            }
        case _:
            return {
                "sent": day["sent"],
                "direct_opens": day["unique_opens"],
                "total_opens": day["opens"],
                "bounces": day["bounces"],
                "body_clicks": day["clicks"],
            }
