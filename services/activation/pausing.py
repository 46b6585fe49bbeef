"""Stop and go: a flag in the database, a STOP file in the home, or ANNEAL_PAUSE. Any one pauses.

What cannot be read counts as paused (RELIABILITY 2.5). Only a person resumes, and says why.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from services.activation.switches import store
from services.activation.switches.store import EVERYTHING, Pause
from services.clock import Clock
from services.database.engine import Database
from services.errors import AccessError, SetupError
from services.experiment.audit.store import record
from services.messages import Message, msg

STOP_FILE = "STOP"
VARIABLE = "ANNEAL_PAUSE"
NOT_PAUSED = frozenset({"", "0", "no", "false", "off"})
ITSELF = "anneal"  # who pauses when a breaker opens


@dataclass(frozen=True)
class PauseState:
    """Whether sending is paused, and every reason. `readable` is False where that is assumed."""

    paused: bool
    readable: bool
    why: tuple[Message, ...]
    pauses: tuple[Pause, ...] = ()


def pause(
    database: Database,
    clock: Clock,
    scope: str = EVERYTHING,
    *,
    by: str,
    reason: str,
    automatic: bool = False,
) -> None:
    """Pause everything ('*'), one experiment (its id) or one target ('campaign:<id>').

    From the commit on nothing new is begun; a request under way is finished and recorded.
    """
    with database.write() as connection:
        store.set_pause(
            connection,
            scope,
            True,
            by=by,
            reason=reason,
            at=clock.now().timestamp(),
            automatic=automatic,
        )
        record(connection, clock, by, "sending.paused", scope, {"reason": reason})


def resume(
    database: Database, clock: Clock, scope: str = EVERYTHING, *, by: str, reason: str
) -> None:
    """Let one scope go on. Resuming everything also closes the breaker.

    Raises AccessError without a person or a reason. A STOP file or ANNEAL_PAUSE still holds.
    """
    if not by.strip() or by == ITSELF or not reason.strip():
        raise AccessError(
            msg("Sending stays paused: resuming needs a person and a reason."),
            hint=msg("Say in a few words what was wrong and why it is safe to go on."),
        )
    with database.write() as connection:
        store.set_pause(connection, scope, False, by=by, reason=reason, at=clock.now().timestamp())
        if scope == EVERYTHING:
            store.close_breakers(connection)
        record(connection, clock, by, "sending.resumed", scope, {"reason": reason})


def is_paused(database: Database, home: Path, scope: str = EVERYTHING) -> bool:
    """Whether nothing may be sent for this scope (everything paused counts for each scope)."""
    return pause_state(database, home, (scope,)).paused


def pause_state(database: Database, home: Path, scopes: Sequence[str] = ()) -> PauseState:
    """Whether sending is paused for any of these scopes or altogether, and why."""
    outside = paused_outside(home)
    try:
        with database.read() as connection:
            found = tuple(store.pauses(connection, (EVERYTHING, *scopes)))
    except Exception:  # whatever it is: a switch that cannot be read is off
        return PauseState(True, False, (*outside.why, _UNREADABLE_FLAG))
    why = (*outside.why, *(_said(p) for p in found))
    return PauseState(bool(why), outside.readable, why, found)


def paused_outside(home: Path, environment: Mapping[str, str] | None = None) -> PauseState:
    """The two switches that work without the database: STOP file and environment."""
    why: list[Message] = []
    readable = True
    value = (os.environ if environment is None else environment).get(VARIABLE, "")
    if value.strip().lower() not in NOT_PAUSED:
        why.append(msg("{name} is set in the environment of the worker.", name=VARIABLE))
    try:
        os.stat(home)
        os.stat(home / STOP_FILE)
        why.append(msg("There is a file named {name} in the home folder.", name=STOP_FILE))
    except FileNotFoundError as missing:
        if str(missing.filename) != str(home / STOP_FILE):
            readable = False
            why.append(msg("The home folder cannot be read, so sending is paused."))
    except OSError:
        readable = False
        why.append(msg("The home folder cannot be read, so sending is paused."))
    return PauseState(bool(why), readable, tuple(why))


def stop_file(home: Path, on: bool) -> None:
    """Make or remove the STOP file: the switch that needs no database. Raises SetupError."""
    path = home / STOP_FILE
    try:
        if on:
            path.touch()
        else:
            path.unlink(missing_ok=True)
    except OSError as problem:
        raise SetupError(
            msg("The file {name} cannot be changed.", name=STOP_FILE),
            hint=msg("Check who may write to the home folder."),
        ) from problem


_UNREADABLE_FLAG = msg("The pause switch in the database cannot be read, so sending is paused.")


def _said(found: Pause) -> Message:
    if found.automatic:
        return msg("Stopped by itself: {reason}", reason=found.reason)
    return msg("Paused by {by}: {reason}", by=found.by, reason=found.reason)
