"""The permission doctor: what the key may do, each permission tried with a harmless call.

Which call, and why it is harmless: `probes`. What a permission is for stands here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from services.braze.client import BrazeClient
from services.braze.endpoints import NEEDED, OTHERS
from services.braze.notes import AnswerNote, noting
from services.braze.probes import Probe, probes
from services.braze.wire import ADDRESS_REFUSED
from services.errors import BrazeError, NeverConnected, Rejected
from services.messages import Message, msg


class Result(StrEnum):
    """What a try says about one permission."""

    WORKS = "works"
    PROBABLY = "probably"
    MISSING = "missing"
    EXCESS = "excess"
    NOT_TRIED = "not_tried"


@dataclass(frozen=True)
class PermissionResult:
    """One permission: what came of the try, the step that needs it, and what Braze said.

    Of an excess one, `step` is what to do about it. `answer` is the note of the try's last answer.
    """

    name: str
    result: Result
    step: Message
    detail: Message | None = None
    answer: AnswerNote | None = None


STEPS: Mapping[str, Message] = {
    "users.export.ids": msg(
        "Settling doubtful messages, and outcomes of people who left the segment"
    ),
    "users.export.segment": msg("Reading the audience every day"),
    "users.track": msg("Writing recommendations to custom attributes"),
    "messages.send": msg("Sending through an API campaign"),
    "campaigns.trigger.send": msg("Sending through a campaign"),
    "campaigns.list": msg("Choosing a campaign"),
    "campaigns.data_series": msg("Braze's own numbers of a campaign in the report"),
    "campaigns.details": msg("Previewing and locking the content of a campaign"),
    "canvas.trigger.send": msg("Sending through a Canvas"),
    "canvas.list": msg("Choosing a Canvas"),
    "canvas.data_series": msg("Braze's own numbers of a Canvas in the report"),
    "canvas.details": msg("Previewing and locking the content of a Canvas"),
    "segments.list": msg("Choosing the audience"),
    "segments.data_series": msg("Size of a segment over time"),
    "segments.details": msg("Showing what a segment is made of"),
    "templates.email.create": msg("Copying a template with placeholders"),
    "templates.email.update": msg("Changing such a copy"),
    "templates.email.info": msg("Previewing an email template"),
    "templates.email.list": msg("Choosing an email template"),
}
_SCHEDULES = msg("Anneal sends at the hour itself and schedules nothing in Braze. Leave it out.")
_NUMBERS = msg("Anneal shows none of these numbers. Leave it out.")
_SEND_IDS = msg("Anneal groups sends by itself and uses no send ids. Leave it out.")
ADVICE: Mapping[str, Message] = {
    "users.delete": msg(
        "Anneal deletes only test profiles of its own, after a test to an email address. Leave "
        "this permission out if you do without such tests."
    ),
    "users.export.global_control_group": msg(
        "Anneal never reads the global control group. Leave it out."
    ),
    "campaigns.trigger.schedule.create": _SCHEDULES,
    "campaigns.trigger.schedule.update": _SCHEDULES,
    "campaigns.trigger.schedule.delete": _SCHEDULES,
    "canvas.trigger.schedule.create": _SCHEDULES,
    "canvas.trigger.schedule.update": _SCHEDULES,
    "canvas.trigger.schedule.delete": _SCHEDULES,
    "canvas.data_summary": _NUMBERS,
    "sends.id.create": _SEND_IDS,
    "sends.data_series": _SEND_IDS,
    "kpi.new_users.data_series": _NUMBERS,
    "kpi.dau.data_series": _NUMBERS,
    "kpi.mau.data_series": _NUMBERS,
    "kpi.uninstalls.data_series": _NUMBERS,
}
# What the sending key is for where there are two; all else is the reading key's.
SENDING = frozenset(
    {
        "users.track",
        "messages.send",
        "campaigns.trigger.send",
        "canvas.trigger.send",
        "templates.email.create",
        "templates.email.update",
    }
)
ON_READING_KEY, ON_SENDING_KEY = msg("The reading key holds it."), msg("The sending key holds it.")
REFUSED_OTHERWISE = msg(
    "Probably: Braze refused the empty call for another reason than the permission."
)


def check_permissions(
    client: BrazeClient, send_client: BrazeClient | None = None
) -> list[PermissionResult]:
    """Try the nineteen permissions, then those a key should not have.

    The nineteen are always in the result, each with one of works, probably, missing and not_tried;
    of the others those the key holds (excess), and those about which nothing could be learnt
    (not_tried).

    `send_client` is the client with the sending key where two keys are used: a permission then
    counts where the key that uses it has it, and each key is asked for what it should not have.

    Raises Rejected where Braze does not know the key or does not accept it from this machine,
    NeverConnected where nothing answers: then nothing is known about any permission.
    """
    two_keys = send_client is not None and not client.shares_key_with(send_client)
    reading = probes(client)
    sending = probes(send_client) if send_client is not None and two_keys else reading
    found = [
        _needed(name, (sending if name in SENDING else reading)[name]) for name in NEEDED.values()
    ]
    for name in OTHERS.values():
        found += _unneeded(name, reading[name], ON_READING_KEY if two_keys else None) or (
            _unneeded(name, sending[name], ON_SENDING_KEY) if two_keys else []
        )
    return found


def _needed(name: str, probe: Probe) -> PermissionResult:
    step = STEPS[name]
    with noting() as notes:
        try:
            result, detail = (Result.WORKS, None) if probe() else (Result.PROBABLY, None)
        except BrazeError as problem:
            _raise_if_useless(problem)
            result, detail = Result.NOT_TRIED, problem.what
            if isinstance(problem, Rejected) and problem.status == 403:
                result = Result.MISSING
    return PermissionResult(name, result, step, detail, notes[-1] if notes else None)


def _unneeded(name: str, probe: Probe, whose: Message | None) -> list[PermissionResult]:
    """Empty where the key does not hold it."""
    with noting() as notes:
        try:
            result, detail = Result.EXCESS, whose if probe() else whose or REFUSED_OTHERWISE
        except Rejected as problem:
            _raise_if_useless(problem)
            return []
        except BrazeError as problem:
            _raise_if_useless(problem)
            result, detail = Result.NOT_TRIED, problem.what
    return [PermissionResult(name, result, ADVICE[name], detail, notes[-1] if notes else None)]


def _raise_if_useless(problem: BrazeError) -> None:
    """Raise what would be the answer to every other call as well."""
    if isinstance(problem, NeverConnected):
        raise problem
    if isinstance(problem, Rejected) and (problem.status == 401 or problem.what == ADDRESS_REFUSED):
        raise problem
