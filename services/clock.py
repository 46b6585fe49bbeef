"""What time it is: real, virtual or set by a test. Nothing else asks the system for the date.

Days, freshness, windows and rates use a `Clock`. Leases and time-outs use `time.monotonic`, which
no clock of the sandbox bends.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from services.errors import SetupError
from services.messages import msg

READ_WAIT_S = 5.0  # how long the sandbox may hold its one-row file


class Clock(Protocol):
    """Tells the time, aware and in UTC."""

    def now(self) -> datetime:
        """The present moment in UTC."""
        ...


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """The present moment in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands still until somebody moves it."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """The moment last set, in UTC."""
        return self._now

    def set(self, moment: datetime) -> None:
        """Jump to `moment`, which carries a zone."""
        self._now = moment.astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        """Move forward (or, with a negative value, back)."""
        self._now += by


class SandboxClock:
    """Virtual time as the sandbox keeps it in its own small file; this side only reads.

    The row says: at real second `real_s` it was virtual second `virtual_s`, and time runs at
    `rate` (0 while history is played, 1 afterwards).
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()

    def now(self) -> datetime:
        """The sandbox's present moment in UTC. Raises SetupError where there is no sandbox."""
        try:
            row = self._connection().execute("SELECT virtual_s, real_s, rate FROM clock").fetchone()
        except sqlite3.Error as problem:
            raise SetupError(
                msg("The sandbox's clock cannot be read."),
                hint=msg("Start the sandbox first: anneal sandbox, or anneal demo."),
            ) from problem
        if row is None:
            raise SetupError(
                msg("The sandbox's clock has not been set."),
                hint=msg("Start the sandbox first: anneal sandbox, or anneal demo."),
            )
        virtual_s, real_s, rate = row
        return datetime.fromtimestamp(virtual_s + rate * (time.time() - real_s), UTC)

    def _connection(self) -> sqlite3.Connection:
        held: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if held is None:
            if not self._path.exists():
                raise sqlite3.OperationalError("no clock file")
            held = sqlite3.connect(
                f"file:{self._path}?mode=ro", uri=True, timeout=READ_WAIT_S, isolation_level=None
            )
            self._local.connection = held
        return held
