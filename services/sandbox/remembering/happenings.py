"""Events become counters: profiles and daily series take in what has come due."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.sandbox.remembering.profiles import (
    CLICKED_EMAIL,
    CONVERTED,
    COUNTED,
    OPENED_EMAIL,
    OPENED_PUSH,
    Profiles,
)
from services.sandbox.remembering.series import Series
from services.sandbox.world.behaviour import BROWSE, CLICK, OPEN, ORDER, SPAM, STEP, UNSUBSCRIBE
from services.sandbox.world.people import DAY_S, UNSUBSCRIBED, People

CONVERSION_WINDOW_S = 3 * DAY_S  # of every campaign and Canvas of the sandbox
EMAIL, SMS, PUSH = range(3)


class Happenings:
    """Applies batches of events. Batches may be cut anywhere: the sums come out the same."""

    def __init__(
        self,
        people: People,
        profiles: Profiles,
        series: Series,
        *,
        stream_channel: NDArray[np.int8],
        stream_step: NDArray[np.int64],
        conversion_event: str,
        engagement_event: str,
        browse_event: str,
        sms_attribute: str | None,
    ) -> None:
        self._people = people
        self._profiles = profiles
        self._series = series
        self._channel = stream_channel
        self._step = stream_step
        self._conversion = profiles.events.column(conversion_event)
        self._engagement = profiles.events.column(engagement_event)
        self._browse = profiles.events.column(browse_event)
        self._sms_attribute = sms_attribute

    def take_in(self, batch: NDArray[np.void]) -> None:
        """Apply EVENT records that have come due, oldest first."""
        for kind, apply in (
            (OPEN, self._opened),
            (CLICK, self._clicked),
            (UNSUBSCRIBE, self._left),
            (SPAM, self._marked_spam),
            (BROWSE, self._browsed),
            (STEP, self._stepped),
            (ORDER, self._ordered),
        ):
            part = batch[batch["kind"] == kind]
            if len(part):
                apply(part)

    def _opened(self, e: NDArray[np.void]) -> None:
        days = _days(e)
        self._series.add("unique_opens", e["stream"], days)
        self._series.add("opens", e["stream"], days, e["amount"])
        push = self._channel[e["stream"]] == PUSH
        flag = np.where(push, OPENED_PUSH, OPENED_EMAIL).astype(np.uint8)
        np.bitwise_or.at(self._profiles.flags, (e["person"], e["target"]), flag)

    def _clicked(self, e: NDArray[np.void]) -> None:
        days = _days(e)
        self._series.add("unique_clicks", e["stream"], days)
        self._series.add("clicks", e["stream"], days, e["amount"])
        mail = e[self._channel[e["stream"]] == EMAIL]
        np.bitwise_or.at(
            self._profiles.flags, (mail["person"], mail["target"]), np.uint8(CLICKED_EMAIL)
        )
        self._profiles.events.add(e["person"], self._engagement, e["at"])

    def _left(self, e: NDArray[np.void]) -> None:
        self._series.add("unsubscribes", e["stream"], _days(e))
        channel = self._channel[e["stream"]]
        self._people.email_state[e["person"][channel == EMAIL]] = UNSUBSCRIBED
        self._people.push_state[e["person"][channel == PUSH]] = UNSUBSCRIBED
        if self._sms_attribute is not None:
            column = self._people.columns[self._sms_attribute]
            column.values[e["person"][channel == SMS]] = 0.0

    def _marked_spam(self, e: NDArray[np.void]) -> None:
        self._series.add("reported_spam", e["stream"], _days(e))
        self._people.email_state[e["person"]] = UNSUBSCRIBED

    def _browsed(self, e: NDArray[np.void]) -> None:
        at_s = np.ascontiguousarray(e["at"])
        self._profiles.events.add(e["person"], self._browse, at_s)

    def _stepped(self, e: NDArray[np.void]) -> None:
        """A later Canvas step is due: it goes out unless the person has left meanwhile."""
        state = self._people.email_state[e["person"]]
        e = e[(state == 1) | (state == 2)]
        days = _days(e)
        for counter in ("sent", "delivered"):
            self._series.add(counter, e["stream"], days)
        self._profiles.step_received[e["person"], self._step[e["stream"]]] = e["at"]

    def _ordered(self, e: NDArray[np.void]) -> None:
        profiles, person = self._profiles, e["person"].astype(np.int64)
        at_s = np.ascontiguousarray(e["at"])
        profiles.count_orders(person, at_s)
        profiles.events.add(person, self._conversion, at_s)
        profiles.purchases.add(person, e["product"], at_s)
        np.add.at(profiles.revenue_cents, person, np.ascontiguousarray(e["amount"]))
        since = e["at"][:, None] - profiles.received[person]
        order, target = np.nonzero((since >= 0) & (since <= CONVERSION_WINDOW_S))
        if not len(order):
            return
        buyer, days = person[order], _days(e)[order]
        stream = profiles.stream_of_receipt[buyer, target].astype(np.int64)
        self._series.add("revenue_cents", stream, days, e["amount"][order])
        fresh = (profiles.flags[buyer, target] & COUNTED) == 0
        buyer, target, stream, days = buyer[fresh], target[fresh], stream[fresh], days[fresh]
        _, first = np.unique(buyer * profiles.received.shape[1] + target, return_index=True)
        buyer, target, stream, days = buyer[first], target[first], stream[first], days[first]
        profiles.flags[buyer, target] |= CONVERTED | COUNTED
        self._series.add("conversions", stream, days)
        sent_days = (profiles.received[buyer, target] // DAY_S).astype(np.int64)
        self._series.add("conversions_by_send_time", stream, sent_days)


def _days(e: NDArray[np.void]) -> NDArray[np.int64]:
    return np.asarray((e["at"] // DAY_S).astype(np.int64))
