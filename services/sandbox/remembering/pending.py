"""Events that will happen: kept by the hour until their time has come."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.sandbox.world.behaviour import EVENT, joined

HOUR_S = 3600


class Pending:
    """Future events. Adding is cheap, taking what is due looks only into the hours passed."""

    def __init__(self) -> None:
        self._hours: dict[int, list[NDArray[np.void]]] = {}
        self._next_s = np.inf

    def add(self, batch: NDArray[np.void]) -> None:
        """Keep a batch of EVENT records of any times, int64 order is not needed."""
        if not len(batch):
            return
        self._next_s = min(self._next_s, float(batch["at"].min()))
        hours = (batch["at"] // HOUR_S).astype(np.int64)
        order = np.argsort(hours, kind="stable")
        ordered, hours = batch[order], hours[order]
        cuts = np.flatnonzero(np.diff(hours)) + 1
        firsts = hours[np.concatenate([[0], cuts])]
        for hour, part in zip(firsts.tolist(), np.split(ordered, cuts), strict=True):
            self._hours.setdefault(hour, []).append(part)

    def due(self, now_s: float) -> NDArray[np.void]:
        """Take out every event with time ≤ `now_s`, oldest first."""
        if now_s < self._next_s:
            return np.zeros(0, EVENT)
        last = int(now_s // HOUR_S)
        taken = [
            p for hour in sorted(h for h in self._hours if h < last) for p in self._hours.pop(hour)
        ]
        partly = self._hours.pop(last, [])
        if partly:
            together = joined(partly)
            come = together["at"] <= now_s
            taken.append(together[come])
            if not come.all():
                self._hours[last] = [together[~come]]
        self._next_s = self._earliest()
        if not taken:
            return np.zeros(0, EVENT)
        events = joined(taken)
        return events[np.argsort(events["at"], kind="stable")]

    def _earliest(self) -> float:
        if not self._hours:
            return float("inf")
        first = min(self._hours)
        return min(float(part["at"].min()) for part in self._hours[first])
