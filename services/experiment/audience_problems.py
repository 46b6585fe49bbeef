"""Is there an audience, may its data be read, and do the groups add up?"""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from functools import cache

from services.experiment.catalogue.model import Catalogue
from services.experiment.model import Channel, DimensionKind, Experiment, PrimaryComparison
from services.experiment.problem import Problem, Step
from services.messages import msg

SHARE_TOLERANCE = 1e-6  # shares are typed as percentages; this is rounding, not a missing person
MIN_HOLDOUT_SHARE = 0.02  # smaller groups make the interval of the lift useless

# Names under which personal data are commonly kept. Anneal never asks for them.
PERSONAL = frozenset(
    {
        "address",
        "birthday",
        "credit_card",
        "date_of_birth",
        "device_id",
        "dob",
        "e_mail",
        "email",
        "email_address",
        "first_name",
        "full_name",
        "given_name",
        "home_address",
        "home_city",
        "iban",
        "ip_address",
        "last_coordinates",
        "last_name",
        "mail",
        "mobile",
        "name",
        "passport",
        "phone",
        "phone_number",
        "postcode",
        "push_tokens",
        "ssn",
        "street",
        "surname",
        "zip",
    }
)


def audience_problems(experiment: Experiment, catalogue: Catalogue | None) -> Iterator[Problem]:
    """Problems of the step Audience: segments, attributes, consent, groups, time zone."""
    yield from _segments(experiment, catalogue)
    yield from _attributes(experiment)
    yield from _groups(experiment)
    if experiment.zone not in _zone_names():
        yield Problem(
            Step.LAUNCH,
            msg("“{zone}” is not a time zone.", zone=experiment.zone),
            msg("Choose one such as Europe/Berlin or Asia/Seoul."),
        )


@cache
def _zone_names() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())  # walks through hundreds of files


def _segments(experiment: Experiment, catalogue: Catalogue | None) -> Iterator[Problem]:
    if not experiment.audience.segment_ids:
        yield Problem(
            Step.AUDIENCE, msg("Nobody is chosen yet."), msg("Choose at least one segment.")
        )
    for id in experiment.audience.segment_ids:
        if catalogue is not None and id not in catalogue.segments:
            yield Problem(
                Step.AUDIENCE,
                msg("A chosen segment no longer exists in Braze."),
                msg("Choose another one, or refresh the list. Its id was {id}.", id=id),
                about=id,
            )


def _attributes(experiment: Experiment) -> Iterator[Problem]:
    audience = experiment.audience
    for attribute in audience.attributes:
        if attribute.strip().casefold().replace(" ", "_").replace("-", "_") in PERSONAL:
            yield Problem(
                Step.AUDIENCE,
                msg(
                    "“{attribute}” is personal data, which Anneal does not ask for.",
                    attribute=attribute,
                ),
                msg("Take it out. Names, emails and phone numbers help no decision."),
                about=attribute,
            )
    consent = audience.sms_consent_attribute
    if not consent and _sends_sms(experiment):
        yield Problem(
            Step.AUDIENCE,
            msg("SMS needs consent, and nothing says who has given it."),
            msg("Name the yes/no attribute that holds SMS consent, or take SMS out."),
        )
    elif consent and consent not in audience.attributes:
        yield Problem(
            Step.AUDIENCE,
            msg(
                "“{attribute}” says who agreed to SMS, but is not an agreed attribute.",
                attribute=consent,
            ),
            msg("Add it to the agreed attributes, so that it is read."),
            about=consent,
        )


def _groups(experiment: Experiment) -> Iterator[Problem]:
    shares = experiment.groups
    total = shares.personalised + shares.random + shares.usual + shares.holdout
    if abs(total - 1) > SHARE_TOLERANCE:
        yield Problem(
            Step.AUDIENCE,
            msg("The four groups add up to {total}%, not to 100%.", total=round(100 * total, 2)),
            msg("Change the shares until they add up to 100%."),
        )
    if shares.personalised == 0:
        yield Problem(
            Step.AUDIENCE,
            msg("Nobody would get a personalised message."),
            msg("Give the personalised group a share, usually 80%."),
        )
    compared = PrimaryComparison(experiment.primary_comparison)
    against = shares.holdout if compared is PrimaryComparison.HOLDOUT else shares.usual
    if against == 0:
        yield Problem(
            Step.AUDIENCE,
            msg("The lift is measured against a group that has nobody in it."),
            msg("Give that group a share, or compare with the other one."),
        )
    elif against < MIN_HOLDOUT_SHARE:
        yield Problem(
            Step.AUDIENCE,
            msg("The group that the lift is measured against is very small."),
            msg(
                "Below {n}% the interval stays wide. 10% is usual.",
                n=round(100 * MIN_HOLDOUT_SHARE),
            ),
            blocking=False,
        )
    if shares.random == 0:
        yield Problem(
            Step.AUDIENCE,
            msg("Without a random group some findings are not possible."),
            msg("Give it 10%: it shows what works for whom without the system's own preferences."),
            blocking=False,
        )


def _sends_sms(experiment: Experiment) -> bool:
    offered = any(
        option.value == Channel.SMS
        for dimension in experiment.dimensions
        if dimension.kind is DimensionKind.CHANNEL
        for option in dimension.options
    )
    return offered or any(target.channel is Channel.SMS for target in experiment.targets)
