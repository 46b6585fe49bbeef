"""A Braze workspace with a world behind it: moved forward in time, written to, read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from services.errors import SetupError
from services.messages import msg
from services.sandbox.remembering.accepted import Accepted
from services.sandbox.remembering.activity import Activity
from services.sandbox.remembering.catalogue import catalogue
from services.sandbox.remembering.clock import FROZEN, LIVE, VirtualClock
from services.sandbox.remembering.directory import Directory
from services.sandbox.remembering.happenings import Happenings
from services.sandbox.remembering.history import remember_lifetimes
from services.sandbox.remembering.journal import Entry, Journal
from services.sandbox.remembering.membership import Membership
from services.sandbox.remembering.outbox import Outbox
from services.sandbox.remembering.pending import Pending
from services.sandbox.remembering.plan import Plan
from services.sandbox.remembering.profiles import Profiles
from services.sandbox.remembering.reach import Reach
from services.sandbox.remembering.schedules import Schedules
from services.sandbox.remembering.send_ids import SendIds
from services.sandbox.remembering.sends import Sends
from services.sandbox.remembering.series import Series
from services.sandbox.remembering.templates import Templates
from services.sandbox.remembering.tracking import Tracking
from services.sandbox.world.behaviour import organic_day
from services.sandbox.world.hashing import hex_of, uuid_of
from services.sandbox.world.market import Market
from services.sandbox.world.model import MESSAGE_CHANNELS, World
from services.sandbox.world.people import DAY_S, populate
from services.sandbox.world.preferences import Preferences

WEEKLY_HOUR_S = 9 * 3600


class Workspace:
    """State = seed + journal. `now_s` is the moment up to which everything has happened."""

    def __init__(
        self,
        folder: Path,
        world: World,
        *,
        n_people: int,
        seed: int,
        start_s: float,
        live: bool,
        history_days: int,
    ) -> None:
        self.folder = folder
        self.world = world
        self.seed = seed
        self.journal = Journal(folder / "journal.sqlite")
        start_s = _same_world(
            self.journal,
            world=world.key,
            people=n_people,
            seed=seed,
            history=history_days,
            zones=",".join(zone for zone, *_ in world.zones),
            start_s=start_s,
        )
        self.clock = VirtualClock(folder / "clock.sqlite", start_s, LIVE if live else FROZEN)
        self.start_s = start_s
        first_s = start_s - history_days * DAY_S
        self._day = int(first_s // DAY_S)
        self.first_day = self._day
        self.now_s = float(self._day * DAY_S)

        self.catalogue = catalogue(world, seed)
        self.people = populate(world, n_people, seed, start_s, history_days)
        self.profiles = Profiles(
            self.people,
            len(self.catalogue.targets),
            self.catalogue.n_steps,
            [],
            [p.name for p in world.products],
        )
        self.series = Series(self.catalogue.n_streams, self._day)
        self.pending = Pending()
        self.preferences = Preferences(world, self.people)
        self.market = Market(self.preferences, start_s)
        self.outbox = Outbox()
        self.n_by_others = 0  # people another sender wrote to through our campaigns
        self.membership = Membership(world, self.people, self.profiles)
        self.send_ids = SendIds(self.series, self.catalogue.n_streams)
        self.sends = Sends(
            world,
            self.people,
            self.profiles,
            self.series,
            self.pending,
            self.preferences,
            self.membership,
            self.outbox,
            self.send_ids,
            Reach(world, self.people),
        )
        self.directory = Directory(self.people)
        self.tracking = Tracking(self.people, self.profiles, self.directory)
        self.activity = Activity(world, self.people, self.profiles, self._day)
        self.plan = Plan()
        self.schedules = Schedules([zone for zone, *_ in world.zones])
        self.accepted = Accepted(
            self.people,
            self.catalogue,
            self.directory,
            self.membership,
            self.tracking,
            self.sends,
        )
        self.templates = Templates(world, self.catalogue.template_ids, self.now_s)
        self._happenings = self._make_happenings()
        remember_lifetimes(world, self.people, self.profiles, self.now_s)
        self._start_day(self._day)
        self._advance(start_s)
        for entry in self.journal.entries():
            self._advance(entry.at_s)
            self._apply(entry)
        self.catch_up()

    def catch_up(self) -> float:
        """Let everything happen up to the virtual present. Returns it, epoch seconds."""
        self._advance(self.clock.now_s())
        return self.now_s

    def jump(self, to_s: float) -> None:
        """Simulate up to a later moment, then set the clock there."""
        self._advance(to_s)
        self.clock.jump(to_s)

    def record(self, kind: str, body: dict[str, Any]) -> str:
        """Write an accepted request to the journal, let it take effect, return its dispatch id."""
        now_s = self.catch_up()
        return self._apply(self.journal.append(now_s, kind, body))

    def close(self) -> None:
        """Close the files."""
        self.journal.close()
        self.clock.close()

    def _apply(self, entry: Entry) -> str:
        dispatch_id = hex_of(16, self.world.key, self.seed, "dispatch", entry.seq)
        body = entry.body
        match entry.kind:
            case "send":
                self.accepted.send(body, entry.at_s, dispatch_id)
            case "schedule":
                schedule_id = self.schedule_id(dispatch_id)
                self.schedules.create(schedule_id, dispatch_id, body, entry.at_s)
            case "reschedule":
                self.schedules.update(body["schedule_id"], body["schedule"], entry.at_s)
            case "unschedule":
                self.schedules.delete(body["schedule_id"])
            case "send_id":
                self.send_ids.create(self.catalogue.by_id[body["target"]].index, body["send_id"])
            case "other_sender":
                self._send_by_another(body, entry.at_s)
            case "track":
                self.tracking.queue(body, entry.at_s)
            case "delete":
                self.activity.forget(body["rows"])
                self.tracking.delete(body["rows"])
            case "control_group":
                self.people.held_buckets = body["buckets"]
            case "template":
                template_id = body.get("email_template_id") or uuid_of(self.seed, entry.seq, "mail")
                self.templates.write(str(template_id), body, entry.at_s)
                return str(template_id)
        return dispatch_id

    def schedule_id(self, dispatch_id: str) -> str:
        """The id of a schedule that was created with this dispatch id."""
        return uuid_of(self.world.key, self.seed, "schedule", dispatch_id)

    def _send_by_another(self, body: dict[str, Any], at_s: float) -> None:
        """Somebody else's send: people get it, the counters move, the truth log has none of it."""
        known = {self.people.row_of[name] for name in body["people"] if name in self.people.row_of}
        rows = np.array(sorted(known), dtype=np.int64)
        alive = rows[self.people.created_s[rows] <= at_s]
        self.sends.send_weekly(self.catalogue.by_id[body["target"]], alive, at_s)
        self.n_by_others += len(alive)

    def _advance(self, to_s: float) -> None:
        while True:
            midnight = float((self._day + 1) * DAY_S)
            weekly = self._day * DAY_S + WEEKLY_HOUR_S
            due_s = min(self.schedules.next_s, self.tracking.next_s)
            if self.now_s < weekly <= min(to_s, due_s):
                self._happen(weekly)
                self._send_weekly(weekly)
            elif midnight <= min(to_s, due_s):
                self._happen(midnight)
                self.membership.close_day(self._day, midnight)
                self.activity.close_day(self._day)
                self._day += 1
                self._start_day(self._day)
            elif self.tracking.next_s <= min(to_s, self.schedules.next_s):
                self._happen(due_s)
                self.tracking.write_next()
            elif due_s <= to_s:
                self._happen(due_s)
                scheduled, part = self.schedules.take()
                self.accepted.send(scheduled.body, due_s, scheduled.dispatch_id, part)
            else:
                break
        if to_s > self.now_s:
            self._happen(to_s)

    def _happen(self, to_s: float) -> None:
        batch = self.pending.due(to_s)
        if len(batch):
            self._happenings.take_in(batch)
        self.now_s = to_s

    def _start_day(self, day: int) -> None:
        self.profiles.start_day(day)
        self.market.open_day(day)
        self.pending.add(organic_day(self.world, self.people, day, float(day * DAY_S)))

    def _send_weekly(self, at_s: float) -> None:
        weekday = (self._day + 3) % 7 + 1
        segments = {s.key: s for s in self.world.segments}
        for target in self.catalogue.of_kind("campaign"):
            spec = target.campaign
            if spec.weekly_on == weekday and spec.weekly_segment and target.live:
                rows = self.membership.members(segments[spec.weekly_segment], at_s)
                self.sends.send_weekly(target, rows, at_s)

    def _make_happenings(self) -> Happenings:
        channel = np.zeros(self.catalogue.n_streams, np.int8)
        step = np.full(self.catalogue.n_streams, -1, np.int64)
        for target in self.catalogue.targets:
            for stream in target.streams:
                channel[stream.index] = MESSAGE_CHANNELS.index(stream.channel)
                step[stream.index] = stream.step
        return Happenings(
            self.people,
            self.profiles,
            self.series,
            self.send_ids,
            stream_channel=channel,
            stream_step=step,
            conversion_event=self.world.conversion_event,
            engagement_event=self.world.engagement_event,
            browse_event=self.world.browse_event,
            sms_attribute=self.world.sms_attribute,
        )


def _same_world(
    journal: Journal,
    *,
    world: str,
    people: int,
    seed: int,
    history: int,
    zones: str,
    start_s: float,
) -> float:
    """Check that a folder is opened as it was made. Returns the start it was made with."""
    wanted = {
        "world": world,
        "people": str(people),
        "seed": str(seed),
        "history_days": str(history),
        "zones": zones,
    }
    made = journal.made_with()
    if not made:
        journal.remember_making({**wanted, "start_s": repr(start_s)})
        return start_s
    for name, value in wanted.items():
        if made[name] != value:
            raise SetupError(
                msg(
                    "This home's sandbox was made with {name} {made}, not {wanted}.",
                    name=name,
                    made=made[name],
                    wanted=value,
                ),
                hint=msg("Start it as it was made, or use another home."),
            )
    return float(made["start_s"])
