"""Nouns of the story: a day's stages and how far each has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Stage(StrEnum):
    """The stages of one cycle, in their order."""

    AUDIENCE = "audience"
    OUTCOMES = "outcomes"
    LEARN = "learn"
    DECIDE = "decide"
    ACTIVATE = "activate"
    SETTLE = "settle"
    SERIES = "series"


class StageState(StrEnum):
    WAITING = "waiting"
    DOING = "doing"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class StageRecord:
    """How far one stage of one experiment's day has come."""

    stage: Stage
    state: StageState
    n_done: int
    n_total: int
    started_at: datetime | None
    finished_at: datetime | None
    note: Mapping[str, object]
    error: Mapping[str, object] | None


@dataclass(frozen=True)
class DayFigures:
    """What one experiment did on one decision day."""

    day: date
    decided: int
    sent: int
    outcomes: int
    skipped: int
