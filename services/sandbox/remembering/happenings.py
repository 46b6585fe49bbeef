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
from services.sandbox.remembering.send_ids import SendIds
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
        send_ids: SendIds,
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
        self._send_ids = send_ids
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
        stream = self._count("unique_opens", e)
        self._count("opens", e, e["amount"])
        channel = self._channel[stream]
        flag = np.select([channel == PUSH, channel == EMAIL], [OPENED_PUSH, OPENED_EMAIL], 0)
        np.bitwise_or.at(self._profiles.flags, (e["person"], e["target"]), flag.astype(np.uint8))

    def _clicked(self, e: NDArray[np.void]) -> None:
        stream = self._count("unique_clicks", e)
        self._count("clicks", e, e["amount"])
        mail = e[self._channel[stream] == EMAIL]
        np.bitwise_or.at(
            self._profiles.flags, (mail["person"], mail["target"]), np.uint8(CLICKED_EMAIL)
        )
        self._profiles.events.add(e["person"], self._engagement, e["at"])

    def _left(self, e: NDArray[np.void]) -> None:
        channel = self._channel[self._count("unsubscribes", e)]
        self._people.email_state[e["person"][channel == EMAIL]] = UNSUBSCRIBED
        self._people.push_state[e["person"][channel == PUSH]] = UNSUBSCRIBED
        if self._sms_attribute is not None:
            column = self._people.columns[self._sms_attribute]
            column.values[e["person"][channel == SMS]] = 0.0

    def _marked_spam(self, e: NDArray[np.void]) -> None:
        self._count("reported_spam", e)
        self._people.email_state[e["person"]] = UNSUBSCRIBED

    def _count(
        self, counter: str, e: NDArray[np.void], amount: NDArray[np.int64] | int = 1
    ) -> NDArray[np.int64]:
        """Count for the variation, and for the send id a message had. Returns the variations."""
        book, days = e["stream"].astype(np.int64), _days(e)
        stream = self._send_ids.stream_of_book[book]
        self._series.add(counter, stream, days, amount)
        own = book != stream
        if own.any():
            of_own = amount if isinstance(amount, int) else amount[own]
            self._series.add(counter, book[own], days[own], of_own)
        return stream

    def _browsed(self, e: NDArray[np.void]) -> None:
        at_s = np.ascontiguousarray(e["at"])
        self._profiles.events.add(e["person"], self._browse, at_s)

    def _stepped(self, e: NDArray[np.void]) -> None:
        """A later Canvas step is due: it goes out unless the person has left meanwhile."""
        push = self._channel[e["stream"]] == PUSH
        people, person = self._people, e["person"]
        state = np.where(push, people.push_state[person], people.email_state[person])
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
        if len(self._send_ids):
            self._of_send_ids("revenue_cents", buyer, target, stream, days, e["amount"][order])
        fresh = (profiles.flags[buyer, target] & COUNTED) == 0
        buyer, target, stream, days = buyer[fresh], target[fresh], stream[fresh], days[fresh]
        _, first = np.unique(buyer * profiles.received.shape[1] + target, return_index=True)
        buyer, target, stream, days = buyer[first], target[first], stream[first], days[first]
        profiles.flags[buyer, target] |= CONVERTED | COUNTED
        self._series.add("conversions", stream, days)
        sent_days = (profiles.received[buyer, target] // DAY_S).astype(np.int64)
        self._series.add("conversions_by_send_time", stream, sent_days)
        if len(self._send_ids):
            self._of_send_ids("conversions", buyer, target, stream, days)
            self._of_send_ids("conversions_by_send_time", buyer, target, stream, sent_days)

    def _of_send_ids(
        self,
        counter: str,
        buyer: NDArray[np.int64],
        target: NDArray[np.int64],
        stream: NDArray[np.int64],
        days: NDArray[np.int64],
        amount: NDArray[np.int64] | int = 1,
    ) -> None:
        """An order counts for the latest send id of the campaign its buyer has received."""
        book = self._send_ids.books_of_receipt(buyer, target, stream)
        own = book >= 0
        of_own = amount if isinstance(amount, int) else amount[own]
        self._series.add(counter, book[own], days[own], of_own)


def _days(e: NDArray[np.void]) -> NDArray[np.int64]:
    return np.asarray((e["at"] // DAY_S).astype(np.int64))
