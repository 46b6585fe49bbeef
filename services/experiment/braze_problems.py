"""Is a campaign, Canvas or API campaign fit to be a target?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from services.experiment.catalogue.model import Details, channel_of, is_control, messages_of
from services.experiment.model import Target, TargetKind
from services.experiment.problem import Problem, Step
from services.messages import Message, msg

ATTRIBUTE_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
# Ways of delivery that certainly are not "by API". The values are not published, so any other one
# is left to the person who ticks the settings before launch.
NOT_BY_API = frozenset({"time_based", "action_based", "scheduled", "action", "date"})


def braze_problems(target: Target, details: Details | None) -> Iterator[Problem]:
    """What keeps it from being a target. `details` is None where Braze does not know it."""
    if target.kind is TargetKind.PROFILE:
        yield from _profile(target)
        return
    if details is None:
        yield _problem(
            target,
            msg("A chosen campaign or Canvas no longer exists in Braze."),
            msg("Choose another one, or refresh the list. Its id was {id}.", id=target.id),
        )
        return
    yield from _is_live(target, details)
    if target.kind is TargetKind.API_CAMPAIGN:
        yield from _api_campaign(target, details)
    else:
        yield from _triggered(target, details)


def _is_live(target: Target, details: Details) -> Iterator[Problem]:
    name = _name(target, details)
    if details.get("archived"):
        yield _problem(
            target,
            msg("“{name}” is archived in Braze, so it sends nothing.", name=name),
            msg("Unarchive it in Braze, or choose another one."),
        )
    elif details.get("draft"):
        yield _problem(
            target,
            msg("“{name}” is still a draft in Braze.", name=name),
            msg("Launch it in Braze: it sends only when Anneal triggers it."),
        )
    elif details.get("enabled") is False:
        yield _problem(
            target,
            msg("“{name}” is stopped in Braze.", name=name),
            msg("Resume it in Braze, or choose another one."),
        )
    if details.get("has_post_launch_draft"):
        yield _problem(
            target,
            msg("“{name}” has changes in Braze that are not published.", name=name),
            msg("What goes out is the published version. Publish the changes, or discard them."),
            blocking=False,
        )


def _triggered(target: Target, details: Details) -> Iterator[Problem]:
    name = _name(target, details)
    by_api = str(details.get("schedule_type") or "") not in NOT_BY_API
    if details.get("is_api_campaign") or not by_api:
        yield _problem(
            target,
            msg("“{name}” cannot be triggered: its delivery is not “API-triggered”.", name=name),
            msg("Choose a campaign or Canvas with API-triggered delivery."),
        )
    messages = [message for _, message in messages_of(details)]
    entrances = [
        variant.get("first_step_ids") or variant.get("first_step_id")
        for variant in details.get("variants") or ()
    ]
    if any(map(is_control, messages)) or not all(entrances):
        yield _problem(
            target,
            msg("“{name}” has a control group in Braze.", name=name),
            msg("Take it out: Braze would keep messages back, and the lift would be wrong."),
        )
    sent = [message for message in messages if not is_control(message)]
    n_variations = max(len(sent), sum(map(bool, entrances)))
    if n_variations > 1:
        yield _problem(
            target,
            msg("“{name}” has {n} messages, and Braze would choose.", name=name, n=n_variations),
            msg("A target has one message. Keep one, and let Anneal choose by its options."),
        )
    elif not sent:
        yield _problem(
            target,
            msg("“{name}” has no message.", name=name),
            msg("Add a message to it in Braze."),
        )
    elif channel_of(sent[0]) is not target.channel:
        yield _problem(
            target,
            msg(
                "“{name}” does not send through the channel {channel}.",
                name=name,
                channel=target.channel.value,
            ),
            msg("Choose a campaign of that channel."),
        )


def _api_campaign(target: Target, details: Details) -> Iterator[Problem]:
    name = _name(target, details)
    if not details.get("is_api_campaign"):
        yield _problem(
            target,
            msg("“{name}” is not an API campaign, so content cannot be sent with it.", name=name),
            msg("Choose “API-triggered campaign” as the kind of target."),
        )
    chosen = dict(messages_of(details)).get(target.variation_id or "")
    if chosen is None:
        yield _problem(
            target,
            msg("“{name}” needs one of its message variations.", name=name),
            msg("Choose the variation that counts these messages."),
        )
    elif channel_of(chosen) is not target.channel:
        yield _problem(
            target,
            msg("The chosen variation of “{name}” is of another channel.", name=name),
            msg("Choose a variation of the target's channel."),
        )


def _profile(target: Target) -> Iterator[Problem]:
    if not ATTRIBUTE_PREFIX.fullmatch(target.id):
        yield _problem(
            target,
            msg("“{id}” cannot begin the names of custom attributes.", id=target.id),
            msg("Use letters, digits and underscores, a letter first, at most 40."),
        )


def _name(target: Target, details: Details) -> str:
    return str(details.get("name") or target.id)


def _problem(target: Target, what: Message, hint: Message, *, blocking: bool = True) -> Problem:
    return Problem(Step.TEMPLATES, what, hint, blocking, about=target.id)
