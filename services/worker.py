"""The process that acts: it answers intents, runs cycles, sends, settles. Nothing else does.

One worker works on a home at a time. It does its things in small steps and looks at pauses and
intents between them; killed at any point, the next one goes on from what is durable. Where several
share a PostgreSQL database, one of them leads and the others only send what is due.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from services.activation.recovery import recover
from services.bootstrap import Workplace, open_workplace
from services.database.leading import Lead
from services.errors import ConsoleError, Locked, SetupError
from services.experiment.model import Experiment, Status
from services.experiment.store import experiments, load_version
from services.intents.store import restart_abandoned
from services.messages import msg
from services.settings import Settings, load_settings
from services.workflow.acting import act_on_next
from services.workflow.alarming import Alarms
from services.workflow.catalogue import keep_catalogue_fresh
from services.workflow.cycle import (
    close_day,
    cycle_start,
    day_end,
    is_closed,
    is_open,
    open_day,
    send_due,
)
from services.workflow.heartbeat.store import beat
from services.workflow.sending import settle_open
from services.workflow.test_profiles import TestProfiles
from services.workflow.watching import watch_audiences

STEP_S = 1.0  # between two looks at what is due
WAIT_FOR_CONNECTION_S = 2.0
RETRY_S = 60.0  # before a stage that failed is tried again
RECOVER_EVERY_S = 30.0  # a quarter of a lease
log = structlog.get_logger()


class Worker:
    """Holds what one worker remembers between two steps; everything that matters is durable."""

    def __init__(self, place: Workplace) -> None:
        self._place = place
        self._started = time.time()
        self._again_at: dict[str, float] = {}
        self._alarms = Alarms(place)
        self._test_profiles = TestProfiles(place)
        self._lead = Lead(place.console.database)
        self._leads = False
        self._recovered_at = float("-inf")

    def step(self) -> None:
        """One round: intents, then whatever is due for each running experiment.

        A worker that does not lead sends what is due, and nothing else.
        """
        console = self._place.console
        leads = self._lead.held()
        if leads and not self._leads:
            restart_abandoned(console.database, console.clock)
        self._leads = leads
        if not leads:
            self._send_only()
            return
        self._recover()
        beat(console, started_at=self._started)
        while act_on_next(self._place):
            beat(console, started_at=self._started)
        self._guarded("catalogue", lambda: keep_catalogue_fresh(self._place))
        self._guarded("watching", lambda: watch_audiences(self._place))
        self._guarded("alarms", self._alarms.look_hourly)
        self._guarded("test profiles", self._test_profiles.look)
        for row in experiments(console.database):
            if row.status in (Status.RUNNING, Status.PAUSED, Status.STOPPED):
                first = row.first_day
                self._guarded(row.id, lambda id=row.id, first=first: self._advance(id, first))

    def end(self) -> None:
        """Let another worker lead."""
        self._lead.give_up()

    def _recover(self) -> None:
        """Give up what others lost. The only worker has done so at its start."""
        now = time.monotonic()
        if self._place.console.database.is_sqlite or now - self._recovered_at < RECOVER_EVERY_S:
            return
        self._recovered_at = now
        recover(self._place.console.database, self._place.console.clock)

    def _send_only(self) -> None:
        console = self._place.console
        for row in experiments(console.database):
            if row.status is Status.RUNNING:
                self._guarded(row.id, lambda id=row.id: send_due(self._place, id))

    def _advance(self, experiment_id: str, first_day: date | None) -> None:
        console = self._place.console
        experiment = load_version(console.database, experiment_id)
        now = console.clock.now()
        today = now.astimezone(ZoneInfo(experiment.zone)).date()
        for day in (today - timedelta(days=1), today, today + timedelta(days=1)):
            if first_day is None or day < first_day:
                continue
            advance_day(self._place, experiment, day)
        settle_open(self._place, experiment)

    def _guarded(self, what: str, work: object) -> None:
        if self._again_at.get(what, 0.0) > time.monotonic():
            return
        try:
            work()  # type: ignore[operator]
        except ConsoleError as problem:
            self._again_at[what] = time.monotonic() + RETRY_S
            log.warning("postponed", what=what, why=str(problem), again_in_s=RETRY_S)


def advance_day(place: Workplace, experiment: Experiment, day: date) -> None:
    """Do what is due now for one decision day: open it, send, close it. Safe to repeat.

    A day that was never opened and is over is not made up for: its messages would come too late.
    """
    console = place.console
    now = console.clock.now()
    is_past = day < now.astimezone(ZoneInfo(experiment.zone)).date()
    opened = is_open(console, experiment.id, day)
    if not opened and not is_past and now >= cycle_start(console, experiment, day):
        open_day(place, experiment, day)
        opened = True
    if opened:
        send_due(place, experiment.id)
    over = opened and now >= day_end(experiment, day)
    if over and not is_closed(console, experiment.id, day):
        close_day(place, experiment, day)


def work(settings: Settings, stop: threading.Event | None = None, *, patient: bool = False) -> None:
    """Work until `stop` is set or the process is told to end. Raises Locked beside another one.

    A connection that is changed meanwhile is taken up. `patient` waits for the first one instead of
    raising SetupError, as beside a console in which it can still be entered.
    """
    ended = stop or threading.Event()
    with one_worker(settings.home):
        while not ended.is_set():
            now = load_settings(home=settings.home, with_keys=True)
            try:
                place = open_workplace(now)
            except SetupError as problem:
                if not patient:
                    raise
                log.info("waiting for a connection", why=str(problem.what))
                ended.wait(WAIT_FOR_CONNECTION_S)
                continue
            work_on(place, ended, while_unchanged=now)


def work_on(
    place: Workplace,
    stop: threading.Event | None = None,
    *,
    while_unchanged: Settings | None = None,
) -> None:
    """Work in a home whose lock the caller holds, until `stop` is set or the settings change."""
    database = place.console.database
    recover(database, place.console.clock, alone=database.is_sqlite)
    worker = Worker(place)
    ended = stop or threading.Event()
    try:
        while not ended.is_set():
            try:
                worker.step()
            except ConsoleError as problem:
                log.error("step failed", why=str(problem))
            ended.wait(STEP_S)
            if while_unchanged is not None:
                now = load_settings(home=while_unchanged.home, with_keys=True)
                if now != while_unchanged:
                    return
    finally:
        worker.end()


@contextmanager
def one_worker(home: Path) -> Iterator[None]:
    """Hold the home's worker lock. Raises Locked where another worker holds it."""
    handle = os.open(home / "worker.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:
            raise Locked(
                msg("Another worker is already working in this home."),
                hint=msg("One is enough. Stop the other one first, or leave it to its work."),
            ) from problem
        yield
    finally:
        os.close(handle)
