"""What the page Experiments shows: who needs somebody, what is under way, which drafts wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import pandas as pd
import pyarrow as pa

from services.database.engine import Database
from services.experiment.model import PrimaryComparison, Status
from services.experiment.records import ExperimentRow
from services.experiment.status import LAUNCHED
from services.experiment.store import experiments, load_version
from services.experiment.use_cases import use_case_name
from services.lake import Lake
from services.messages import Message, msg, msgn
from services.settings import Settings
from services.workflow.reading.store import (
    count_assigned,
    count_in_doubt,
    draft_rows,
    failed_stages,
    newest_days,
)
from services.workflow.sending_view import worker_alive

LOOK_COLUMNS = ["day", "comparison", "metric", "segment", "estimate", "low", "high", "state"]
PRIMARY_METRIC = "primary"

OVER_WORDS = {
    PrimaryComparison.HOLDOUT: msg("Lift over no message"),
    PrimaryComparison.USUAL: msg("Lift over business as usual"),
}


@dataclass(frozen=True)
class Lift:
    """The last shown look at the primary comparison. Shares: 0.048 is 4.8 %."""

    estimate: float
    low: float
    high: float

    @property
    def proved(self) -> bool:
        """Whether the whole interval lies above zero."""
        return self.low > 0


@dataclass(frozen=True)
class Card:
    """One experiment that has been launched."""

    id: str
    name: str
    status: Status
    learning: bool
    use_case: Message
    n_people: int
    day_number: int | None
    lift_over: Message
    lift: Lift | None
    looks: pd.DataFrame  # day, estimate, low, high, one row a day
    health: str
    health_words: Message | None
    status_reason: Message | None
    ended_on: date | None


@dataclass(frozen=True)
class DraftLine:
    """One experiment still being set up. `updated_at`: epoch seconds."""

    id: str
    name: str
    status: Status
    use_case: Message
    step: str
    revision: int
    updated_at: float


class Way(StrEnum):
    """What resolves something: the page that the line's button opens."""

    TODAY = "today"
    TEMPLATES = "templates"
    LAUNCH = "launch"
    CONNECTION = "connection"


@dataclass(frozen=True)
class Need:
    """Something that waits for a person."""

    name: str
    what: Message
    action: Message
    way: Way
    experiment_id: str | None = None


@dataclass(frozen=True)
class Home:
    """Everything the page Experiments shows."""

    needs: tuple[Need, ...]
    cards: tuple[Card, ...]
    drafts: tuple[DraftLine, ...]
    connected: bool

    @property
    def under_way(self) -> tuple[Card, ...]:
        """Launched and not ended."""
        return tuple(card for card in self.cards if card.status is not Status.ENDED)

    @property
    def empty(self) -> bool:
        """Nobody has begun anything yet."""
        return not self.cards and not self.drafts


def home(database: Database, lake: Lake, settings: Settings) -> Home:
    """Read the page's content; a few queries however many experiments there are."""
    rows = experiments(database)
    assigned, doubts = count_assigned(database), count_in_doubt(database)
    failed, days = failed_stages(database), newest_days(database)
    drafts, alive = draft_rows(database), worker_alive(database)
    cards = tuple(
        _card(database, lake, row, assigned, doubts, failed, days, alive)
        for row in rows
        if row.status in LAUNCHED
    )
    lines = tuple(
        DraftLine(
            row.id,
            row.name,
            row.status,
            use_case_name(row.use_case),
            drafts[row.id]["step"],
            drafts[row.id]["revision"],
            drafts[row.id]["updated_at"],
        )
        for row in rows
        if row.status not in LAUNCHED and row.id in drafts
    )
    connected = bool(settings.endpoint)
    needs = [need for row in rows for need in _needs(row, failed)]
    if any(card.status is Status.RUNNING for card in cards) and not alive:
        needs.insert(
            0,
            Need(
                "",
                msg("Nothing is sent: the worker is not running. Start it with: anneal worker."),
                msg("See the connection"),
                Way.CONNECTION,
            ),
        )
    return Home(tuple(needs), cards, lines, connected)


def _card(
    database: Database,
    lake: Lake,
    row: ExperimentRow,
    assigned: dict[str, dict[str, int]],
    doubts: dict[str, int],
    failed: dict[str, list[str]],
    days: dict[str, str],
    alive: bool,
) -> Card:
    version = load_version(database, row.id)
    looks = _looks(lake, row.id, version.primary_comparison)
    shown = looks[looks["state"] == "shown"]
    lift = None
    if len(shown):
        last = shown.iloc[-1]
        lift = Lift(float(last["estimate"]), float(last["low"]), float(last["high"]))
    health, words = _health(row, doubts.get(row.id, 0), failed.get(row.id, []), alive)
    newest = days.get(row.id)
    number = None
    if newest and row.first_day:
        number = (date.fromisoformat(newest) - row.first_day).days + 1
    return Card(
        row.id,
        row.name,
        row.status,
        lift is None,
        use_case_name(row.use_case),
        sum(assigned.get(row.id, {}).values()),
        number,
        OVER_WORDS[version.primary_comparison],
        lift,
        looks,
        health,
        words,
        row.status_reason,
        row.ended_at.date() if row.ended_at else None,
    )


def _looks(lake: Lake, experiment_id: str, over: PrimaryComparison) -> pd.DataFrame:
    table: pa.Table = lake.read("looks", experiment_id, columns=LOOK_COLUMNS)
    if not table.num_rows:
        return pd.DataFrame({name: [] for name in ("day", "estimate", "low", "high", "state")})
    frame: pd.DataFrame = table.to_pandas()
    mine: pd.DataFrame = frame[
        (frame["comparison"] == f"personalised/{over.value}")
        & (frame["metric"] == PRIMARY_METRIC)
        & (frame["segment"] == "")
    ]
    return mine.sort_values("day")[["day", "estimate", "low", "high", "state"]].reset_index(
        drop=True
    )


def _health(
    row: ExperimentRow, n_doubt: int, failed: list[str], alive: bool
) -> tuple[str, Message | None]:
    if row.status is Status.FAILED or failed:
        return "act", msg("A stage failed")
    if row.status is Status.STOPPED:
        return "act", msg("A check needs you")
    if row.status is Status.RUNNING and not alive:
        return "act", msg("Worker is not running")
    if n_doubt:
        return "look", msgn("{n} message in doubt", "{n} messages in doubt", n_doubt)
    return "healthy", None


def _needs(row: ExperimentRow, failed: dict[str, list[str]]) -> list[Need]:
    if row.status is Status.STOPPED:
        why = row.status_reason or msg("A check stopped the sending.")
        return [Need(row.name, why, msg("Review"), Way.TODAY, row.id)]
    if row.status is Status.FAILED:
        why = row.status_reason or msg("The daily cycle failed.")
        return [Need(row.name, why, msg("See what failed"), Way.TODAY, row.id)]
    if row.status is Status.RUNNING and row.id in failed:
        return [
            Need(
                row.name,
                msg("A stage of today's cycle failed. What was decided and sent is safe."),
                msg("See what failed"),
                Way.TODAY,
                row.id,
            )
        ]
    if row.status is Status.WAITING:
        return [
            Need(
                row.name, msg("Waits for an approval to start."), msg("Review"), Way.LAUNCH, row.id
            )
        ]
    return []
