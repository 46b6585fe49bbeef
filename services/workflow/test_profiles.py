"""Test profiles: noted before they are made, and deleted for certain, whatever happens.

The note is the intent that asked for the test: first the address leaves it, then the profile's id
enters it, and only then is the profile made. A worker that dies in between leaves the id to the
next one. The note goes once Braze says that it knows no such profile.

    made             deleted at once, as nothing went out
    handed over      deleted once Braze shows the message as sent, or an hour later
    deleted          asked for five minutes later; deleted again where it is still there
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import structlog

from services.activation.pausing import ITSELF
from services.bootstrap import Workplace
from services.braze.profiles import RECEIVED_FIELDS
from services.braze.temporary import delete_users, is_temporary
from services.braze.users import export_by_ids
from services.clock import Clock
from services.database.engine import Database
from services.errors import ConflictError
from services.experiment.audit.store import record
from services.intents.model import Intent, IntentKind
from services.intents.store import all_of, rewrite
from services.messages import msg

ADDRESS = "email"  # of the payload as the page files it, until the worker takes it up
PROFILE, HANDED_OVER_AT, DELETED_AT, GONE = "profile", "handed_over_at", "deleted_at", "gone"
RECEIVED = "received"  # of the result
DELETE_AFTER_S = 3_600.0  # without a receipt: a message that has not left by then never will
ASK_AGAIN_AFTER_S = 300.0  # Braze docs advise five minutes between calls that build on each other
LOOK_EVERY_S = 30.0
log = structlog.get_logger()


class TestProfiles:
    """Looks after them twice a minute, for as long as there are any."""

    __test__ = False  # not what its name may tell a test runner

    def __init__(self, place: Workplace) -> None:
        self._place = place
        self._look_at = float("-inf")

    def look(self) -> None:
        """Look where it is time. Raises BrazeError: the notes stay."""
        if time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + LOOK_EVERY_S
        clear_up(self._place)


def forget_address(database: Database, intent: Intent) -> Intent:
    """Take the address out of the request. Raises ConflictError where it is another worker's."""
    return _rewritten(database, intent, {k: v for k, v in intent.payload.items() if k != ADDRESS})


def note_profile(database: Database, intent: Intent, external_id: str) -> Intent:
    """Note, durably, a profile that is about to be made. Raises as `forget_address`."""
    return _rewritten(database, intent, {**intent.payload, PROFILE: external_id})


def note_handed_over(database: Database, clock: Clock, intent: Intent) -> Intent:
    """Note that the message may go out from now on. Raises as `forget_address`."""
    now = clock.now().timestamp()
    return _rewritten(database, intent, {**intent.payload, HANDED_OVER_AT: now})


def clear_up(place: Workplace) -> int:
    """Delete what is no longer needed; how many notes could be closed. Raises BrazeError."""
    n_gone = 0
    for intent in all_of(place.console.database, IntentKind.TEST_SEND):
        if intent.is_open:
            continue
        if ADDRESS in intent.payload:  # its worker died before it could read it
            intent = forget_address(place.console.database, intent)
        if is_temporary(str(intent.payload.get(PROFILE))):
            n_gone += _see_to(place, intent)
    return n_gone


def _see_to(place: Workplace, intent: Intent) -> bool:
    console, profile = place.console, str(intent.payload[PROFILE])
    now = console.clock.now().timestamp()
    deleted_at = intent.payload.get(DELETED_AT)
    if deleted_at is not None and now - float(deleted_at) < ASK_AGAIN_AFTER_S:
        return False
    users = export_by_ids(place.reading, [profile], RECEIVED_FIELDS).users
    if deleted_at is not None and not users:
        _close(place, intent, profile)
        return True
    result = dict(intent.result or {})
    handed_over_at = intent.payload.get(HANDED_OVER_AT)
    if any(_has_received(user) for user in users) and not result.get(RECEIVED):
        result[RECEIVED] = True  # kept before the profile goes, which alone could say so
        rewrite(console.database, intent, intent.payload, result=result)
    waits = handed_over_at is not None and now - float(handed_over_at) < DELETE_AFTER_S
    if users and waits and deleted_at is None and not result.get(RECEIVED):
        return False
    delete_users(place.sending, [profile])
    if handed_over_at is not None:
        result.setdefault(RECEIVED, False)
    rewrite(console.database, intent, {**intent.payload, DELETED_AT: now}, result=result)
    return False


def _close(place: Workplace, intent: Intent, profile: str) -> None:
    console = place.console
    kept = {k: v for k, v in intent.payload.items() if k not in (PROFILE, DELETED_AT)}
    rewrite(console.database, intent, {**kept, GONE: True})
    with console.database.write() as connection:
        record(
            connection,
            console.clock,
            ITSELF,
            "test.profile_deleted",
            str(intent.experiment_id),
            {"profile": profile},
        )
    log.info("test profile deleted", profile=profile)


def _has_received(user: Mapping[str, Any]) -> bool:
    """Whether a message has left for this profile. Entering a Canvas is not enough."""
    return any(
        isinstance(entry, Mapping) and entry.get(moment) and not entry.get("in_control")
        for shelf, moment in (
            ("campaigns_received", "last_received"),
            ("canvases_received", "last_received_message"),
        )
        for entry in _entries(user.get(shelf))
    )


def _entries(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _rewritten(database: Database, intent: Intent, payload: Mapping[str, Any]) -> Intent:
    if not rewrite(database, intent, payload):
        raise ConflictError(
            msg("Another worker has taken this over."),
            hint=msg("Nothing was sent here. Look at the page again."),
        )
    return replace(intent, payload=dict(payload))
