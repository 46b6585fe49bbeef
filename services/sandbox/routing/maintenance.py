"""Requests that came during maintenance: stored, answered 202, carried out afterwards."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable
from typing import Any

from services.sandbox.routing.refusals import Refused


class Maintenance:
    """Queue of what was put off. It is kept in memory: a killed server forgets it."""

    def __init__(self) -> None:
        self._waiting: list[tuple[float, Callable[[], dict[str, Any]]]] = []

    def put_off(self, delay_s: float, work: Callable[[], dict[str, Any]]) -> None:
        """Carry `work` out in `delay_s` real seconds, or with the first request after that."""
        self._waiting.append((time.monotonic() + delay_s, work))

    def carry_out(self, *, over: bool = False) -> None:
        """Do what is due, in the order it came; everything when maintenance is `over`.

        Nobody is told where Braze then refuses it.
        """
        now = math.inf if over else time.monotonic()
        due = [work for at, work in self._waiting if at <= now]
        self._waiting = [(at, work) for at, work in self._waiting if at > now]
        for work in due:
            with contextlib.suppress(Refused):
                work()
