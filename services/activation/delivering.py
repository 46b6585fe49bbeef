"""Putting a claimed batch on the wire: the right Braze path for its target, once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from services.activation.gates.store import find_target
from services.activation.model import Claim, Reply
from services.braze.client import BrazeClient
from services.braze.sending import (
    Accepted,
    ApiMessage,
    Recipient,
    campaign_body,
    canvas_body,
    messages_body,
    send_messages,
    trigger_campaign,
    trigger_canvas,
)
from services.braze.track import Attributes, track_body, track_users
from services.errors import DataError
from services.experiment.model import Experiment, TargetKind
from services.messages import msg

DECIDED_ON = "decided_on"  # the attribute that says of which day a written choice is


class BrazeSender:
    """Sends through Braze. Without a client it only writes bodies, as the dry run needs it."""

    def __init__(self, client: BrazeClient | None, experiment: Experiment) -> None:
        self._client = client
        self._experiment = experiment

    def send(self, claim: Claim, guard: Callable[[], None]) -> Reply:
        """Send the batch. Raises services.errors classes, and whatever `guard` raises."""
        if self._client is None:
            raise DataError(msg("This sender only rehearses: nothing was sent."))
        match claim.target_kind:
            case TargetKind.CAMPAIGN:
                taken = trigger_campaign(
                    self._client, claim.target_id, _recipients(claim), guard=guard
                )
            case TargetKind.CANVAS:
                taken = trigger_canvas(
                    self._client, claim.target_id, _recipients(claim), guard=guard
                )
            case TargetKind.API_CAMPAIGN:
                taken = send_messages(
                    self._client, self._api_message(claim), _ids(claim), guard=guard
                )
            case TargetKind.PROFILE:
                tracked = track_users(self._client, _attributes(claim), guard=guard)
                return Reply(errors=len(tracked.errors))
        return _reply(taken)

    def body(self, claim: Claim) -> dict[str, object]:
        """Exactly the body that `send` puts on the wire. Raises DataError where it may not."""
        match claim.target_kind:
            case TargetKind.CAMPAIGN:
                return campaign_body(claim.target_id, _recipients(claim))
            case TargetKind.CANVAS:
                return canvas_body(claim.target_id, _recipients(claim))
            case TargetKind.API_CAMPAIGN:
                return messages_body(self._api_message(claim), _ids(claim))
            case TargetKind.PROFILE:
                return track_body(_attributes(claim))

    def _api_message(self, claim: Claim) -> ApiMessage:
        target = find_target(self._experiment, claim.target_kind, claim.target_id)
        if (
            target is None
            or not target.variation_id
            or not target.app_id
            or not target.sender
            or not target.template_id
        ):
            raise DataError(
                msg("The API campaign {id} is not set up completely.", id=claim.target_id),
                hint=msg("It needs a variation, an app, a sender and a template."),
            )
        return ApiMessage(
            campaign_id=target.id,
            variation_id=target.variation_id,
            app_id=target.app_id,
            sender=target.sender,
            template_id=target.template_id,
        )


def digest_of_people(claim: Claim) -> str:
    """SHA-256 over who is in a batch and with which properties, in order: what was asked for."""
    sha = hashlib.sha256(f"{claim.target_kind}:{claim.target_id}".encode())
    for person in claim.people:
        sha.update(f"\n{person.person}\t{sorted(person.properties.items())}".encode())
    return sha.hexdigest()


def _recipients(claim: Claim) -> list[Recipient]:
    return [Recipient(p.external_id, p.properties) for p in claim.people]


def _attributes(claim: Claim) -> list[Attributes]:
    """`<prefix>_<property>` for each property, and `<prefix>_decided_on`. Raises DataError."""
    found = []
    for person in claim.people:
        values: dict[str, str | int | float | bool | None] = {
            f"{claim.target_id}_{DECIDED_ON}": claim.day.isoformat()
        }
        for name, value in person.properties.items():
            if not isinstance(value, str | int | float | bool | None):
                raise DataError(
                    msg("The value of {name} is no text, number or yes-or-no.", name=name),
                    hint=msg("Only those can be written to profiles. Change it under Options."),
                )
            values[f"{claim.target_id}_{name}"] = value
        found.append(Attributes(person.external_id, values))
    return found


def _ids(claim: Claim) -> list[str]:
    return [p.external_id for p in claim.people]


def _reply(taken: Accepted) -> Reply:
    return Reply(taken.dispatch_id, notice=taken.notice, errors=len(taken.errors))
