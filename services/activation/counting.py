"""Does Braze count more messages than we sent? Then somebody else sends too, or we sent twice.

Braze's daily counts are compared with the ledger (RELIABILITY P12). Its days are those of the
workspace's zone, which no endpoint says: so the counts are in order if *one* offset from UTC exists
under which no day has more messages than went out in it. Braze may count fewer: caps, opt-outs and
quiet hours drop people after they were accepted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from services.activation.counts.store import OurCount, known_excess, note_excess, our_count
from services.activation.gates.store import target_name
from services.activation.pausing import ITSELF
from services.activation.switches import store as switches
from services.braze.campaigns import campaign_series
from services.braze.canvases import canvas_series
from services.braze.client import BrazeClient
from services.clock import Clock
from services.database.engine import Database
from services.experiment.audit.store import record
from services.experiment.model import Channel, Experiment, Target, TargetKind
from services.messages import msg

DAYS_BACK = 2  # the day before yesterday still changes a little
DELIVERY_S = 2 * 3600.0  # a message accepted before midnight may be counted after it
STEP_S = 1800  # offsets from UTC are multiples of half an hour, but for a few quarters
OFFSETS_S = tuple(sorted(range(-12 * 3600, 14 * 3600 + 1, STEP_S), key=abs))  # nearest first
DAY_S = 86_400.0
# Push is counted for each device, so it says nothing about how many people were sent to.
COUNTED = frozenset({Channel.EMAIL, Channel.SMS})

Counts = Mapping[date, int]  # messages by Braze's day


@dataclass(frozen=True)
class Excess:
    """A day on which Braze counts more messages through a target than we sent."""

    target: str
    day: date
    theirs: int
    ours: int

    @property
    def n(self) -> int:
        """How many more."""
        return self.theirs - self.ours


def ask_braze(client: BrazeClient, target: Target, first: date, last: date) -> Counts:
    """Messages (or Canvas entries) that Braze counts on each day. Raises BrazeError."""
    found: dict[date, int] = {}
    if target.kind is TargetKind.CANVAS:
        rows = canvas_series(client, target.id, first, last)
        rows = [r for r in rows if r.counter == "entries" and not (r.variation_id or r.step)]
    else:
        rows = campaign_series(client, target.id, first, last)
        rows = [r for r in rows if r.counter == "sent" and r.channel]
    for row in rows:
        found[row.day] = found.get(row.day, 0) + int(row.value)
    return found


def watch_counts(
    database: Database,
    clock: Clock,
    client: BrazeClient,
    workspace: str,
    experiments: Sequence[Experiment],
    *,
    ask: Callable[[BrazeClient, Target, date, date], Counts] = ask_braze,
) -> list[Excess]:
    """Compare the last days of every target, and pause everything where Braze counts more.

    Returns the excesses that were not known before. Each stops sending once; it does so again only
    if it grows after a person has resumed. Raises BrazeError.
    """
    now = clock.now()
    first = now.date() - timedelta(days=DAYS_BACK)
    last = now.date() + timedelta(days=1)
    found: list[Excess] = []
    targets = {(t.kind, t.id): t for e in experiments for t in e.targets if _is_counted(t)}
    for target in targets.values():
        since = _start(first, max(OFFSETS_S)) - DELIVERY_S
        ours = our_count(database, workspace, target.kind, target.id, since)
        if ours.first_at is None:
            continue
        from_day = max(first, datetime.fromtimestamp(ours.first_at, UTC).date())
        counted = ask(client, target, first, last)
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        theirs = {day: counted.get(day, 0) for day in days if day >= from_day}
        name = target_name(target.kind, target.id)
        known = known_excess(database, workspace, name)
        found += [e for e in compare(name, theirs, ours) if e.n > known.get(e.day, 0)]
    if found:
        _stop(database, clock, workspace, found)
    return found


def compare(target: str, theirs: Counts, ours: OurCount) -> list[Excess]:
    """The days with more messages at Braze than by our record, under the kindest offset. Pure."""
    best: list[Excess] | None = None
    for offset in OFFSETS_S:
        found = _excesses(target, theirs, ours, offset)
        if not found:
            return []
        if best is None or sum(e.n for e in found) < sum(e.n for e in best):
            best = found
    return best or []


def _is_counted(target: Target) -> bool:
    return target.channel in COUNTED and target.kind is not TargetKind.PROFILE


def _excesses(target: str, theirs: Counts, ours: OurCount, offset_s: int) -> list[Excess]:
    """As `compare`, under one offset. What went out shortly before midnight counts on one of the
    two days, never on both."""
    found: list[Excess] = []
    spare = 0  # of the evening before, not needed for that day's count
    for n, day in enumerate(sorted(theirs)):
        start = _start(day, offset_s)
        evening = start + DAY_S - DELIVERY_S
        if n == 0:
            spare = _between(ours, start - DELIVERY_S, start)
        early, late = _between(ours, start, evening), _between(ours, evening, start + DAY_S)
        needed = max(theirs[day] - early - spare, 0)
        if needed > late:
            found.append(Excess(target, day, theirs[day], early + spare + late))
        spare = max(late - needed, 0)
    return found


def _between(ours: OurCount, start: float, end: float) -> int:
    return sum(n for at, n in ours.sent if start <= at < end)


def _start(day: date, offset_s: int) -> float:
    return datetime.combine(day, time(), UTC).timestamp() - offset_s


def _stop(database: Database, clock: Clock, workspace: str, found: Sequence[Excess]) -> None:
    now = clock.now().timestamp()
    worst = max(found, key=lambda e: e.n)
    why = msg(
        "On {day} Braze counts {theirs} messages through {target}, and our record only {ours}. "
        "Another sender uses it, or messages went out twice.",
        day=worst.day,
        theirs=worst.theirs,
        target=worst.target,
        ours=worst.ours,
    )
    detail = [
        {"target": e.target, "day": e.day.isoformat(), "theirs": e.theirs, "ours": e.ours}
        for e in found
    ]
    with database.write() as connection:
        for excess in found:
            note_excess(connection, workspace, excess.target, excess.day, excess.n, now)
        if not switches.pauses(connection, (switches.EVERYTHING,)):
            switches.set_pause(
                connection,
                switches.EVERYTHING,
                True,
                by=ITSELF,
                reason=str(why),
                at=now,
                automatic=True,
            )
        what = {"reason": str(why), "counts": detail}
        record(connection, clock, ITSELF, "sending.stopped", switches.EVERYTHING, what)
