"""Sending: the request bodies, which are pure, and the three calls that put them on the wire.

Every body names its recipients and says `broadcast: false`, because a body without recipients can
address a whole segment. It never carries `attributes`, which would write to profiles, nor
`audience`. Braze docs: "Send campaign messages via API-triggered delivery", "Send Canvas messages
via API-triggered delivery", "Send messages immediately".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from services.braze.client import BrazeClient
from services.braze.wire import quotable
from services.errors import DataError
from services.messages import msg

MAX_RECIPIENTS = 50  # of one request: Braze docs, all three endpoints
MAX_PROPERTIES_BYTES = 50 * 1024  # trigger and entry properties of one recipient
MAX_ID_BYTES = 987  # of an external id


@dataclass(frozen=True)
class Recipient:
    """One person by Braze's `external_id`, and what the message is filled with."""

    external_user_id: str
    properties: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class ApiMessage:
    """What `messages/send` needs besides the people: one email variation of an API campaign."""

    campaign_id: str
    variation_id: str
    app_id: str
    sender: str
    template_id: str
    subject: str | None = None


@dataclass(frozen=True)
class Accepted:
    """Braze took the request. Whether a message reaches anybody is not said here.

    `notice` says for instance that the campaign is paused: then nothing goes out. With `errors`
    some recipients were refused, and Braze does not say which.
    """

    dispatch_id: str
    notice: str = ""
    errors: tuple[str, ...] = ()
    send_id: str = ""

    @property
    def partial(self) -> bool:
        """Whether some recipients were refused."""
        return bool(self.errors)


def campaign_body(campaign_id: str, recipients: Sequence[Recipient]) -> dict[str, Any]:
    """Body of POST /campaigns/trigger/send. Raises DataError for recipients Braze must not get."""
    return {
        "campaign_id": campaign_id,
        "broadcast": False,
        "recipients": _recipients(recipients, "trigger_properties"),
    }


def canvas_body(canvas_id: str, recipients: Sequence[Recipient]) -> dict[str, Any]:
    """Body of POST /canvas/trigger/send. Raises DataError as `campaign_body` does.

    The properties go under their older name, which old and new workspaces both take.
    """
    return {
        "canvas_id": canvas_id,
        "broadcast": False,
        "recipients": _recipients(recipients, "canvas_entry_properties"),
    }


def messages_body(message: ApiMessage, external_user_ids: Sequence[str]) -> dict[str, Any]:
    """Body of POST /messages/send: the same email for everybody named. Raises DataError."""
    _check_ids(external_user_ids)
    email = {
        "app_id": message.app_id,
        "from": message.sender,
        "email_template_id": message.template_id,
        "message_variation_id": message.variation_id,
    }
    if message.subject is not None:
        email["subject"] = message.subject
    return {
        "broadcast": False,
        "external_user_ids": list(external_user_ids),
        "campaign_id": message.campaign_id,
        "recipient_subscription_state": "subscribed",
        "messages": {"email": email},
    }


def trigger_campaign(
    client: BrazeClient,
    campaign_id: str,
    recipients: Sequence[Recipient],
    *,
    guard: Callable[[], None],
) -> Accepted:
    """POST /campaigns/trigger/send, once. `guard` runs just before the first byte and may raise.

    Raises DataError before anything is sent, BrazeError by what is known of the outcome.
    """
    path = "/campaigns/trigger/send"
    return _accepted(client.write(path, campaign_body(campaign_id, recipients), guard=guard))


def trigger_canvas(
    client: BrazeClient,
    canvas_id: str,
    recipients: Sequence[Recipient],
    *,
    guard: Callable[[], None],
) -> Accepted:
    """POST /canvas/trigger/send, once. As `trigger_campaign`."""
    path = "/canvas/trigger/send"
    return _accepted(client.write(path, canvas_body(canvas_id, recipients), guard=guard))


def send_messages(
    client: BrazeClient,
    message: ApiMessage,
    external_user_ids: Sequence[str],
    *,
    guard: Callable[[], None],
) -> Accepted:
    """POST /messages/send, once. As `trigger_campaign`."""
    path = "/messages/send"
    return _accepted(client.write(path, messages_body(message, external_user_ids), guard=guard))


def _recipients(recipients: Sequence[Recipient], name: str) -> list[dict[str, Any]]:
    _check_ids([r.external_user_id for r in recipients])
    for recipient in recipients:
        size = len(orjson.dumps(recipient.properties))
        if size > MAX_PROPERTIES_BYTES:
            raise DataError(
                msg("The properties of a message are {n} bytes.", n=size),
                hint=msg("Braze takes at most {n}. Nothing was sent.", n=MAX_PROPERTIES_BYTES),
            )
    return [
        {
            "external_user_id": recipient.external_user_id,
            name: dict(recipient.properties),
            "send_to_existing_only": True,
        }
        for recipient in recipients
    ]


def _check_ids(ids: Sequence[str]) -> None:
    if not 1 <= len(ids) <= MAX_RECIPIENTS:
        raise DataError(
            msg("A request names {n} people.", n=len(ids)),
            hint=msg("It must name between 1 and {most}. Nothing was sent.", most=MAX_RECIPIENTS),
        )
    if len(set(ids)) < len(ids):
        raise DataError(
            msg("A request names one person twice."),
            hint=msg("Nothing was sent. Please report this."),
        )
    if any(not i or len(i.encode()) > MAX_ID_BYTES for i in ids):
        raise DataError(
            msg("A request names somebody without a usable id."),
            hint=msg("Nothing was sent. Please report this."),
        )


def _accepted(data: dict[str, Any]) -> Accepted:
    errors = data.get("errors")
    found = errors if isinstance(errors, list) else [errors] if errors else []
    return Accepted(
        dispatch_id=str(data.get("dispatch_id") or ""),
        notice=quotable(data["notice"]) if data.get("notice") else "",
        errors=tuple(quotable(e) for e in found),
        send_id=str(data.get("send_id") or ""),
    )
