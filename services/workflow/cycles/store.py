"""Rows of the `cycles` table: what pages draw their progress from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from time import monotonic

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from services.clock import Clock
from services.database.engine import Database
from services.database.schema import cycles
from services.errors import ConsoleError
from services.intents.model import error_json
from services.workflow.model import Stage, StageRecord, StageState

PROGRESS_EVERY_S = 0.25  # a page looks twice a second; every write is a durable commit


class Progress:
    """Tells the `cycles` row of a stage how far the work has come."""

    def __init__(
        self, database: Database, clock: Clock, experiment_id: str, day: date, stage: Stage
    ) -> None:
        self._database = database
        self._clock = clock
        self._key = {"experiment_id": experiment_id, "day": day.isoformat(), "stage": stage.value}
        self.note: dict[str, object] = {}
        self._unwritten: dict[str, object] = {}
        self._written_at = -PROGRESS_EVERY_S

    def advance(self, n_done: int, n_total: int) -> None:
        """So many of so many are done. Written now and then, and with the stage's end."""
        self._unwritten = {"n_done": n_done, "n_total": n_total}
        if monotonic() - self._written_at >= PROGRESS_EVERY_S:
            self.write()

    def write(self, **values: object) -> None:
        """Set columns of the row, making it where it is missing."""
        values = {**self._unwritten, **values}
        self._unwritten, self._written_at = {}, monotonic()
        insert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        fresh = {"state": StageState.DOING.value, "n_done": 0, "n_total": 0, **self._key, **values}
        with self._database.write() as connection:
            connection.execute(
                insert(cycles)
                .values(**fresh)
                .on_conflict_do_update(index_elements=list(self._key), set_=values)
            )

    def now(self) -> float:
        """The present moment as the row keeps it, epoch seconds."""
        return self._clock.now().timestamp()


@contextmanager
def stage_of(
    database: Database, clock: Clock, experiment_id: str, day: date, stage: Stage
) -> Iterator[Progress]:
    """Record one stage: doing, then done with its note, or failed with what went wrong."""
    progress = Progress(database, clock, experiment_id, day, stage)
    progress.write(
        state=StageState.DOING.value, started_at=progress.now(), finished_at=None, error=None
    )
    try:
        yield progress
    except ConsoleError as problem:
        progress.write(
            state=StageState.FAILED.value,
            finished_at=progress.now(),
            error=error_json(problem),
        )
        raise
    progress.write(
        state=StageState.DONE.value, finished_at=progress.now(), note=dict(progress.note)
    )


def records(database: Database, experiment_id: str, day: date) -> dict[Stage, StageRecord]:
    """What is known of each stage of a day; stages that have not begun are waiting."""
    query = sa.select(cycles).where(
        cycles.c.experiment_id == experiment_id, cycles.c.day == day.isoformat()
    )
    found: dict[Stage, StageRecord] = {}
    with database.read() as connection:
        for row in connection.execute(query).mappings():
            found[Stage(row["stage"])] = _record(dict(row))
    waiting = StageState.WAITING
    return {s: found.get(s, StageRecord(s, waiting, 0, 0, None, None, {}, None)) for s in Stage}


def is_done(database: Database, experiment_id: str, day: date, stage: Stage) -> bool:
    """Whether the stage has been finished for that day."""
    return records(database, experiment_id, day)[stage].state is StageState.DONE


def last_day(database: Database, experiment_id: str, stage: Stage) -> date | None:
    """The last day for which the stage was finished, or None."""
    query = sa.select(sa.func.max(cycles.c.day)).where(
        cycles.c.experiment_id == experiment_id,
        cycles.c.stage == stage.value,
        cycles.c.state == StageState.DONE.value,
    )
    with database.read() as connection:
        found = connection.scalar(query)
    return date.fromisoformat(found) if found else None


def _record(row: Mapping[str, object]) -> StageRecord:
    return StageRecord(
        stage=Stage(str(row["stage"])),
        state=StageState(str(row["state"])),
        n_done=int(str(row["n_done"])),
        n_total=int(str(row["n_total"])),
        started_at=_moment(row["started_at"]),
        finished_at=_moment(row["finished_at"]),
        note=row["note"] if isinstance(row["note"], dict) else {},
        error=row["error"] if isinstance(row["error"], dict) else None,
    )


def _moment(seconds: object) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, float | int) else None
