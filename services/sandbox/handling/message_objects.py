"""Message objects of `messages/send`, by channel: what is wrong with them."""

from __future__ import annotations

from typing import Any

import orjson

from services.sandbox.handling.calls import Call
from services.sandbox.routing.refusals import refused

SERVICES = {  # key of a message object → the channel's name in details and series
    "email": "email",
    "sms": "sms",
    "apple_push": "ios_push",
    "android_push": "android_push",
    "web_push": "web_push",
    "kindle_push": "kindle_push",
    "content_card": "content_cards",
    "webhook": "webhook",
    "whats_app": "whats_app",
}
PUSH = frozenset({"apple_push", "android_push", "web_push", "kindle_push"})
# Largest payload and what is said beyond it: Braze docs
LARGEST_BYTES = {
    "apple_push": (1_912, "Apple Push Length Exceeded"),
    "android_push": (4_000, "Android Push Length Exceeded"),
}
NO_CONTENT = frozenset({"app_id", "message_variation_id"})
EMAIL_TEXTS = ("subject", "preheader", "plaintext_body", "reply_to", "bcc", "body")


def service_of(kind: str) -> str | None:
    """The channel of a message object, None for a key that is none."""
    return SERVICES.get(kind)


def check_message(call: Call, kind: str, message: object) -> None:
    """Raises Refused where a message object cannot be sent."""
    if not isinstance(message, dict):
        raise refused(400, f"{kind} must be an object")
    if kind == "email":
        _check_email(call, message)
    if kind in PUSH:
        extra = message.get("extra")
        if extra is not None and not isinstance(extra, dict):
            raise refused(400, "Invalid Extra Push Payload")
    if kind in LARGEST_BYTES:
        most, problem = LARGEST_BYTES[kind]
        payload = {k: v for k, v in message.items() if k not in NO_CONTENT}
        if len(orjson.dumps(payload)) > most:
            raise refused(400, problem)


def _check_email(call: Call, message: dict[str, Any]) -> None:
    for name in ("app_id", "from"):
        if not isinstance(message.get(name), str) or not message[name]:
            raise refused(400, f"{name} is required")
    for name in EMAIL_TEXTS:
        if message.get(name) is not None and not isinstance(message[name], str):
            raise refused(400, f"{name} must be a string")
    template = message.get("email_template_id")
    if template is None:
        if message.get("body") is None:
            raise refused(400, "body is required")
    elif not isinstance(template, str) or template not in call.space.templates.by_id:
        raise refused(400, "Invalid email_template_id")
    for name in ("extras", "headers"):
        if message.get(name) is not None and not isinstance(message[name], dict):
            raise refused(400, f"{name} must be an object")
    inline = message.get("should_inline_css")
    if inline is not None and not isinstance(inline, bool):
        raise refused(400, "should_inline_css must be a boolean")
