"""Can you trust it: do the groups match the draw, were decisions recomputed alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from services.database.engine import Database
from services.experiment.model import Experiment, Group
from services.insights.balance import Alarm, group_balance
from services.lake import Lake
from services.workflow.kept_counts import entered
from services.workflow.people.store import entered_counts


@dataclass(frozen=True)
class GroupLine:
    """One group: people drawn into it, and expected by the shares."""

    group: Group
    seen: int
    expected: float


@dataclass(frozen=True)
class Trust:
    """Groups against the draw. `evidence`: that of the e-process; 1 is none, 50 warns."""

    lines: tuple[GroupLine, ...]
    alarm: Alarm
    evidence: float


def trust(database: Database, experiment: Experiment, *, lake: Lake | None = None) -> Trust | None:
    """Compare the groups with the shares they were drawn by; None before anybody entered.

    lake  where given, people are counted as of the last evening: of a million that takes a second
    """
    counts = (
        entered_counts(database, experiment.id)
        if lake is None
        else entered(database, lake, experiment.id)
    )
    if not counts:
        return None
    groups = [group for group in Group if experiment.groups.of(group) > 0]
    shares = np.array([experiment.groups.of(group) for group in groups])
    balance = group_balance(_entered(counts, groups), shares)
    lines = tuple(
        GroupLine(group, int(seen), float(expected))
        for group, seen, expected in zip(groups, balance.seen, balance.expected, strict=True)
    )
    return Trust(lines, balance.alarm, float(balance.evidence))


def _entered(counts: list[tuple[date, str, int]], groups: list[Group]) -> np.ndarray:
    """People by day of entry and group, int (n_days, n_groups)."""
    days = sorted({day for day, _, _ in counts})
    names = [group.value for group in groups]
    found = np.zeros((len(days), len(groups)), dtype=np.int64)
    for day, group, n in counts:
        if group in names:
            found[days.index(day), names.index(group)] = n
    return found
