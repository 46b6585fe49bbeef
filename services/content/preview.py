"""One message as one person would get it, with everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.content.checks import (
    ContentProblem,
    check_email,
    check_notices,
    check_push,
    check_sms,
)
from services.content.remembering import rendered_once
from services.content.rendered import Notice
from services.errors import ContentError
from services.experiment.catalogue.model import Details, channel_of, is_control, messages_of
from services.experiment.model import Channel
from services.messages import msg


@dataclass(frozen=True)
class Preview:
    """A rendered message. Email has `subject`, `preheader` and `html`, push a `title`; SMS and push
    keep their words in `text`."""

    channel: Channel
    sender: str = ""
    subject: str = ""
    preheader: str = ""
    title: str = ""
    html: str = ""
    text: str = ""
    image_url: str = ""
    notices: tuple[Notice, ...] = ()
    problems: tuple[ContentProblem, ...] = ()

    @property
    def blocked(self) -> bool:
        """True where at least one problem must be put right before anything is sent."""
        return any(problem.blocking for problem in self.problems)


FIELDS = {
    Channel.EMAIL: ("from", "subject", "preheader", "body"),
    Channel.SMS: ("from", "body"),
    Channel.PUSH: ("title", "alert", "image_url"),
}


def preview(
    messages: Mapping[str, Details],
    properties: Mapping[str, Any],
    profile: Mapping[str, Any],
    *,
    canvas: bool = False,
    variation_id: str | None = None,
    content_blocks: Mapping[str, str] | None = None,
    campaign: Mapping[str, Any] | None = None,
) -> Preview:
    """Render the one message among `messages` (id → message, as in Braze's details).

    `properties` is what the trigger carries (`experiment.properties.trigger_properties`), `profile`
    an export object of a person. `campaign` may hold `name`, `api_id` and `message_name`.

    Raises ContentError where there is no message, or several and `variation_id` names none.
    """
    message = _the_message(messages, variation_id)
    channel = channel_of(message)
    if channel is None:
        raise ContentError(
            msg(
                "Anneal cannot show messages of the channel {channel}.", channel=message["channel"]
            ),
            hint=msg("Choose a campaign that sends email, SMS or push."),
        )
    fields: dict[str, str] = {}
    notices: list[Notice] = []
    for name in FIELDS[channel]:
        rendered = rendered_once(
            str(message.get(name) or ""),
            profile=profile,
            properties=properties,
            canvas=canvas,
            content_blocks=content_blocks,
            campaign=campaign,
        )
        fields[name] = rendered.text
        notices += [notice for notice in rendered.notices if notice not in notices]
    problems = check_notices(notices)
    match channel:
        case Channel.EMAIL:
            headers = message.get("email_headers") or ()
            problems += check_email(
                fields["subject"], fields["preheader"], fields["body"], headers=headers
            )
            return Preview(
                channel,
                sender=fields["from"],
                subject=fields["subject"],
                preheader=fields["preheader"],
                html=fields["body"],
                notices=tuple(notices),
                problems=tuple(problems),
            )
        case Channel.SMS:
            return Preview(
                channel,
                sender=fields["from"],
                text=fields["body"],
                notices=tuple(notices),
                problems=(*problems, *check_sms(fields["body"])),
            )
        case Channel.PUSH:
            return Preview(
                channel,
                title=fields["title"],
                text=fields["alert"],
                image_url=fields["image_url"],
                notices=tuple(notices),
                problems=(*problems, *check_push(fields["title"], fields["alert"])),
            )


def preview_of(
    details: Details,
    properties: Mapping[str, Any],
    profile: Mapping[str, Any],
    *,
    canvas: bool = False,
    variation_id: str | None = None,
) -> Preview:
    """`preview` for the details of a campaign or Canvas as the catalogue keeps them."""
    name = {"name": details.get("name")}
    return preview(
        dict(messages_of(details)),
        properties,
        profile,
        canvas=canvas,
        variation_id=variation_id,
        campaign=name,
    )


def _the_message(messages: Mapping[str, Details], variation_id: str | None) -> Details:
    sent = {id: message for id, message in messages.items() if not is_control(message)}
    if variation_id is not None and variation_id in sent:
        return sent[variation_id]
    if len(sent) != 1:
        raise ContentError(
            msg("There are {n} messages to choose from, not one.", n=len(sent)),
            hint=msg("A target has exactly one message. Change it in Braze."),
        )
    return next(iter(sent.values()))
