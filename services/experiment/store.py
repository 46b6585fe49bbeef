"""The tables of experiments: drafts that several people edit, and versions that never change.

Every change writes its audit row in the same transaction.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa

from services.clock import Clock
from services.database import schema
from services.database.engine import Database
from services.errors import ConflictError, DataError, ExperimentError
from services.experiment.audit.store import record
from services.experiment.drafts import ECHO_PREFIX, Document, plain_document
from services.experiment.model import Experiment, Status
from services.experiment.records import Draft, DraftConflict, ExperimentRow
from services.experiment.status import LAUNCHED, check_transition
from services.experiment.use_cases import starting_document
from services.experiment.validation import complete
from services.intents.model import message_json
from services.messages import Message, msg

SALT_BYTES = 16
MAX_NAME_LENGTH = 120  # of the column; the draft itself keeps the whole name


def create_draft(
    database: Database,
    clock: Clock,
    *,
    by: str,
    use_case: str = "custom",
    document: Mapping[str, Any] | None = None,
) -> str:
    """Make an experiment with a first draft and return its id, a UUID.

    Starts from `document` where given, else from the use case's starting point ("custom" = from
    nothing). Raises ExperimentError for an unknown use case.
    """
    started = starting_document(use_case) if document is None else plain_document(document)
    started["use_case"] = str(started.get("use_case") or use_case)
    id = str(uuid.uuid4())
    now = clock.now().timestamp()
    with database.write() as connection:
        connection.execute(
            schema.experiments.insert().values(
                id=id,
                use_case=started["use_case"],
                status=Status.DRAFT.value,
                created_by=by,
                created_at=now,
                **_read_off(started),
            )
        )
        connection.execute(
            schema.drafts.insert().values(
                experiment_id=id, revision=1, document=started, updated_by=by, updated_at=now
            )
        )
        record(connection, clock, by, "draft.created", id, {"use_case": started["use_case"]})
    return id


def save_draft(
    database: Database,
    clock: Clock,
    id: str,
    document: Mapping[str, Any],
    *,
    expected_revision: int,
    by: str,
    step: str | None = None,
) -> int:
    """Save a draft and return its new revision. An unchanged draft keeps its revision.

    Keys that start with an underscore are the pages' own and are kept too. Once the draft names a
    segment, the worker exports the audience every day ("watched").

    Raises DraftConflict where the draft is no longer at `expected_revision`, ConflictError where
    the experiment is no longer a draft.
    """
    echo = {name: value for name, value in document.items() if name.startswith(ECHO_PREFIX)}
    kept = plain_document(document) | echo
    with database.write() as connection:
        if _experiment_row(connection, id).status is not Status.DRAFT:
            raise ConflictError(
                msg("This experiment is no longer a draft, so it was not changed."),
                hint=msg("Make a copy of it to try something else."),
            )
        draft = _draft(connection, id)
        if draft.revision != expected_revision:
            raise DraftConflict(draft.document, draft.revision, draft.updated_by)
        step = step or draft.step
        if kept == draft.document and step == draft.step:
            return draft.revision
        revision = draft.revision + 1
        connection.execute(
            schema.drafts.update()
            .where(schema.drafts.c.experiment_id == id)
            .values(
                revision=revision,
                document=kept,
                step=step,
                updated_by=by,
                updated_at=clock.now().timestamp(),
            )
        )
        _update(connection, id, **_read_off(kept))
        parts = sorted(
            k for k in kept.keys() | draft.document if kept.get(k) != draft.document.get(k)
        )
        record(connection, clock, by, "draft.saved", id, {"revision": revision, "parts": parts})
        return revision


def load_draft(database: Database, id: str) -> Draft:
    """The draft as last saved. Raises ExperimentError where there is none."""
    with database.read() as connection:
        return _draft(connection, id)


def freeze(database: Database, clock: Clock, id: str, by: str) -> Experiment:
    """Make the draft a new immutable version and return it.

    The salt is made with the first version and kept by all later ones. A draft that says the same
    as the newest version makes no new one.

    Raises ExperimentError where the draft is incomplete, ConflictError after launch.
    """
    with database.write() as connection:
        row = _experiment_row(connection, id)
        if row.status in LAUNCHED:
            raise ConflictError(
                msg("This experiment has started: its configuration can no longer change."),
                hint=msg("Make a copy of it to try something else."),
            )
        draft = _draft(connection, id)
        newest = None if row.version is None else _version(connection, id, row.version)
        salt = secrets.token_hex(SALT_BYTES) if newest is None else newest.salt
        version = 1 if newest is None else newest.version + 1
        experiment = complete(draft.document, id, version, salt)
        if newest is not None and experiment == newest.model_copy(update={"version": version}):
            return newest
        digest = experiment.configuration_hash()
        connection.execute(
            schema.experiment_versions.insert().values(
                experiment_id=id,
                version=version,
                document=experiment.canonical_json(),
                hash=digest,
                created_by=by,
                created_at=clock.now().timestamp(),
            )
        )
        _update(connection, id, version=version, hash=digest, name=experiment.name)
        record(connection, clock, by, "version.made", id, {"version": version, "hash": digest})
        return experiment


def load_version(database: Database, id: str, version: int | None = None) -> Experiment:
    """One version (default: the newest).

    Raises ExperimentError where there is none, DataError where the stored document no longer has
    the hash that approvals and decisions refer to.
    """
    with database.read() as connection:
        return _version(connection, id, version)


def experiments(database: Database) -> list[ExperimentRow]:
    """All experiments, the newest first."""
    table = schema.experiments
    query = sa.select(table).order_by(table.c.created_at.desc(), table.c.id)
    with database.read() as connection:
        return [ExperimentRow.of(row) for row in connection.execute(query).mappings()]


def experiment_row(database: Database, id: str) -> ExperimentRow:
    """Where one experiment stands. Raises ExperimentError where there is no such experiment."""
    with database.read() as connection:
        return _experiment_row(connection, id)


def set_status(
    database: Database,
    clock: Clock,
    id: str,
    status: Status,
    *,
    by: str,
    reason: Message | None = None,
    first_day: date | None = None,
) -> ExperimentRow:
    """Move an experiment to `status` and return its row. Already there: nothing changes.

    `reason` is shown beside the status. The first time it runs, the moment of launch is kept, and
    `first_day` (the first decision day, in the experiment's zone) with it.

    Raises ConflictError for a move that is not possible, ExperimentError where it should run but
    no version has been made.
    """
    with database.write() as connection:
        row = _experiment_row(connection, id)
        if row.status is status:
            return row
        check_transition(row.status, status)
        if status is not Status.DRAFT and row.version is None:
            raise ExperimentError(
                msg("This experiment has no finished version yet, so it cannot go on."),
                hint=msg("Nothing was changed. Finish the draft, then start it."),
            )
        now = clock.now().timestamp()
        change: dict[str, Any] = {
            "status": status.value,
            "status_reason": None if reason is None else message_json(reason),
        }
        if status is Status.RUNNING and row.launched_at is None:
            change["launched_at"] = now
            change["first_day"] = None if first_day is None else first_day.isoformat()
        if status is Status.ENDED:
            change["ended_at"] = now
        _update(connection, id, **change)
        detail = {"from": row.status.value, "to": status.value, "reason": change["status_reason"]}
        record(connection, clock, by, "status.changed", id, detail)
        return _experiment_row(connection, id)


def set_watched(database: Database, clock: Clock, id: str, watched: bool, *, by: str) -> None:
    """Switch the daily export of the audience on or off."""
    with database.write() as connection:
        if _experiment_row(connection, id).watched != watched:
            _update(connection, id, watched=watched)
            record(connection, clock, by, "watched.changed", id, {"watched": watched})


def _update(connection: sa.Connection, id: str, **change: Any) -> None:
    table = schema.experiments
    connection.execute(table.update().where(table.c.id == id).values(**change))


def _read_off(document: Document) -> dict[str, Any]:
    name = document.get("name")
    audience = document.get("audience")
    return {
        "name": str(name)[:MAX_NAME_LENGTH] if name else "",
        "watched": bool(isinstance(audience, dict) and audience.get("segment_ids")),
    }


def _experiment_row(connection: sa.Connection, id: str) -> ExperimentRow:
    table = schema.experiments
    row = connection.execute(sa.select(table).where(table.c.id == id)).mappings().first()
    if row is None:
        raise ExperimentError(
            msg("There is no such experiment."),
            hint=msg("The link may be old. Open it from the list of experiments."),
        )
    return ExperimentRow.of(row)


def _draft(connection: sa.Connection, id: str) -> Draft:
    table = schema.drafts
    row = connection.execute(sa.select(table).where(table.c.experiment_id == id)).mappings().first()
    if row is None:
        raise ExperimentError(
            msg("There is no such draft."),
            hint=msg("The link may be old. Open it from the list of experiments."),
        )
    return Draft(**{**row, "updated_at": datetime.fromtimestamp(row["updated_at"], UTC)})


def _version(connection: sa.Connection, id: str, version: int | None) -> Experiment:
    table = schema.experiment_versions
    query = sa.select(table).where(table.c.experiment_id == id)
    if version is not None:
        query = query.where(table.c.version == version)
    row = connection.execute(query.order_by(table.c.version.desc()).limit(1)).mappings().first()
    if row is None:
        raise ExperimentError(
            msg("This experiment has no finished version yet."), hint=msg("Finish its draft first.")
        )
    if hashlib.sha256(row["document"].encode()).hexdigest() != row["hash"]:
        raise DataError(
            msg("Version {version} of the experiment was changed after it was made.", **row),
            hint=msg("Nothing is decided or sent with it. Restore the database from a backup."),
        )
    return Experiment.model_validate_json(row["document"])
