"""What the state database holds about an experiment, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from services.errors import ConflictError
from services.experiment.drafts import Document
from services.experiment.model import Status
from services.intents.model import message_from
from services.messages import Message, msg


@dataclass(frozen=True)
class Draft:
    """A draft as last saved. `revision` counts saves and is what the next save must name."""

    experiment_id: str
    revision: int
    document: Document
    step: str
    updated_by: str
    updated_at: datetime


@dataclass(frozen=True)
class ExperimentRow:
    """Where one experiment stands. `version` and `hash` are None before the first version."""

    id: str
    name: str
    use_case: str
    status: Status
    created_by: str
    created_at: datetime
    version: int | None = None
    hash: str | None = None
    launched_at: datetime | None = None
    first_day: date | None = None
    ended_at: datetime | None = None
    status_reason: Message | None = None
    watched: bool = False

    @classmethod
    def of(cls, row: Mapping[Any, Any]) -> ExperimentRow:
        """Read a row of the table `experiments`."""
        first_day = row["first_day"]
        return cls(
            id=row["id"],
            name=row["name"],
            use_case=row["use_case"],
            status=Status(row["status"]),
            created_by=row["created_by"],
            created_at=datetime.fromtimestamp(row["created_at"], UTC),
            version=row["version"],
            hash=row["hash"],
            launched_at=moment(row["launched_at"]),
            first_day=None if first_day is None else date.fromisoformat(first_day),
            ended_at=moment(row["ended_at"]),
            status_reason=message_from(row["status_reason"]),
            watched=bool(row["watched"]),
        )


class DraftConflict(ConflictError):
    """Somebody saved the draft first. `document` and `revision` are theirs."""

    def __init__(self, document: Document, revision: int, by: str) -> None:
        super().__init__(
            msg("{by} changed this draft while you were editing it.", by=by),
            hint=msg("Nothing of theirs was overwritten. Compare, then save what should stay."),
        )
        self.document = document
        self.revision = revision
        self.by = by


class ApprovalKind(StrEnum):
    """What was approved: how the experiment is set up, or what a message says."""

    CONFIGURATION = "configuration"
    CONTENT = "content"


@dataclass(frozen=True)
class Approval:
    """Somebody approved `subject` while its digest was `digest`.

    `subject` is the experiment's id, or 'campaign:<id>', 'canvas:<id>', 'template:<id>'.
    """

    id: int
    kind: ApprovalKind
    subject: str
    digest: str
    approved_by: str
    approved_at: datetime
    revoked_at: datetime | None = None


def moment(epoch_s: float | None) -> datetime | None:
    """A moment in UTC from the seconds since the epoch that the database keeps."""
    return None if epoch_s is None else datetime.fromtimestamp(epoch_s, UTC)
