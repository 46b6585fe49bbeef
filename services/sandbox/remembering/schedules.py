"""Sends that wait for their time, on a clock of the workspace or on everybody's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.sandbox.remembering.moments import moment_s

HOURS_A_DAY = 24


@dataclass(frozen=True, order=True)
class Part:
    """People of one zone (position in the world's zones) or one best hour; None = of all."""

    at_s: float
    zone: int | None = field(default=None, compare=False)
    hour: int | None = field(default=None, compare=False)


@dataclass
class Scheduled:
    """One scheduled send. `parts` are still to come, the earliest first."""

    id: str
    target_id: str
    dispatch_id: str
    body: dict[str, Any]
    parts: list[Part]
    begun: bool = False


class Schedules:
    """All scheduled sends that have not gone out entirely."""

    def __init__(self, zones: Sequence[str]) -> None:
        self._zones = [ZoneInfo(zone) for zone in zones]
        self._waiting: dict[str, Scheduled] = {}
        self.next_s = float("inf")

    def parts(self, schedule: dict[str, Any], now_s: float) -> list[Part]:
        """When a schedule sends, epoch seconds. A moment of the workspace's clock that has passed
        is now; parts of everybody's own clock that have passed are left out, perhaps all of them.

        Raises ValueError where `time` cannot be read, or has a zone although the clock is the
        person's own.
        """
        text = schedule["time"]
        if not self.is_local(schedule):
            return [Part(max(moment_s(text), now_s))]
        if not isinstance(text, str):
            raise ValueError("a time is text")
        wall = datetime.fromisoformat(text.strip())
        if wall.tzinfo is not None:
            raise ValueError("a time of everybody's own clock has no zone")
        hours = range(HOURS_A_DAY) if schedule.get("at_optimal_time") is True else [None]
        parts = []
        for zone, info in enumerate(self._zones):
            for hour in hours:
                local = wall if hour is None else wall.replace(hour=hour, minute=0, second=0)
                parts.append(Part(_epoch_s(local, info), zone, hour))
        return sorted(part for part in parts if part.at_s > now_s)

    @staticmethod
    def is_local(schedule: dict[str, Any]) -> bool:
        """Whether everybody's own clock counts."""
        return schedule.get("in_local_time") is True or schedule.get("at_optimal_time") is True

    def create(
        self, schedule_id: str, dispatch_id: str, body: dict[str, Any], now_s: float
    ) -> None:
        """Keep a send until its time has come."""
        schedule = body["schedule"]
        parts, target_id = self.parts(schedule, now_s), body["target"]
        held = Scheduled(schedule_id, target_id, dispatch_id, body, parts)
        self._keep(held)

    def update(self, schedule_id: str, schedule: dict[str, Any], now_s: float) -> None:
        """Replace the whole schedule, unless the old one was local and somewhere has passed."""
        held = self._waiting[schedule_id]
        if not held.begun:
            held.parts = self.parts(schedule, now_s)
            self._keep(held)

    def delete(self, schedule_id: str) -> None:
        """Let what is left of a scheduled send never go out."""
        del self._waiting[schedule_id]
        self._look()

    def find(self, target_id: str, schedule_id: object) -> Scheduled | None:
        """A scheduled send of a campaign or Canvas of which something is still to come."""
        held = self._waiting.get(schedule_id) if isinstance(schedule_id, str) else None
        return held if held is not None and held.target_id == target_id else None

    def take(self) -> tuple[Scheduled, Part]:
        """The next part to go out. Raises ValueError where nothing waits."""
        held = min(self._waiting.values(), key=lambda s: s.parts[0])
        part = held.parts.pop(0)
        held.begun = True
        self._keep(held)
        return held, part

    def _keep(self, held: Scheduled) -> None:
        if held.parts:
            self._waiting[held.id] = held
        else:
            self._waiting.pop(held.id, None)
        self._look()

    def _look(self) -> None:
        moments = [s.parts[0].at_s for s in self._waiting.values()]
        self.next_s = min(moments, default=float("inf"))


def _epoch_s(wall: datetime, zone: ZoneInfo) -> float:
    try:
        return wall.replace(tzinfo=zone).astimezone(UTC).timestamp()
    except OverflowError as problem:
        raise ValueError("a time beyond the calendar") from problem
