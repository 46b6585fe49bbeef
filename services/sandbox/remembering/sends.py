"""One accepted send: who gets it, who does not, and what will follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from services.sandbox.remembering.catalogue import Catalogue, Stream, Target
from services.sandbox.remembering.outbox import Fate, Outbox
from services.sandbox.remembering.pending import Pending
from services.sandbox.remembering.profiles import COUNTED, IN_CONTROL, Profiles
from services.sandbox.remembering.series import Series, day_of
from services.sandbox.world.behaviour import STEP, events, responses
from services.sandbox.world.hashing import key_of, uniforms
from services.sandbox.world.model import CHANNELS, World
from services.sandbox.world.people import DAY_S, People
from services.sandbox.world.preferences import FATIGUE_DAYS, Encoded, Preferences, probability

OWN_MESSAGES = 1 << 40  # running numbers of what the sandbox itself sends start here


@dataclass
class Sends:
    """Sends messages into the world."""

    world: World
    people: People
    profiles: Profiles
    series: Series
    pending: Pending
    preferences: Preferences
    catalogue: Catalogue
    outbox: Outbox

    def __post_init__(self) -> None:
        self._own = OWN_MESSAGES

    def accept(
        self,
        target: Target,
        stream: Stream,
        rows: Sequence[int],
        unknown: dict[int, str],
        properties: Sequence[dict[str, Any]],
        *,
        at_s: float,
        dispatch_id: str,
        active: bool,
        all_states: bool = False,
    ) -> None:
        """Log one request and let its messages go out. `rows` holds -1 at `unknown` positions."""
        people = np.asarray(rows, dtype=np.int64)
        fates = np.full(len(people), Fate.SENT, np.int8)
        _, first = np.unique(people, return_index=True)
        repeated = np.ones(len(people), bool)
        repeated[first] = False
        reachable = self.preferences.reachable(stream.channel) & self.people.alive(at_s)
        fates[~reachable[people] & (not all_states)] = Fate.UNREACHABLE
        fates[repeated] = Fate.REPEATED_IN_REQUEST
        fates[people < 0] = Fate.UNKNOWN_PERSON
        if target.control is not None:
            share = target.campaign.control_share
            held = uniforms(key_of(self.people.seed, target.id), people) < share
            fates[held & (fates == Fate.SENT)] = Fate.CONTROL_GROUP
        if not active:
            fates[:] = Fate.INACTIVE
        numbers = [self.outbox.intern(p) for p in properties]
        go = fates == Fate.SENT
        serial = len(self.outbox) + np.flatnonzero(go)
        encode = self.preferences.encode
        encoded = [encode(own) for own, goes in zip(properties, go.tolist(), strict=True) if goes]
        bounced = self.deliver(target, stream, people[go], encoded, serial, at_s)
        fates[np.flatnonzero(go)[bounced]] = Fate.BOUNCED
        if target.control is not None:
            self._enrol(target, target.control, people[fates == Fate.CONTROL_GROUP], at_s)
        self.outbox.append(
            people=people.tolist(),
            fates=fates.tolist(),
            properties=numbers,
            target=target.index,
            channel=CHANNELS.index(stream.channel),
            at_s=at_s,
            dispatch_id=dispatch_id,
            unknown=unknown,
        )

    def send_weekly(self, target: Target, rows: NDArray[np.int64], at_s: float) -> None:
        """A campaign of the workspace's own goes out; it is no part of the truth log."""
        stream = target.streams[0]
        rows = rows[self.preferences.reachable(stream.channel)[rows]]
        serial = self._own + np.arange(len(rows))
        self._own += len(rows)
        self.deliver(target, stream, rows, [self.preferences.encode({})] * len(rows), serial, at_s)

    def deliver(
        self,
        target: Target,
        stream: Stream,
        rows: NDArray[np.int64],
        encoded: Sequence[Encoded],
        serial: NDArray[np.int64],
        at_s: float,
    ) -> NDArray[np.bool_]:
        """Send to people who can be reached, each once. Returns who bounced, bool (n,)."""
        if not len(rows):
            return np.zeros(0, bool)
        logits = self._logits(rows, encoded, stream.channel, at_s)
        bounced, batch = responses(
            self.world,
            self.people,
            message=serial,
            rows=rows,
            chance=probability(logits),
            lift=logits - self.world.base_logit,
            basket_factor=np.array([e.basket_factor for e in encoded]),
            channel=stream.channel,
            at_s=at_s,
            stream=stream.index,
            target=target.index,
        )
        self.pending.add(batch)
        day, n = day_of(at_s), len(rows)
        counted = stream if target.own is None else target.own
        earlier = self.profiles.received[rows, target.index]
        fresh = int(n - np.sum(earlier >= day * DAY_S))
        self.series.add("unique_recipients", counted.index, day, fresh)
        if target.own is not None:
            self.series.add("entries", target.own.index, day, n)
        self.series.add("sent", stream.index, day, n)
        self.series.add("delivered", stream.index, day, n - int(bounced.sum()))
        self.series.add("bounces", stream.index, day, int(bounced.sum()))
        self._receive(target, stream, counted, rows, at_s)
        self.profiles.fatigue[rows] = self._fatigue(rows, at_s) + 1
        self.profiles.fatigue_at[rows] = at_s
        for later in target.streams[1:] if target.own is not None else ():
            due = events(n)
            due["kind"], due["person"] = STEP, rows
            due["stream"], due["target"] = later.index, target.index
            due["at"] = at_s + later.delay_days * DAY_S
            self.pending.add(due)
        return bounced

    def _receive(
        self, target: Target, stream: Stream, counted: Stream, rows: NDArray[np.int64], at_s: float
    ) -> None:
        profiles, column = self.profiles, target.index
        profiles.received[rows, column] = at_s
        profiles.flags[rows, column] &= np.uint8(~COUNTED & 0xFF)
        profiles.stream_of_receipt[rows, column] = counted.index
        if stream.step >= 0:
            profiles.step_received[rows, stream.step] = at_s

    def _enrol(self, target: Target, control: Stream, rows: NDArray[np.int64], at_s: float) -> None:
        if not len(rows):
            return
        self.series.add("enrolled", control.index, day_of(at_s), len(rows))
        self.series.add("unique_recipients", control.index, day_of(at_s), len(rows))
        self._receive(target, control, control, rows, at_s)
        self.profiles.flags[rows, target.index] |= IN_CONTROL

    def _fatigue(self, rows: NDArray[np.int64], at_s: float) -> NDArray[np.float32]:
        elapsed = at_s - self.profiles.fatigue_at[rows]
        return np.asarray(
            self.profiles.fatigue[rows] * np.exp(-elapsed / (FATIGUE_DAYS * DAY_S)), np.float32
        )

    def _logits(
        self, rows: NDArray[np.int64], encoded: Sequence[Encoded], channel: str, at_s: float
    ) -> NDArray[np.float64]:
        """Logit of each message, float (n,): its person with its own combination."""
        own = self.preferences.own_logits(
            rows,
            np.array([e.options for e in encoded], np.int16),
            np.array([e.strange for e in encoded]),
            CHANNELS.index(channel),
            self.local_hours(at_s)[self.people.zone[rows]],
        )
        return np.asarray(own - self.world.fatigue_logit * self._fatigue(rows, at_s))

    def local_hours(self, at_s: float) -> NDArray[np.int8]:
        """Hour of the day in each of the world's zones, int (n_zones,)."""
        moment = datetime.fromtimestamp(at_s, UTC)
        return np.array(
            [moment.astimezone(ZoneInfo(zone)).hour for zone, *_ in self.world.zones], np.int8
        )
