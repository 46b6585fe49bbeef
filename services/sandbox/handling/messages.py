"""Messages of campaigns and Canvas steps as `details` shows them."""

from __future__ import annotations

from functools import cache
from typing import Any

from services.sandbox.remembering.catalogue import Stream
from services.sandbox.remembering.templates import html
from services.sandbox.world.hashing import uuid_of
from services.sandbox.world.model import Variation, World

EMAIL_COUNTERS: tuple[str, ...]
EMAIL_COUNTERS = ("sent", "delivered", "opens", "unique_opens", "clicks", "unique_clicks")
EMAIL_COUNTERS += ("unsubscribes", "bounces", "reported_spam")


@cache
def _body(file: str) -> str:
    return html(file)


def message(world: World, stream: Stream) -> dict[str, Any]:
    """One message object, shaped by its channel; a control group has no content."""
    if stream.control or stream.variation is None:
        return {"channel": stream.service, "type": "control"}
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
                "body": _liquid(variation.text, stream),
                "from": "50505",
                "subscription_group_id": uuid_of(world.key, "sms group"),
            }
        case "webhook":
            return {
                "channel": "webhook",
                "name": variation.name,
                "url": "https://till.example/hooks",
                "body": variation.text,
                "type": "",
                "headers": {"Content-Type": "application/json"},
                "method": "POST",
            }
        case "content_cards":
            return {"channel": "content_cards", "name": variation.name, "extras": {}}
        case "whats_app":
            return {
                "channel": "whats_app",
                "name": variation.name,
                "layout": "text",
                "header_text": "",
                "body_text": variation.text,
                "footer_text": "",
                "buttons": [],
            }
        case "in_app":
            return _survey(stream, variation)
        case _:
            return {
                "channel": stream.service,
                "name": variation.name,
                "alert": _liquid(variation.text, stream),
                "title": _liquid(variation.title, stream),
                "action": "Opens App",
                "image_url": "",
                "large_image_url": "",
                "extras": {},
            }


def _survey(stream: Stream, variation: Variation) -> dict[str, Any]:
    """An in-app survey of one page; its choices are separated by bars."""
    choices = [
        {
            "choice_id": uuid_of(stream.id, "choice", text),
            "text": text,
            "custom_attribute_key": "survey_answer",
            "custom_attribute_value": text.lower(),
            "deleted": False,
        }
        for text in variation.text.split("|")
    ]
    return {
        "channel": stream.service,
        "name": variation.name,
        "type": "survey",
        "data": {"pages": [{"header": {"text": variation.title}, "choices": choices}]},
    }


def _liquid(source: str, stream: Stream) -> str:
    """Canvas steps read what came with the entry under another name."""
    if stream.step < 0:
        return source
    return source.replace("api_trigger_properties", "canvas_entry_properties")


def counters(stream: Stream, day: dict[str, int]) -> dict[str, int]:
    """A stream's counters of one day under the names its channel has in a series.

    What the sandbox never lets happen (dismissals of a card, help answers to a text) is zero.
    """
    match stream.channel:
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
        case "whats_app":
            return {
                "sent": day["sent"],
                "delivered": day["delivered"],
                "failed": day["bounces"],
                "read": day["unique_opens"],
            }
        case "webhook":
            return {"sent": day["sent"], "errors": day["bounces"]}
        case "content_cards":
            return {
                "sent": day["sent"],
                "total_clicks": day["clicks"],
                "total_dismissals": 0,
                "total_impressions": day["opens"],
                "unique_clicks": day["unique_clicks"],
                "unique_dismissals": 0,
                "unique_impressions": day["unique_opens"],
            }
        case "in_app":
            return {
                "impressions": day["opens"],
                "clicks": day["clicks"],
                "first_button_clicks": 0,
                "second_button_clicks": 0,
            }
        case _:
            return {
                "sent": day["sent"],
                "direct_opens": day["unique_opens"],
                "total_opens": day["opens"],
                "bounces": day["bounces"],
                "body_clicks": day["clicks"],
            }
