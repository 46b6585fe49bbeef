"""Who can get a message on a channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from services.sandbox.world.model import World
from services.sandbox.world.people import OPTED_IN, SUBSCRIBED, People

States = Literal["subscribed", "opted_in", "all"]


@dataclass(frozen=True)
class Reach:
    """Consent of one world's people. E-mail and push have a subscription state; text messages and
    WhatsApp need the world's attribute, content cards the app; a webhook concerns everybody."""

    world: World
    people: People

    def reachable(
        self, channel: str, rows: NDArray[np.int64], at_s: float, states: States = "subscribed"
    ) -> NDArray[np.bool_]:
        """Who of `rows` has a profile at `at_s` and may be written to, bool (n,)."""
        alive = np.asarray(self.people.created_s[rows] <= at_s)
        alive &= self.people.random_bucket[rows] >= self.people.held_buckets
        return alive if states == "all" else alive & self.states(channel, rows, states)

    def states(
        self, channel: str, rows: NDArray[np.int64], states: States = "subscribed"
    ) -> NDArray[np.bool_]:
        """Who of `rows` has agreed to a channel, bool (n,)."""
        match channel:
            case "email" | "push":
                people = self.people
                held = (people.email_state if channel == "email" else people.push_state)[rows]
                wanted = held == OPTED_IN
                return np.asarray(wanted if states == "opted_in" else wanted | (held == SUBSCRIBED))
            case "sms" | "whats_app":
                return self._flag(self.world.sms_attribute, rows)
            case "content_cards" | "in_app" if self.world.app_attribute is not None:
                return self._flag(self.world.app_attribute, rows)
        return np.ones(len(rows), bool)

    def _flag(self, name: str | None, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        if name is None or name not in self.people.columns:
            return np.zeros(len(rows), bool)
        return np.asarray(self.people.columns[name].values[rows] == 1)
