"""The table of intents: filed once, taken by one worker, finished or failed.

`started_at` grows with every take and is the fence: a worker that was given up for dead and comes
back can no longer write to an intent that somebody else has taken since.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from services.clock import Clock
from services.database.engine import Database
from services.database.schema import intents
from services.errors import ConsoleError, DataError
from services.intents.model import (
    SAFE_TO_REPEAT,
    URGENT,
    Intent,
    IntentKind,
    IntentState,
    error_from,
    error_json,
    message_from,
    message_json,
)
from services.messages import Message, msg

FENCE_STEP_S = 0.001  # added where two takes fall on the same moment of a standing clock
MAX_KEY_LENGTH = 200


@dataclass(frozen=True)
class Abandoned:
    """What became of the intents that a dead worker left half done."""

    n_restarted: int
    n_failed: int


def file_intent(
    database: Database,
    clock: Clock,
    kind: IntentKind | str,
    key: str,
    payload: Mapping[str, Any],
    by: str,
    experiment_id: str | None = None,
) -> Intent:
    """Ask the worker for something. The same `key` is the same row, however often it is filed.

    `payload` is JSON. A click handler may run twice: put into `key` what makes the wish one wish
    (the draft's revision, the minute), and the second run changes nothing.

    Raises DataError for a kind nobody knows or a key that is empty or too long.
    """
    try:
        kind = IntentKind(kind)
    except ValueError:
        raise DataError(msg("Nobody knows how to do “{kind}”.", kind=kind)) from None
    if not key or len(key) > MAX_KEY_LENGTH:
        raise DataError(msg("A request needs a key of 1 to {n} characters.", n=MAX_KEY_LENGTH))
    with database.write() as connection:
        row = connection.execute(sa.select(intents).where(intents.c.key == key)).mappings().first()
        if row is not None:
            return _intent(row)
        values = {
            "id": str(uuid.uuid4()),
            "key": key,
            "kind": kind.value,
            "experiment_id": experiment_id,
            "payload": dict(payload),
            "state": IntentState.WAITING.value,
            "filed_by": by,
            "filed_at": clock.now().timestamp(),
        }
        connection.execute(intents.insert().values(values))
        return _intent(values)


def take_next(
    database: Database, clock: Clock, *, kinds: Collection[IntentKind] | None = None
) -> Intent | None:
    """Take the next waiting intent for this worker, or None. What stops messages comes first.

    Two workers never get the same one: the row is chosen and marked in one write transaction.
    """
    urgent_first = sa.case(
        *((intents.c.kind == kind.value, rank) for rank, kind in enumerate(URGENT)),
        else_=len(URGENT),
    )
    query = (
        sa.select(intents)
        .where(intents.c.state == IntentState.WAITING.value)
        .order_by(urgent_first, intents.c.filed_at, intents.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)  # PostgreSQL; SQLite holds the whole file already
    )
    if kinds is not None:
        query = query.where(intents.c.kind.in_([kind.value for kind in kinds]))
    with database.write() as connection:
        row = connection.execute(query).mappings().first()
        if row is None:
            return None
        previous = row["started_at"]
        started = clock.now().timestamp()
        if previous is not None:
            started = max(started, previous + FENCE_STEP_S)
        change = {"state": IntentState.DOING.value, "started_at": started, "progress": None}
        connection.execute(intents.update().where(intents.c.id == row["id"]).values(change))
        return _intent({**row, **change})


def report_progress(
    database: Database, intent: Intent, progress: float | None, note: Message | None = None
) -> bool:
    """Say how far it is, 0 to 1. False where the intent is no longer this worker's: stop then."""
    change: dict[str, Any] = {
        "progress": None if progress is None else min(max(progress, 0.0), 1.0),
        "note": None if note is None else message_json(note),
    }
    return _change(database, intent, change)


def finish(
    database: Database, clock: Clock, intent: Intent, result: Mapping[str, Any] | None = None
) -> bool:
    """Mark as done, with a JSON result. False where another worker has taken it since."""
    return _change(
        database,
        intent,
        {
            "state": IntentState.DONE.value,
            "progress": 1.0,
            "result": None if result is None else dict(result),
            "finished_at": clock.now().timestamp(),
        },
    )


def fail(database: Database, clock: Clock, intent: Intent, error: ConsoleError) -> bool:
    """Mark as failed, with the error as the page shows it. False where it is another worker's."""
    return _change(
        database,
        intent,
        {
            "state": IntentState.FAILED.value,
            "error": error_json(error),
            "finished_at": clock.now().timestamp(),
        },
    )


def rewrite(
    database: Database,
    intent: Intent,
    payload: Mapping[str, Any],
    *,
    result: Mapping[str, Any] | None = None,
) -> bool:
    """Keep `payload` instead of what was asked for, and `result` instead of what came of it.

    For what must not stay in the table once it has been read, and for what follows a finished
    intent. False where it no longer stands where `intent` says, as when another worker has it.
    """
    change: dict[str, Any] = {"payload": dict(payload)}
    if result is not None:
        change["result"] = dict(result)
    mine = (
        (intents.c.id == intent.id)
        & (intents.c.state == intent.state.value)
        & (intents.c.started_at == intent.fence)
    )
    with database.write() as connection:
        return connection.execute(intents.update().where(mine).values(change)).rowcount == 1


def restart_abandoned(database: Database, clock: Clock) -> Abandoned:
    """Deal with what a dead worker left 'doing': repeat what is safe to repeat, fail the rest.

    Called once when the worker starts and holds the worker's lock: nobody else is doing anything.
    """
    lost = error_json(
        ConsoleError(
            msg("Anneal stopped while it was doing this, so it may be half done."),
            hint=msg("Nothing is repeated by itself. Look at the page, then ask again."),
        )
    )
    doing = intents.c.state == IntentState.DOING.value
    safe = intents.c.kind.in_([kind.value for kind in SAFE_TO_REPEAT])
    with database.write() as connection:
        restarted = connection.execute(
            intents.update()
            .where(doing, safe)
            .values(state=IntentState.WAITING.value, progress=None, note=None)
        )
        failed = connection.execute(
            intents.update()
            .where(doing, sa.not_(safe))
            .values(state=IntentState.FAILED.value, error=lost, finished_at=clock.now().timestamp())
        )
        return Abandoned(restarted.rowcount, failed.rowcount)


def find(database: Database, *, id: str | None = None, key: str | None = None) -> Intent | None:
    """One intent by its id or its key, or None."""
    wanted = intents.c.id == id if id is not None else intents.c.key == key
    with database.read() as connection:
        row = connection.execute(sa.select(intents).where(wanted)).mappings().first()
        return None if row is None else _intent(row)


def latest(
    database: Database, kind: IntentKind | str, *, experiment_id: str | None = None
) -> Intent | None:
    """The intent of this kind that was filed last (for one experiment, where given), or None."""
    query = (
        sa.select(intents)
        .where(intents.c.kind == str(kind))
        .order_by(intents.c.filed_at.desc(), intents.c.id.desc())
        .limit(1)
    )
    if experiment_id is not None:
        query = query.where(intents.c.experiment_id == experiment_id)
    with database.read() as connection:
        row = connection.execute(query).mappings().first()
        return None if row is None else _intent(row)


def all_of(database: Database, kind: IntentKind) -> list[Intent]:
    """Every intent of one kind, whatever became of it, oldest first."""
    query = sa.select(intents).where(intents.c.kind == kind.value).order_by(intents.c.filed_at)
    with database.read() as connection:
        return [_intent(row) for row in connection.execute(query).mappings()]


def open_intents(database: Database, *, experiment_id: str | None = None) -> list[Intent]:
    """Everything that waits or is being done, oldest first."""
    states = (IntentState.WAITING.value, IntentState.DOING.value)
    query = sa.select(intents).where(intents.c.state.in_(states))
    if experiment_id is not None:
        query = query.where(intents.c.experiment_id == experiment_id)
    with database.read() as connection:
        rows = connection.execute(query.order_by(intents.c.filed_at, intents.c.id)).mappings()
        return [_intent(row) for row in rows]


def _change(database: Database, intent: Intent, change: Mapping[str, Any]) -> bool:
    mine = (
        (intents.c.id == intent.id)
        & (intents.c.state == IntentState.DOING.value)
        & (intents.c.started_at == intent.fence)
    )
    with database.write() as connection:
        return connection.execute(intents.update().where(mine).values(change)).rowcount == 1


def _intent(row: Mapping[str, Any] | sa.RowMapping) -> Intent:
    return Intent(
        id=row["id"],
        key=row["key"],
        kind=IntentKind(row["kind"]),
        state=IntentState(row["state"]),
        filed_by=row["filed_by"],
        filed_at=datetime.fromtimestamp(row["filed_at"], UTC),
        experiment_id=row["experiment_id"],
        payload=row["payload"],
        progress=row.get("progress"),
        note=message_from(row.get("note")),
        result=row.get("result"),
        error=error_from(row.get("error")),
        started_at=_moment(row.get("started_at")),
        finished_at=_moment(row.get("finished_at")),
        fence=row.get("started_at"),
    )


def _moment(epoch_s: float | None) -> datetime | None:
    return None if epoch_s is None else datetime.fromtimestamp(epoch_s, UTC)
