"""Before launch: one combination as a message to people inside, or to an address of one's own.

Both go out at once, outside experiment and ledger, and are on record before they do: Braze's own
counts are compared with the ledger and these together.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any

from services.activation.counts.store import TEST_SENT
from services.activation.delivering import BrazeSender
from services.activation.findings.store import find
from services.activation.looks.store import may_ask
from services.activation.model import Claim, Person, Reply
from services.activation.pausing import is_paused
from services.activation.switches.buckets import DEFAULT_SHARE
from services.bootstrap import Console, Workplace
from services.braze.permissions import Result
from services.braze.probes import probes
from services.braze.temporary import TemporaryProfile, create_temporary, temporary_id
from services.braze.users import export_by_ids
from services.errors import AccessError, BrazeError, DataError, ExperimentError, Rejected
from services.experiment.audit.store import record
from services.experiment.model import Channel, Experiment, Target
from services.experiment.properties import trigger_properties
from services.experiment.store import load_draft
from services.experiment.validation import complete
from services.intents.model import Intent
from services.intents.store import report_progress
from services.messages import Message, msg
from services.workflow.rehearsing import REHEARSAL_SALT
from services.workflow.test_profiles import (
    ADDRESS,
    forget_address,
    note_handed_over,
    note_profile,
)

MOST_TEST_PEOPLE = 50  # RELIABILITY T14: an explicit internal list, never an audience
MOST_ADDRESS_CHARS = 254  # RFC 5321, 4.5.3.1.3: a path of 256 with its brackets
VISIBLE_WITHIN_S = 45.0  # users/track is worked off within seconds as a rule; nothing else waits on
MAY_DELETE = "users.delete"
HOLDS = frozenset({Result.WORKS, Result.PROBABLY, Result.EXCESS})

_ADDRESS = re.compile(r"[^@\s<>\"',;]{1,64}@[^@\s<>\"',;]+\.[^@\s<>\"',;.]{2,}")


def test_send(place: Workplace, intent: Intent) -> Mapping[str, Any]:
    """Send one combination to customer ids of the marketer's own, or to an address.

    For an address a profile is made, which `test_profiles` deletes. Raises AccessError for a list
    that is empty or too long, while sending is paused and where the key may not delete;
    ExperimentError and DataError for what cannot be sent; BrazeError.
    """
    if ADDRESS in intent.payload:
        return _to_address(place, intent)
    ids = tuple(dict.fromkeys(str(i).strip() for i in intent.payload.get("external_ids", ())))
    ids = tuple(i for i in ids if i)
    if not 1 <= len(ids) <= MOST_TEST_PEOPLE:
        raise AccessError(
            msg("A test goes to 1 to {n} people of your own.", n=MOST_TEST_PEOPLE),
            hint=msg("Give their customer ids, one a line. Nothing was sent."),
        )
    _refuse_while_paused(place.console)
    experiment, combination, target = _asked(place.console, intent)
    _put_on_record(place.console, intent, target, combination, len(ids))
    reply = _send(place, experiment, combination, target, ids)
    return {"dispatch_id": reply.dispatch_id, "people": len(ids), "notice": reply.notice}


def is_address(text: str) -> bool:
    """Whether this can be an email address at all; Braze judges it in detail."""
    return len(text) <= MOST_ADDRESS_CHARS and _ADDRESS.fullmatch(text) is not None


def address_refused(
    console: Console, experiment: Experiment, combination: Mapping[str, str]
) -> Message | None:
    """Why this combination cannot go to an address, by what is known now; None where it can."""
    target = experiment.target_for(dict(combination))
    if target is not None and target.channel is not Channel.EMAIL:
        return msg("These options do not go out by email: test them with a customer ID.")
    if find(console.database, experiment.id).permissions.get(MAY_DELETE) not in HOLDS:
        return msg(
            "This needs a key with the permission users.delete, as the test profile is deleted "
            "afterwards. Connection shows what your key may do."
        )
    return None


def _to_address(place: Workplace, intent: Intent) -> Mapping[str, Any]:
    console = place.console
    address = str(intent.payload[ADDRESS]).strip()
    intent = forget_address(console.database, intent)
    _refuse_while_paused(console)
    experiment, combination, target = _asked(console, intent)
    if target.channel is not Channel.EMAIL:
        raise ExperimentError(
            msg("These options do not go out by email."),
            hint=msg("Test them with a customer ID of your own. Nothing was sent."),
        )
    if not is_address(address):
        raise DataError(
            msg("This is not an email address."),
            hint=msg("Look at it once more. Nothing was sent, and nothing was kept of it."),
        )
    _refuse_without_deleting(place)
    profile = temporary_id()
    intent = note_profile(console.database, intent, profile)
    report_progress(console.database, intent, 0.2, msg("A test profile is being made."))
    _make(place, profile, address)
    _wait_until_there(place, profile)
    _refuse_while_paused(console)
    _put_on_record(console, intent, target, combination, 1, profile=profile)
    note_handed_over(console.database, console.clock, intent)
    reply = _send(place, experiment, combination, target, (profile,))
    return {
        "dispatch_id": reply.dispatch_id,
        "people": 1,
        "notice": _without(address, reply.notice or "") or None,
    }


def _make(place: Workplace, profile: str, address: str) -> None:
    try:
        tracked = create_temporary(place.sending, [TemporaryProfile(profile, email=address)])
    except BrazeError as problem:
        if _without(address, str(problem)) == str(problem):
            raise
    else:
        if tracked.n_queued == 1 and not tracked.errors:
            return
    # Braze's own words may repeat the address, so they are not passed on.
    raise DataError(
        msg("Braze did not take the test profile."),
        hint=msg("It may not accept this address. Nothing was sent."),
    ) from None


def _wait_until_there(place: Workplace, profile: str) -> None:
    """Braze makes profiles in its own time, and sends to nobody it does not know yet."""
    console = place.console
    until = time.monotonic() + VISIBLE_WITHIN_S
    while True:
        now = console.clock.now().timestamp()
        held_until = may_ask(console.database, console.workspace, DEFAULT_SHARE, now)
        if held_until is None and export_by_ids(place.reading, [profile], ()).users:
            return
        if time.monotonic() + place.reading.poll_s > until:
            raise DataError(
                msg("Braze has not made the test profile within {n} s.", n=round(VISIBLE_WITHIN_S)),
                hint=msg("Nothing was sent, and it will be deleted. Try again in a few minutes."),
            )
        time.sleep(place.reading.poll_s)


def _refuse_without_deleting(place: Workplace) -> None:
    """What cannot be deleted afterwards is not made. Asks Braze with a harmless call."""
    try:
        probes(place.sending)[MAY_DELETE]()
    except Rejected as problem:
        if problem.status != 403:
            raise
        raise AccessError(
            msg("A test to an address needs a key with the permission users.delete."),
            hint=msg(
                "The test profile is deleted afterwards, which this key may not do. Nothing was "
                "sent. Test with a customer ID of your own instead."
            ),
        ) from problem


def _refuse_while_paused(console: Console) -> None:
    if is_paused(console.database, console.home):
        raise AccessError(
            msg("Sending is paused, and a test is a message too."),
            hint=msg("Resume first. Nothing was sent."),
        )


def _asked(console: Console, intent: Intent) -> tuple[Experiment, dict[str, str], Target]:
    id = str(intent.experiment_id)
    experiment = complete(load_draft(console.database, id).document, id, 1, REHEARSAL_SALT)
    combination = {str(k): str(v) for k, v in dict(intent.payload["combination"]).items()}
    target = experiment.target_for(combination)
    if target is None:
        raise ExperimentError(
            msg("This combination has no campaign or Canvas."),
            hint=msg("Choose one on Templates. Nothing was sent."),
        )
    return experiment, combination, target


def _put_on_record(
    console: Console,
    intent: Intent,
    target: Target,
    combination: Mapping[str, str],
    n_people: int,
    **more: str,
) -> None:
    detail = {"target": target.id, "people": n_people, "combination": dict(combination), **more}
    with console.database.write() as connection:
        record(
            connection,
            console.clock,
            intent.filed_by,
            TEST_SENT,
            str(intent.experiment_id),
            detail,
        )


def _send(
    place: Workplace,
    experiment: Experiment,
    combination: Mapping[str, str],
    target: Target,
    ids: tuple[str, ...],
) -> Reply:
    properties = trigger_properties(experiment, combination)
    now = place.console.clock.now()
    claim = Claim(
        workspace=place.console.workspace,
        experiment_id=experiment.id,
        day=now.date(),
        target_kind=target.kind,
        target_id=target.id,
        channel=target.channel,
        combination=combination,
        people=tuple(Person(0, i, properties) for i in ids),
        batch_id=None,
        fence=0,
        claimed_at=now.timestamp(),
        deadline_wall=0.0,
        deadline_boot=0.0,
    )
    sender = BrazeSender(place.sending, experiment)
    return sender.send(claim, lambda: _refuse_while_paused(place.console))


def _without(address: str, text: str) -> str:
    return re.sub(re.escape(address), "…", text, flags=re.IGNORECASE)
