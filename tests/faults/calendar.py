"""Two years of decision days in forty zones: one run each, at the right instant, no flood.

    python -m tests.faults.calendar --json

Hours are held against an oracle that only walks through time in five-minute steps and reads local
clocks. Days are run by the worker's own rules under a virtual clock: with restarts, a clock that
jumps, and five days in which nothing runs. A day is missed if it was neither opened nor inside the
time nothing ran; double if it was opened twice; a flood is more than one day opened at one step.
"""

from __future__ import annotations

import argparse
import random
import sys
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from unittest import mock
from zoneinfo import ZoneInfo

from services import worker
from services.activation.calendar import hour_start
from services.bootstrap import Workplace
from services.clock import FixedClock
from services.experiment.model import Experiment
from services.workflow import cycle
from tests.activation.sending_world import an_experiment
from tests.faults.verdict import Verdict, show

FIRST_DAY = date(2010, 12, 28)  # so that two years hold Samoa's lost day, 30 December 2011
N_DAYS = 730
HOURS = (0, 2, 9, 23)
STEP = timedelta(minutes=5)
ROUND = timedelta(minutes=30)  # between two looks of the simulated worker: it really is a second
DOWN_DAYS = 5
LONG_ENOUGH = timedelta(hours=8)  # from the start of a cycle: the day is far from over
ZONES = (
    *("Australia/Lord_Howe", "Africa/Cairo", "Pacific/Apia", "Pacific/Fakaofo", "UTC"),
    *("America/New_York", "America/Los_Angeles", "America/Sao_Paulo", "America/St_Johns"),
    *("America/Havana", "America/Santiago", "America/Caracas", "America/Nuuk", "America/Bogota"),
    *("Europe/London", "Europe/Berlin", "Europe/Moscow", "Europe/Istanbul", "Europe/Lisbon"),
    *("Africa/Casablanca", "Africa/Lagos", "Africa/Johannesburg", "Africa/Windhoek"),
    *("Asia/Tehran", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Gaza", "Asia/Beirut", "Asia/Amman"),
    *("Asia/Seoul", "Asia/Tokyo", "Asia/Shanghai", "Asia/Yangon", "Asia/Dhaka", "Asia/Baku"),
    *("Australia/Adelaide", "Pacific/Auckland", "Pacific/Chatham", "Pacific/Kiritimati"),
    "Pacific/Honolulu",
)


def local_hours(zone: str, days: list[date]) -> dict[tuple[date, int], datetime]:
    """The oracle: the first instant at which a local clock shows each hour, or one after it."""
    where = ZoneInfo(zone)
    at = datetime.combine(days[0], datetime.min.time(), UTC) - timedelta(days=1)
    end = datetime.combine(days[-1], datetime.min.time(), UTC) + timedelta(days=2)
    found: dict[tuple[date, int], datetime] = {}
    latest: dict[date, int] = {}  # the hour up to which a day has been seen
    while at < end:
        local = at.astimezone(where)
        for hour in range(latest.get(local.date(), -1) + 1, local.hour + 1):
            found[local.date(), hour] = at
            latest[local.date()] = hour
        at += STEP
    return found


def check_hours(zone: str, days: list[date], verdict: Verdict) -> None:
    """Compare every sending hour of every day with the oracle."""
    oracle = local_hours(zone, days)
    for day in days:
        for hour in HOURS:
            right = hour_start(day, hour, zone) == oracle.get((day, hour))
            verdict.count("wrong_instants", int(not right))


@dataclass
class Played:
    """What a simulated worker did: when each day was opened, and at how many moments it looked."""

    opened: dict[date, list[datetime]] = field(default_factory=dict)
    looked: list[datetime] = field(default_factory=list)
    most_at_once: int = 0


def moments(days: list[date], rng: random.Random) -> Iterator[datetime]:
    """When the worker looks: every round, but for five days down, and with jumps of the clock."""
    start = datetime.combine(days[0], datetime.min.time(), UTC) - timedelta(days=1)
    end = datetime.combine(days[-1], datetime.min.time(), UTC) + timedelta(days=2)
    down = start + timedelta(days=rng.randrange(100, 600), minutes=rng.randrange(1440))
    at = start
    while at < end:
        if down <= at < down + timedelta(days=DOWN_DAYS):
            at = down + timedelta(days=DOWN_DAYS)
        yield at
        if rng.random() < 0.001:  # a clock set back and forth by up to an hour and a half
            yield at - timedelta(minutes=rng.randrange(90))
        at += ROUND


def play(zone: str, days: list[date], rng: random.Random) -> tuple[Played, list[datetime]]:
    """Run the worker's day rules over two years. Returns what it did and when it looked."""
    document = an_experiment().model_dump(mode="json") | {"zone": zone}
    experiment = Experiment.model_validate(document)
    played = Played()
    clock = FixedClock(datetime(2000, 1, 1, tzinfo=UTC))
    lake = SimpleNamespace(latest_day=lambda *_: None)
    console = SimpleNamespace(clock=clock, lake=lake, database=None)
    place = cast(Workplace, SimpleNamespace(console=console))
    closed: set[date] = set()

    def open_day(_place: Any, _experiment: Any, day: date) -> None:
        played.opened.setdefault(day, []).append(clock.now())

    with ExitStack() as stack:
        for name, stand_in in {
            "open_day": open_day,
            "is_open": lambda _c, _id, day: day in played.opened,
            "is_closed": lambda _c, _id, day: day in closed,
            "close_day": lambda _p, _e, day: closed.add(day),
            "send_due": lambda _p, _id: False,
            "settle_open": lambda _p, _e: 0,
            "load_version": lambda _d, _id: experiment,
        }.items():
            stack.enter_context(mock.patch.object(worker, name, stand_in))
        stack.enter_context(mock.patch.object(worker, "Alarms"))
        running = worker.Worker(place)
        for at in moments(days, rng):
            clock.set(at)
            played.looked.append(at)
            if rng.random() < 0.01:
                running = worker.Worker(place)  # a restart: nothing remembered
            before = sum(map(len, played.opened.values()))
            running._advance(experiment.id, days[0])
            now = sum(map(len, played.opened.values()))
            played.most_at_once = max(played.most_at_once, now - before)
    return played, sorted(played.looked)


def check_days(zone: str, days: list[date], rng: random.Random, verdict: Verdict) -> None:
    """Hold what was opened against what could have been."""
    played, looked = play(zone, days, rng)
    document = an_experiment().model_dump(mode="json") | {"zone": zone}
    experiment = Experiment.model_validate(document)
    console = cast(Any, SimpleNamespace(lake=SimpleNamespace(latest_day=lambda *_: None)))
    where = ZoneInfo(zone)
    for day in days:
        opened = played.opened.get(day, [])
        verdict.count("double_days", int(len(opened) > 1))
        verdict.count(
            "opened_on_a_later_day",
            sum(1 for at in opened if at.astimezone(where).date() > day),
        )
        if hour_start(day, HOURS[2], zone) is None:
            continue  # a day the zone does not have
        start = cycle.cycle_start(console, experiment, day)
        had_a_chance = _any_between(looked, start, start + LONG_ENOUGH)
        verdict.count("missed_days", int(had_a_chance and not opened))
    verdict.count("floods", int(played.most_at_once > 1))


def _any_between(moments_in_order: list[datetime], start: datetime, end: datetime) -> bool:
    at = bisect_left(moments_in_order, start)
    return at < len(moments_in_order) and moments_in_order[at] < end


def calendar(n_days: int = N_DAYS, zones: tuple[str, ...] = ZONES, seed: int = 0) -> Verdict:
    """Check hours and days of every zone."""
    verdict = Verdict("calendar", targets={"missed": "0", "double": "0", "floods": "0"})
    days = [FIRST_DAY + timedelta(days=n) for n in range(n_days)]
    rng = random.Random(seed)
    for zone in zones:
        check_hours(zone, days, verdict)
        check_days(zone, days, rng, verdict)
        verdict.n += n_days
    verdict.figures |= {"zones": len(zones), "days": n_days, "hours_a_day": len(HOURS)}
    return verdict


def main() -> int:
    """Print the verdict; exit 1 where a promise was broken."""
    options = argparse.ArgumentParser(description="Two years of decision days in forty zones.")
    options.add_argument("--days", type=int, default=N_DAYS)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    return show(calendar(chosen.days, seed=chosen.seed), as_json=chosen.json)


if __name__ == "__main__":
    sys.exit(main())
