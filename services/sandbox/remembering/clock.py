"""Virtual time, kept in one small file that the console and the worker read.

Table clock: at real second `real_s` it was virtual second `virtual_s`; time runs at `rate`.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

FROZEN, LIVE = 0.0, 1.0


class VirtualClock:
    """The only writer of the file. Time never goes back."""

    def __init__(self, path: Path, start_s: float, rate: float) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS clock (id INTEGER PRIMARY KEY CHECK (id = 1),"
            " virtual_s REAL NOT NULL, real_s REAL NOT NULL, rate REAL NOT NULL)"
        )
        row = self._connection.execute("SELECT virtual_s, real_s, rate FROM clock").fetchone()
        if row is None:
            self._virtual_s, self._real_s, self.rate = start_s, time.time(), rate
            self._write()
        else:
            self._virtual_s, self._real_s, self.rate = row
        self._latest_s = self._virtual_s
        self._window_s = self.now_s()
        self._window_real = time.monotonic()

    def now_s(self) -> float:
        """Virtual epoch seconds."""
        current: float = self._virtual_s + self.rate * (time.time() - self._real_s)
        self._latest_s = max(self._latest_s, current)  # the machine's own clock may be set back
        return self._latest_s

    def window_s(self) -> float:
        """Time for rate-limit windows: virtual, but it goes on while virtual time is frozen.

        Otherwise a window used up in a frozen minute would never end.
        """
        real = time.monotonic()
        self._window_s = max(self.now_s(), self._window_s + real - self._window_real)
        self._window_real = real
        return self._window_s

    def jump(self, to_s: float) -> None:
        """Set virtual time to `to_s`, which is not before now."""
        self._virtual_s, self._real_s = max(to_s, self.now_s()), time.time()
        self._write()

    def set_rate(self, rate: float) -> None:
        """Let time run at `rate` from now on."""
        self._virtual_s, self._real_s, self.rate = self.now_s(), time.time(), rate
        self._write()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _write(self) -> None:
        self._connection.execute(
            "INSERT INTO clock VALUES (1, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
            " virtual_s = excluded.virtual_s, real_s = excluded.real_s, rate = excluded.rate",
            (self._virtual_s, self._real_s, self.rate),
        )
