"""Can you trust it: do the groups match the draw, were decisions recomputed alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from services.database.engine import Database
from services.experiment.model import Experiment, Group
from services.insights.balance import Alarm, group_balance
from services.workflow.people.store import assigned


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


def trust(database: Database, experiment: Experiment) -> Trust | None:
    """Compare the groups with the shares they were drawn by; None before anybody entered."""
    table = assigned(database, experiment.id)
    if table.num_rows == 0:
        return None
    groups = [group for group in Group if experiment.groups.of(group) > 0]
    shares = np.array([experiment.groups.of(group) for group in groups])
    balance = group_balance(_entered(table, groups), shares)
    lines = tuple(
        GroupLine(group, int(seen), float(expected))
        for group, seen, expected in zip(groups, balance.seen, balance.expected, strict=True)
    )
    return Trust(lines, balance.alarm, float(balance.evidence))


def _entered(table: pa.Table, groups: list[Group]) -> np.ndarray:
    days = np.asarray(table["entered_on"].cast(pa.int32()))
    names = np.array(table["grp"].to_pylist(), dtype=object)
    found = [
        [int(((days == day) & (names == group.value)).sum()) for group in groups]
        for day in np.unique(days)
    ]
    return np.array(found, dtype=np.int64)
