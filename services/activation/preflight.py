"""The checks before the first message: what would go wrong, found while nothing has gone out yet.

What Braze shows is checked; what no endpoint shows (re-eligibility, caps, quiet hours) is ticked by
a named person. Every `block` stops the start; every `look` wants a glance (DECISIONS 3).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from services.activation import lease
from services.activation.findings.store import Findings, find
from services.activation.gates.store import content_of, target_name
from services.database.engine import Database
from services.experiment.braze_problems import braze_problems
from services.experiment.catalogue.model import Catalogue
from services.experiment.catalogue.store import load_catalogue
from services.experiment.model import Channel, Experiment, Target, TargetKind
from services.messages import Message, msg, msgn

HEARTBEAT_S = 60.0  # the worker beats every few seconds; a minute of silence is no hiccup
MIN_PEOPLE = 200  # below it no holdout of a tenth says anything within MAX_PLANNED_WEEKS
SENDS = {
    TargetKind.CAMPAIGN: "campaigns.trigger.send",
    TargetKind.CANVAS: "canvas.trigger.send",
    TargetKind.API_CAMPAIGN: "messages.send",
    TargetKind.PROFILE: "users.track",
}
_TRIGGERED = msg("Triggered by API, one message, no control group, right channel.")
_FIT = {
    TargetKind.CAMPAIGN: _TRIGGERED,
    TargetKind.CANVAS: _TRIGGERED,
    TargetKind.API_CAMPAIGN: msg("An API campaign with a message variation of the right channel."),
    TargetKind.PROFILE: msg("Custom attributes that are not Braze's own."),
}
ALWAYS_NEEDED = ("users.export.segment", "users.export.ids")
FINE = frozenset({"works", "probably"})


class CheckState(StrEnum):
    """What a check came to."""

    OK = "ok"
    LOOK = "look"
    BLOCK = "block"


@dataclass(frozen=True)
class Check:
    """One check: its finding as a sentence, and what to do where it is not OK.

    `tick` is True for what only a person can confirm; `about` names the target it is about.
    """

    key: str
    state: CheckState
    what: Message
    action: Message | None = None
    tick: bool = False
    about: str = ""


# Settings of Braze that no endpoint shows. A named person confirms each.
TICKS: dict[str, tuple[Message, Message]] = {
    "re_eligibility": (
        msg("Re-eligibility is on, with a window of about 20 hours."),
        msg("In Braze: the campaign's delivery step, “Allow users to become re-eligible”."),
    ),
    "frequency_cap": (
        msg("All targets carry one tag, capped at one message a day for that tag."),
        msg("In Braze: Settings, Frequency capping. It catches what we cannot see."),
    ),
    "subscribed_only": (
        msg("The campaigns go to subscribed or opted-in people only."),
        msg("In Braze: the campaign's target audience step."),
    ),
    "quiet_hours": (
        msg("Quiet hours in Braze leave the chosen hours free."),
        msg("In Braze: Settings, Quiet hours. A held message arrives at another hour."),
    ),
    "nobody_else": (
        msg("Nobody else sends with these campaigns."),
        msg("Otherwise a receipt could be of another sender's message."),
    ),
    "test_send": (
        msg("A test message arrived and looked right."),
        msg("Send one to yourself from this page."),
    ),
}


def preflight(
    database: Database,
    experiment: Experiment,
    *,
    ticked: Collection[str] = (),
    n_people: int | None = None,
) -> list[Check]:
    """All checks, those that block first; then the settings to confirm, always in the same order.

    ticked     keys of `TICKS` that a named person has confirmed for this version
    n_people   size of the audience where it is known, else the people assigned so far count
    """
    found = find(database, experiment.id)
    catalogue = load_catalogue(database)
    checks = [
        *_targets(experiment, catalogue),
        *_content(experiment, found),
        _configuration(experiment, found),
        *_permissions(experiment, found),
        _audience(found.n_assigned if n_people is None else n_people),
        *_sms_consent(experiment),
        _worker(found),
    ]
    order = (CheckState.BLOCK, CheckState.LOOK, CheckState.OK)
    in_order = sorted(checks, key=lambda check: order.index(check.state))
    return [*in_order, *_ticks(ticked)]  # a box must not move away under the finger that ticks it


def may_start(checks: Collection[Check]) -> bool:
    """Whether nothing blocks."""
    return not any(check.state is CheckState.BLOCK for check in checks)


def _targets(experiment: Experiment, catalogue: Catalogue | None) -> Iterator[Check]:
    if not experiment.targets:
        yield Check(
            "targets",
            CheckState.BLOCK,
            msg("No campaign or Canvas is chosen."),
            msg("Choose one under Templates."),
        )
    for target in _distinct(experiment):
        problems = list(
            braze_problems(target, None if catalogue is None else catalogue.details(target))
        )
        for problem in problems:
            state = CheckState.BLOCK if problem.blocking else CheckState.LOOK
            yield Check("target", state, problem.what, problem.hint, about=target.id)
        if not problems:
            yield Check("target", CheckState.OK, _FIT[target.kind], about=target.id)


def _content(experiment: Experiment, found: Findings) -> Iterator[Check]:
    for target in _distinct(experiment):
        if target.kind is TargetKind.PROFILE:
            continue  # attributes are values of options, which the configuration's approval covers
        subject = target_name(*content_of(target, target.kind, target.id))
        approved = found.approvals.get(("content", subject))
        now = found.digests.get(subject)
        if approved is not None and approved == now:
            what = msg("The content is the one that was approved.")
            yield Check("content", CheckState.OK, what, about=target.id)
        elif approved is None:
            yield Check(
                "content",
                CheckState.BLOCK,
                msg("The content has not been approved."),
                msg("Look at it under Templates and approve it."),
                about=target.id,
            )
        else:
            yield Check(
                "content",
                CheckState.BLOCK,
                msg("The content has changed in Braze since it was approved."),
                msg("Compare it under Templates and approve it again."),
                about=target.id,
            )


def _configuration(experiment: Experiment, found: Findings) -> Check:
    approved = found.approvals.get(("configuration", experiment.id))
    if approved == experiment.configuration_hash():
        return Check("configuration", CheckState.OK, msg("This configuration is approved."))
    return Check(
        "configuration",
        CheckState.LOOK,
        msg("This configuration is not approved yet."),
        msg("Starting approves it, or asks the second person where two are needed."),
    )


def _permissions(experiment: Experiment, found: Findings) -> Iterator[Check]:
    needed = [*ALWAYS_NEEDED, *sorted({SENDS[t.kind] for t in experiment.targets})]
    for name in needed:
        result = found.permissions.get(name)
        if result == "missing":
            yield Check(
                "permission",
                CheckState.BLOCK,
                msg("The key lacks the permission {name}.", name=name),
                msg("Keys cannot be changed in Braze: make a new one that has it."),
                about=name,
            )
        elif result not in FINE:
            yield Check(
                "permission",
                CheckState.LOOK,
                msg("The permission {name} has not been tried.", name=name),
                msg("Check the connection once."),
                about=name,
            )
    if all(found.permissions.get(name) in FINE for name in needed):
        yield Check("permission", CheckState.OK, msg("The key may do all that is needed."))


def _audience(n_people: int) -> Check:
    if n_people == 0:
        return Check(
            "audience",
            CheckState.BLOCK,
            msg("The audience is empty, or has not been read yet."),
            msg("Refresh the audience, or choose another segment."),
        )
    if n_people < MIN_PEOPLE:
        return Check(
            "audience",
            CheckState.LOOK,
            msgn(
                "There is only {n} person in the audience.",
                "There are only {n} people in the audience.",
                n_people,
            ),
            msg("So few can hardly show a difference. Choose a larger segment."),
        )
    return Check(
        "audience",
        CheckState.OK,
        msgn("{n} person is in the audience.", "{n} people are in the audience.", n_people),
    )


def _sms_consent(experiment: Experiment) -> Iterator[Check]:
    if not any(target.channel is Channel.SMS for target in experiment.targets):
        return
    if experiment.audience.sms_consent_attribute:
        yield Check("sms_consent", CheckState.OK, msg("Consent to SMS is read from an attribute."))
    else:
        yield Check(
            "sms_consent",
            CheckState.BLOCK,
            msg("Braze does not export consent to SMS, so nobody could be sent one."),
            msg("Name a yes-or-no attribute that says who agreed, under Audience."),
        )


def _worker(found: Findings) -> Check:
    if found.heartbeat_at is not None and lease.wall_s() - found.heartbeat_at <= HEARTBEAT_S:
        return Check("worker", CheckState.OK, msg("The worker is running."))
    return Check(
        "worker",
        CheckState.BLOCK,
        msg("The worker is not running, so nothing would be sent."),
        msg("Start it with: anneal worker."),
    )


def _ticks(ticked: Collection[str]) -> Iterator[Check]:
    for key, (what, where) in TICKS.items():
        state = CheckState.OK if key in ticked else CheckState.BLOCK
        yield Check(key, state, what, None if key in ticked else where, tick=True)


def _distinct(experiment: Experiment) -> list[Target]:
    return list({(t.kind, t.id): t for t in experiment.targets}.values())
