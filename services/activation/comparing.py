"""A rehearsed day beside the day before, and beside the content that was approved."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeVar

from services.activation.dry_run import Rehearsal
from services.activation.findings.store import find
from services.activation.gates.store import content_of, target_name
from services.activation.model import LedgerState
from services.activation.rehearsal.store import breakdown
from services.database.engine import Database
from services.experiment.model import Experiment, TargetKind

K = TypeVar("K")
NOT_SENT = frozenset({LedgerState.SKIPPED, LedgerState.REJECTED})


class Content(StrEnum):
    """How a target's content stands to its approval."""

    APPROVED = "approved"
    CHANGED = "changed"
    NOT_APPROVED = "not_approved"


@dataclass(frozen=True)
class Change:
    """One count, on the day before and now."""

    before: int
    now: int

    @property
    def by(self) -> int:
        """The difference, now less before."""
        return self.now - self.before


@dataclass(frozen=True)
class Differences:
    """Rehearsed day against an earlier one. The keys are those of either day.

    `by_option`: (dimension key, option key); `by_target`: (kind, id); `by_reason`: reason codes of
    people not sent to. `content`: 'kind:id' of each target. `was` is None where that day has no
    rows: then everything counts as new.
    """

    was: date | None
    sent: Change
    by_option: Mapping[tuple[str, str], Change]
    by_target: Mapping[tuple[str, str], Change]
    by_reason: Mapping[str, Change]
    content: Mapping[str, Content]


def differences(
    database: Database, experiment: Experiment, rehearsal: Rehearsal, before: date
) -> Differences:
    """Compare a rehearsal with what the ledger says of `before`: sent, or still to be sent."""
    shares = breakdown(database, experiment.id, before)
    options: Counter[tuple[str, str]] = Counter()
    targets: Counter[tuple[str, str]] = Counter()
    reasons: Counter[str] = Counter()
    for share in shares:
        if share.state in NOT_SENT:
            reasons[share.reason or share.state.value] += share.n
            continue
        targets[share.target] += share.n
        for part in json.loads(share.combination).items():
            options[part] += share.n
    now_options = {
        (dimension, option): n
        for dimension, counts in rehearsal.by_option.items()
        for option, n in counts.items()
    }
    now_targets = {(kind.value, id): n for (kind, id), n in rehearsal.by_target.items()}
    now_reasons = {reason.value: n for reason, n in rehearsal.not_sent.items()}
    return Differences(
        was=before if shares else None,
        sent=Change(sum(targets.values()), rehearsal.n_would_send),
        by_option=_changes(options, now_options),
        by_target=_changes(targets, now_targets),
        by_reason=_changes(reasons, now_reasons),
        content=contents(database, experiment),
    )


def contents(database: Database, experiment: Experiment) -> dict[str, Content]:
    """For each target with content: whether Braze shows what was approved."""
    found = find(database, experiment.id)
    result: dict[str, Content] = {}
    for target in experiment.targets:
        if target.kind is TargetKind.PROFILE:
            continue
        subject = target_name(*content_of(target, target.kind, target.id))
        approved = found.approvals.get(("content", subject))
        if approved is None:
            state = Content.NOT_APPROVED
        elif approved == found.digests.get(subject):
            state = Content.APPROVED
        else:
            state = Content.CHANGED
        result[target_name(target.kind, target.id)] = state
    return result


def _changes(before: Mapping[K, int], now: Mapping[K, int]) -> dict[K, Change]:
    keys = [*now, *(key for key in before if key not in now)]
    return {key: Change(before.get(key, 0), now.get(key, 0)) for key in keys}
