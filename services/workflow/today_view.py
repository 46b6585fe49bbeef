"""What Today shows: how far the cycle is, where every message is, what needs somebody.

Reads tables only, so that the page may ask every two seconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from services.activation.model import LedgerState, SkipReason
from services.activation.words import WORDS, Word
from services.audience.loading import SizeChanged
from services.clock import Clock
from services.database.engine import Database
from services.experiment.model import Experiment, Status
from services.experiment.records import ExperimentRow
from services.experiment.store import experiment_row, load_version
from services.messages import Message, msg, msgn
from services.workflow.cycles.store import records
from services.workflow.ledger_counts.store import (
    Doubts,
    QuarterCount,
    doubts,
    last_ledger_day,
    quarter_counts,
    skipped,
)
from services.workflow.model import Stage, StageRecord, StageState
from services.workflow.sending_view import Sending, SendingNow, sending_now, worker_alive
from services.workflow.targets_today import DoubtLine, TargetLine, doubt_lines, target_lines

HOUR_S = 3600.0

KINDS: dict[LedgerState, str] = {
    LedgerState.PLANNED: "planned",
    LedgerState.NOT_DISPATCHED: "planned",
    LedgerState.SENDING: "planned",
    LedgerState.ACCEPTED: "accepted",
    LedgerState.QUEUED: "accepted",
    LedgerState.RECEIVED: "accepted",
    LedgerState.NOT_RECEIVED: "accepted",
    LedgerState.ACCEPTED_PARTIAL: "doubt",
    LedgerState.UNKNOWN: "doubt",
    LedgerState.REJECTED: "refused",
}
"""Which of the chart's four colours a state has; what a rule kept back is not in the chart."""


@dataclass(frozen=True)
class WordCount:
    """So many messages are in the state this word stands for."""

    word: Word
    n: int


@dataclass(frozen=True)
class HourCount:
    """`n` messages of one kind (a value of KINDS) that leave in `hour`, 0 to 23, local."""

    hour: int
    kind: str
    n: int


@dataclass(frozen=True)
class Today:
    """One decision day of one experiment. Moments are epoch seconds."""

    row: ExperimentRow
    experiment: Experiment
    day: date
    is_today: bool
    now_s: float
    stages: tuple[StageRecord, ...]
    sentence: tuple[Message, ...]
    words: tuple[WordCount, ...]
    hours: tuple[HourCount, ...]
    skipped: tuple[tuple[SkipReason, int], ...]
    doubts: Doubts
    n_out: int
    n_total: int
    last_wave_s: float | None
    targets: tuple[TargetLine, ...] = ()
    in_doubt: tuple[DoubtLine, ...] = ()
    held: SendingNow | None = None

    @property
    def zone(self) -> str:
        """Zone of the experiment, the only one on the page."""
        return self.experiment.zone

    @property
    def now_hour(self) -> float | None:
        """The present moment as an hour with fraction, None on a day that is over."""
        if not self.is_today:
            return None
        now = datetime.fromtimestamp(self.now_s, ZoneInfo(self.zone))
        return now.hour + now.minute / 60

    @property
    def seconds_left(self) -> float | None:
        """Until the last planned message, None where nothing is planned any more."""
        if self.last_wave_s is None:
            return None
        return max(0.0, self.last_wave_s - self.now_s)

    @property
    def failed(self) -> StageRecord | None:
        """The first stage that failed, or None."""
        return next((s for s in self.stages if s.state is StageState.FAILED), None)

    @property
    def size_to_confirm(self) -> int | None:
        """People of an export that was not used because their number changed so much, or None."""
        error = {} if self.failed is None else dict(self.failed.error or {})
        values = error.get("values")
        if error.get("error") != SizeChanged.__name__ or not isinstance(values, dict):
            return None
        return int(values["n"])

    @property
    def moving(self) -> bool:
        """Whether something changes within seconds: the page then reads more often."""
        if any(stage.state is StageState.DOING for stage in self.stages):
            return True
        return self.last_wave_s is not None and self.last_wave_s <= self.now_s

    @property
    def started(self) -> bool:
        """Whether any stage of the day has begun."""
        return any(stage.state is not StageState.WAITING for stage in self.stages)


