"""What becomes of each recipient of a request, before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.sandbox.remembering.catalogue import Stream, Target
from services.sandbox.remembering.membership import Membership
from services.sandbox.remembering.outbox import Fate
from services.sandbox.remembering.profiles import Profiles
from services.sandbox.remembering.reach import Reach, States
from services.sandbox.remembering.send_ids import SendGroup
from services.sandbox.remembering.series import day_of
from services.sandbox.world.hashing import key_of, uniforms
from services.sandbox.world.people import DAY_S, People


@dataclass(frozen=True)
class Terms:
    """What a request says about its messages.

    streams   its variations, one for each person; None: Braze draws one
    states    subscription states that are written to
    uncapped  frequency caps are overridden
    group     the send id it is counted for
    """

    streams: tuple[Stream, ...] | None = None
    states: States = "subscribed"
    uncapped: bool = False
    group: SendGroup | None = None


@dataclass(frozen=True)
class Fates:
    """Draws variations and control groups, and finds out who gets nothing and why."""

    people: People
    profiles: Profiles
    membership: Membership
    reach: Reach

    def drawn(self, target: Target, people: NDArray[np.int64], n: int) -> NDArray[np.int64] | None:
        """Which of `n` variations each person gets, always the same one; None where n is 1."""
        if n == 1:
            return None
        u = uniforms(key_of(self.people.seed, target.id, "variation"), people)
        return np.asarray((u * n).astype(np.int64))

    def of(
        self,
        target: Target,
        entries: tuple[Stream, ...],
        drawn: NDArray[np.int64] | None,
        people: NDArray[np.int64],
        at_s: float,
        terms: Terms,
        inside: NDArray[np.bool_] | None,
        twins: Sequence[int],
    ) -> NDArray[np.int8]:
        """The fate of each recipient, int8 (n,): SENT, CONTROL_GROUP or why there is no message.

        people  rows, -1 for nobody
        inside  bool (n,), who is in the audience asked for; None = everybody
        twins   positions whose e-mail address an earlier recipient has
        """
        spec = target.spec
        fates = np.full(len(people), Fate.SENT, np.int8)
        received = self.profiles.received
        if spec.reeligible_days:
            since = at_s - received[people, target.index]
            fates[since < spec.reeligible_days * DAY_S] = Fate.NOT_REELIGIBLE
        for position, stream in enumerate(entries):
            reached = self.reach.reachable(stream.channel, people, at_s, terms.states)
            fates[~reached if drawn is None else ~reached & (drawn == position)] = Fate.UNREACHABLE
        if spec.segment is not None:
            wanted = self.membership.in_segment(spec.segment, people, at_s)
            inside = wanted if inside is None else inside & wanted
        if inside is not None:
            fates[~inside] = Fate.OUTSIDE_AUDIENCE
        _, first = np.unique(people, return_index=True)
        repeated = np.ones(len(people), bool)
        repeated[first] = False
        for position in twins:
            stream = entries[0 if drawn is None else drawn[position]]
            repeated[position] |= stream.channel == "email"
        fates[repeated] = Fate.REPEATED_IN_REQUEST
        fates[people < 0] = Fate.UNKNOWN_PERSON
        if target.control is not None:
            held = uniforms(key_of(self.people.seed, target.id), people) < spec.control_share
            fates[held & (fates == Fate.SENT)] = Fate.CONTROL_GROUP
        if spec.daily_cap and not terms.uncapped:
            today = (received[people] >= day_of(at_s) * DAY_S).sum(axis=1)
            fates[(today >= spec.daily_cap) & (fates == Fate.SENT)] = Fate.FREQUENCY_CAPPED
        if not target.live:
            fates[:] = Fate.INACTIVE
        return fates
