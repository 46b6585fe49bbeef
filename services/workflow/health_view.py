"""What Today says about health: each check in a few words, and advice where it is not well."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from services.database.engine import Database
from services.database.schema import breakers
from services.experiment.model import Experiment
from services.experiment.records import ExperimentRow
from services.insights.health import checks as experiment_checks
from services.lake import Lake
from services.messages import Message, msg, msgn
from services.workflow.ledger_counts.store import answer_seconds, doubts
from services.workflow.people.store import assigned
from services.workflow.sending_view import worker_alive

HealthState = Literal["healthy", "look", "act"]
LOOKS = "looks"
LOOKS_DAYS = 14  # older looks say nothing about today's health
AT_ONCE_S = 0.1
SLOW_ANSWER_S = 5.0  # Braze usually answers a send within a second


@dataclass(frozen=True)
class HealthItem:
    """One check. `words` name it and, where it is not healthy, what was found."""

    state: HealthState
    words: Message
    advice: Message | None = None


def health(
    database: Database, lake: Lake, row: ExperimentRow, experiment: Experiment, day: date
) -> list[HealthItem]:
    """All checks of the machinery and of one experiment, those that need somebody first."""
    checks: list[Callable[[], HealthItem | None]] = [
        lambda: _worker(database),
        lambda: _breaker(database),
        lambda: _doubts(database, row.id),
        lambda: _answers(database, row.id, day),
        lambda: _export(lake, row, day),
    ]
    found = [item for item in (check() for check in checks) if item is not None]
    looks = lake.read(LOOKS, row.id, since=day - timedelta(days=LOOKS_DAYS))
    found += [
        HealthItem(check.state.value, check.words, check.advice)
        for check in experiment_checks(experiment, assigned(database, row.id), looks, today=day)
    ]
    order = {"act": 0, "look": 1, "healthy": 2}
    return sorted(found, key=lambda item: order[item.state])


def _worker(database: Database) -> HealthItem:
    if worker_alive(database):
        return HealthItem("healthy", msg("Worker is running"))
    return HealthItem(
        "act",
        msg("Worker is not running"),
        msg("Nothing is decided or sent without it. Start it with: anneal worker."),
    )


def _breaker(database: Database) -> HealthItem | None:
    with database.read() as connection:
        rows = connection.execute(breakers.select()).all()
    if not rows:
        return None
    if any(row.open_since is not None for row in rows):
        return HealthItem(
            "act",
            msg("Sending has stopped itself"),
            msg(
                "Too many requests in a row came to nothing or to doubt. Planned messages wait; "
                "check the connection, then resume."
            ),
        )
    return HealthItem("healthy", msg("Requests come through"))


def _doubts(database: Database, experiment_id: str) -> HealthItem:
    n = doubts(database, experiment_id).n
    if n == 0:
        return HealthItem("healthy", msg("No message in doubt"))
    return HealthItem("look", msgn("{n} message in doubt", "{n} messages in doubt", n))


def _answers(database: Database, experiment_id: str, day: date) -> HealthItem | None:
    seconds = answer_seconds(database, experiment_id, day)
    if seconds is None or seconds < 0:
        return None
    if seconds < AT_ONCE_S:
        return HealthItem("healthy", msg("Braze answers at once"))
    words = msg("Braze answers in {seconds} s", seconds=round(seconds, 1))
    return HealthItem("healthy" if seconds < SLOW_ANSWER_S else "look", words)


def _export(lake: Lake, row: ExperimentRow, day: date) -> HealthItem:
    latest = lake.latest_day("snapshots", row.id)
    if latest is not None and latest >= day:
        return HealthItem("healthy", msg("Audience is of today"))
    if latest is None:
        return HealthItem("look", msg("Audience has not been read yet"))
    return HealthItem(
        "look",
        msg("Audience is of {day}", day=latest),
        msg("Nothing is sent on an export older than a day: opt-outs would be missed."),
    )