def today(database: Database, clock: Clock, experiment_id: str) -> Today:
    """Read the day an experiment is in: its newest day with messages where today has none yet.

    Raises ExperimentError where there is no such experiment or it has no version.
    """
    row = experiment_row(database, experiment_id)
    experiment = load_version(database, experiment_id, row.version)
    now = clock.now()
    calendar_day = now.astimezone(ZoneInfo(experiment.zone)).date()
    day = calendar_day
    stages = records(database, experiment_id, day)
    if all(stage.state is StageState.WAITING for stage in stages.values()):
        day = last_ledger_day(database, experiment_id, calendar_day) or calendar_day
        stages = records(database, experiment_id, day)
    quarters = quarter_counts(database, experiment_id, day)
    unsure = doubts(database, experiment_id)
    planned = [q for q in quarters if KINDS.get(q.state) == "planned"]
    n_out = sum(q.n for q in quarters if KINDS.get(q.state) in ("accepted", "doubt"))
    n_total = sum(q.n for q in quarters if q.state in KINDS)
    ordered = tuple(stages[stage] for stage in Stage)
    sending = sending_now(database, clock, experiment_id)
    held = sending if sending.state is Sending.PAUSED else None
    return Today(
        row=row,
        experiment=experiment,
        day=day,
        is_today=day == calendar_day,
        now_s=now.timestamp(),
        stages=ordered,
        sentence=tuple(
            _sentence(row, ordered, quarters, n_out, n_total, unsure, _needed(database, held))
        ),
        words=_by_word(quarters),
        hours=_by_hour(quarters, experiment.zone),
        skipped=tuple(skipped(database, experiment_id, day).items()),
        doubts=unsure,
        n_out=n_out,
        n_total=n_total,
        last_wave_s=max((q.from_s for q in planned), default=None),
        targets=target_lines(database, quarters),
        in_doubt=doubt_lines(database, experiment_id, now.timestamp()) if unsure.n else (),
        held=held,
    )


def _sentence(
    row: ExperimentRow,
    stages: Iterable[StageRecord],
    quarters: list[QuarterCount],
    n_out: int,
    n_total: int,
    unsure: Doubts,
    needed: Message | None,
) -> list[Message]:
    stages = list(stages)
    if row.status is Status.ENDED:
        return [msg("This experiment has ended. Nothing is sent any more.")]
    if any(stage.state is StageState.FAILED for stage in stages):
        return [
            msg("Today’s work stopped half-way."),
            msg("What was sent stays sent, and nothing is sent twice."),
        ]
    if all(stage.state is StageState.WAITING for stage in stages):
        return [msg("Today’s work has not begun."), msg("It begins by itself in the morning.")]
    decided = next(stage for stage in stages if stage.stage is Stage.DECIDE)
    if n_total == 0:
        if decided.state is StageState.DONE:
            return [msg("Nobody gets a message today."), needed or _NOTHING]
        return [msg("Anneal is working out who gets what today."), needed or _NOTHING]
    said = [
        msgn("{out} of {n} message is out.", "{out} of {n} messages are out.", n_total, out=n_out)
    ]
    waves = {int(q.from_s // HOUR_S) for q in quarters if KINDS.get(q.state) == "planned"}
    if waves:
        said.append(msgn("One wave is left.", "{n} waves are left.", len(waves)))
    refused = sum(q.n for q in quarters if q.state is LedgerState.REJECTED)
    if needed is not None:
        said.append(needed)
    elif unsure.n:
        said.append(
            msgn(
                "Nothing needs you, except {n} message Anneal cannot be sure about.",
                "Nothing needs you, except {n} messages Anneal cannot be sure about.",
                unsure.n,
            )
        )
    elif refused:
        said.append(msgn("Braze refused {n} message.", "Braze refused {n} messages.", refused))
    else:
        said.append(needed or _NOTHING)
    return said


def _needed(database: Database, held: SendingNow | None) -> Message | None:
    """What has to be done before anything goes on; None while somebody works and may send."""
    if held is not None:
        return msg("Sending is paused: what is planned waits until somebody resumes.")
    if not worker_alive(database):
        return msg("Nothing goes on until the worker runs again.")
    return None


_NOTHING = msg("Nothing needs you.")


def _by_word(quarters: list[QuarterCount]) -> tuple[WordCount, ...]:
    counts: dict[str, WordCount] = {}
    for quarter in quarters:
        word = WORDS[quarter.state]
        name = word.word.template
        before = counts[name].n if name in counts else 0
        counts[name] = WordCount(counts[name].word if name in counts else word, before + quarter.n)
    order = {word.word.template: place for place, word in enumerate(WORDS.values())}
    return tuple(sorted(counts.values(), key=lambda count: order[count.word.word.template]))


def _by_hour(quarters: list[QuarterCount], zone: str) -> tuple[HourCount, ...]:
    local = ZoneInfo(zone)
    counts: dict[tuple[int, str], int] = {}
    for quarter in quarters:
        kind = KINDS.get(quarter.state)
        if kind is not None:
            place = (datetime.fromtimestamp(quarter.from_s, local).hour, kind)
            counts[place] = counts.get(place, 0) + quarter.n
    return tuple(HourCount(hour, kind, n) for (hour, kind), n in sorted(counts.items()))
