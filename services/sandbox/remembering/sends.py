"""One accepted send: who gets it, who does not, and what will follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from services.sandbox.remembering.catalogue import Stream, Target
from services.sandbox.remembering.fates import Fates, Terms
from services.sandbox.remembering.membership import Membership
from services.sandbox.remembering.outbox import Fate, Outbox
from services.sandbox.remembering.pending import Pending
from services.sandbox.remembering.profiles import COUNTED, IN_CONTROL, Profiles
from services.sandbox.remembering.reach import Reach
from services.sandbox.remembering.send_ids import SendGroup, SendIds
from services.sandbox.remembering.series import Series, day_of
from services.sandbox.world.behaviour import STEP, events, responses
from services.sandbox.world.model import CHANNELS, MESSAGE_CHANNELS, World
from services.sandbox.world.people import DAY_S, People
from services.sandbox.world.preferences import FATIGUE_DAYS, Encoded, Preferences, probability

MAX_ENCODED = 20_000  # sets of properties whose meaning is remembered
OWN_MESSAGES = 1 << 40  # running numbers of what the sandbox itself sends start here
# Channels without preferences of their own are answered like another one; nobody answers a webhook.
ANSWERED_LIKE = {c: c for c in CHANNELS} | {"content_cards": "push", "whats_app": "push"}


@dataclass
class Sends:
    """Sends messages into the world."""

    world: World
    people: People
    profiles: Profiles
    series: Series
    pending: Pending
    preferences: Preferences
    membership: Membership
    outbox: Outbox
    send_ids: SendIds
    reach: Reach

    def __post_init__(self) -> None:
        self._own = OWN_MESSAGES
        self._encoded: dict[int, Encoded] = {}
        self.fates = Fates(self.people, self.profiles, self.membership, self.reach)

    def accept(
        self,
        target: Target,
        rows: Sequence[int],
        names: dict[int, str],
        properties: Sequence[dict[str, Any]],
        *,
        at_s: float,
        dispatch_id: str,
        terms: Terms,
        inside: NDArray[np.bool_] | None = None,
        twins: Sequence[int] = (),
    ) -> None:
        """Log one request and let its messages go out.

        rows        int (n,), -1 where a recipient leads to nobody
        names       position → identifier, for recipients the log cannot name by their row
        properties  one set for each recipient
        inside      bool (n,), who is in the audience the request asks for; None = everybody
        twins       positions whose e-mail address an earlier recipient has
        """
        people = np.asarray(rows, dtype=np.int64)
        entries = terms.streams or target.entries
        drawn = self.fates.drawn(target, people, len(entries))
        fates = self.fates.of(target, entries, drawn, people, at_s, terms, inside, twins)
        sent = np.flatnonzero(fates == Fate.SENT)
        first, numbers = len(self.outbox), [self.outbox.intern(p) for p in properties]
        for position, stream in enumerate(entries):
            going = sent if drawn is None else sent[drawn[sent] == position]
            bounced = self.deliver(
                target,
                stream,
                people[going],
                [self._read(numbers[i]) for i in going.tolist()],
                first + going,
                at_s,
                terms.group,
            )
            fates[going[bounced]] = Fate.BOUNCED
        if target.control is not None:
            self._enrol(target, target.control, people[fates == Fate.CONTROL_GROUP], at_s)
        channels = np.array([MESSAGE_CHANNELS.index(s.channel) for s in entries])
        self.outbox.append(
            people=people.tolist(),
            fates=fates.tolist(),
            properties=numbers,
            target=target.index,
            channels=channels[np.zeros(len(people), int) if drawn is None else drawn].tolist(),
            at_s=at_s,
            dispatch_id=dispatch_id,
            names=names,
        )

    def send_weekly(self, target: Target, rows: NDArray[np.int64], at_s: float) -> None:
        """A campaign of the workspace's own goes out; it is no part of the truth log."""
        stream = target.streams[0]
        rows = rows[self.reach.states(stream.channel, rows)]
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
        group: SendGroup | None = None,
    ) -> NDArray[np.bool_]:
        """Send to people who can be reached, each once. Returns who bounced, bool (n,)."""
        if not len(rows):
            return np.zeros(0, bool)
        counted = target.variants[stream.variant] if target.variants else stream
        day, n = day_of(at_s), len(rows)
        books = [stream.index]
        if group is not None:
            books.append(self.send_ids.book_of(group, stream.index, at_s))
            self.send_ids.receive(group, rows)
        bounced = self._answers(target, stream, rows, encoded, serial, at_s, books[-1])
        earlier = self.profiles.received[rows, target.index]
        fresh = int(n - np.sum(earlier >= day * DAY_S))
        self.series.add("unique_recipients", counted.index, day, fresh)
        if target.variants:
            self.series.add("entries", counted.index, day, n)
        for book in books:
            self.series.add("sent", book, day, n)
            self.series.add("delivered", book, day, n - int(bounced.sum()))
            self.series.add("bounces", book, day, int(bounced.sum()))
        if group is not None:
            self.series.add("unique_recipients", books[-1], day, fresh)
        self._receive(target, stream, counted, rows, at_s)
        self.profiles.fatigue[rows] = self._fatigue(rows, at_s) + 1
        self.profiles.fatigue_at[rows] = at_s
        if target.variants:
            self._plan_steps(target, stream, rows, at_s)
        return bounced

    def _answers(
        self,
        target: Target,
        stream: Stream,
        rows: NDArray[np.int64],
        encoded: Sequence[Encoded],
        serial: NDArray[np.int64],
        at_s: float,
        book: int,
    ) -> NDArray[np.bool_]:
        """Draw what people will do, into the future. Returns who bounced, bool (n,)."""
        channel = ANSWERED_LIKE.get(stream.channel)
        if channel is None:
            return np.zeros(len(rows), bool)
        logits = self._logits(rows, encoded, channel, at_s)
        bounced, batch = responses(
            self.world,
            self.people,
            message=serial,
            rows=rows,
            chance=probability(logits),
            lift=logits - self.world.base_logit,
            basket_factor=np.array([e.basket_factor for e in encoded]),
            channel=channel,
            at_s=at_s,
            stream=book,
            target=target.index,
        )
        self.pending.add(batch)
        return bounced

    def _plan_steps(
        self, target: Target, entry: Stream, rows: NDArray[np.int64], at_s: float
    ) -> None:
        """Later steps of the variant become due: behind a split only those of the right path."""
        split = target.canvas.split
        yes = None if split is None else self.membership.holds(split.condition, rows, at_s)
        for later in target.streams:
            if later is entry or later.variant != entry.variant:
                continue
            going = rows if later.only is None or yes is None else rows[yes == later.only]
            due = events(len(going))
            due["kind"], due["person"] = STEP, going
            due["stream"], due["target"] = later.index, target.index
            due["at"] = at_s + later.delay_days * DAY_S
            self.pending.add(due)

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
        for counter in ("enrolled", "entries") if target.variants else ("enrolled",):
            self.series.add(counter, control.index, day_of(at_s), len(rows))
        self.series.add("unique_recipients", control.index, day_of(at_s), len(rows))
        self._receive(target, control, control, rows, at_s)
        self.profiles.flags[rows, target.index] |= IN_CONTROL

    def _read(self, number: int) -> Encoded:
        """What a set of properties means to this world; most messages share a few sets."""
        held = self._encoded.get(number)
        if held is None:
            if len(self._encoded) >= MAX_ENCODED:
                self._encoded.clear()
            properties = self.outbox.distinct(number)
            held = self._encoded[number] = self.preferences.encode(properties)
        return held

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
