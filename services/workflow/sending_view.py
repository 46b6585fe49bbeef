"""What the bottom bar of a running experiment says: is it sending, when next, who paused it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from services.clock import Clock
from services.database.engine import Database
from services.database.schema import heartbeats, pauses
from services.experiment.model import Experiment, Status
from services.experiment.records import ExperimentRow
from services.experiment.store import experiment_row, load_version
from services.intents.model import IntentKind
from services.intents.store import open_intents
from services.workflow.reading.store import next_wave

EVERYTHING = "*"  # scope of a pause that holds all experiments
WORKER = "worker"
WORKER_SILENT_AFTER_S = 60.0  # real seconds without a heartbeat; it beats every few seconds


class Sending(StrEnum):
    """One word for the bar."""

    SENDING = "sending"
    WAITING = "waiting"
    PAUSING = "pausing"
    PAUSED = "paused"
    RESUMING = "resuming"
    STOPPED = "stopped"
    NO_WORKER = "no_worker"
    ENDED = "ended"


@dataclass(frozen=True)
class SendingNow:
    """State of an experiment's sending. Moments are epoch seconds in the experiment's own clock."""

    row: ExperimentRow
    zone: str
    state: Sending
    next_wave_at: float | None = None
    n_left: int = 0
    paused_by: str = ""
    paused_at: float | None = None
    paused_reason: str = ""
    paused_all: bool = False
    automatic: bool = False


def sending_now(database: Database, clock: Clock, experiment_id: str) -> SendingNow:
    """Read the state. Raises ExperimentError where there is no such experiment."""
    row = experiment_row(database, experiment_id)
    zone = _zone(database, row)
    asked = {intent.kind for intent in open_intents(database, experiment_id=experiment_id)}
    pause = _pause(database, experiment_id)
    if row.status is Status.ENDED:
        return SendingNow(row, zone, Sending.ENDED)
    if pause is not None:
        state = Sending.RESUMING if IntentKind.RESUME in asked else Sending.PAUSED
        return SendingNow(
            row,
            zone,
            state,
            paused_by=pause.by,
            paused_at=pause.at,
            paused_reason=pause.reason,
            paused_all=pause.scope == EVERYTHING,
            automatic=bool(pause.automatic),
        )
    if row.status in (Status.STOPPED, Status.FAILED):
        return SendingNow(row, zone, Sending.STOPPED)
    next_wave_at, n_left = next_wave(database, experiment_id)
    if IntentKind.PAUSE in asked:
        state = Sending.PAUSING
    elif not worker_alive(database):
        state = Sending.NO_WORKER
    elif next_wave_at is None:
        state = Sending.WAITING
    else:
        state = Sending.SENDING
    return SendingNow(row, zone, state, next_wave_at=next_wave_at, n_left=n_left)


def worker_alive(database: Database) -> bool:
    """Whether the worker has said something lately, by the machine's own time."""
    with database.read() as connection:
        beat = connection.execute(
            heartbeats.select().where(heartbeats.c.process == WORKER)
        ).one_or_none()
    return beat is not None and time.time() - beat.at < WORKER_SILENT_AFTER_S


def _pause(database: Database, experiment_id: str) -> Any | None:
    wanted = pauses.c.scope.in_((EVERYTHING, experiment_id)) & pauses.c.paused
    with database.read() as connection:
        return connection.execute(pauses.select().where(wanted).order_by(pauses.c.scope)).first()


def _zone(database: Database, row: ExperimentRow) -> str:
    if row.version is None:
        return "UTC"
    version: Experiment = load_version(database, row.id)
    return version.zone
