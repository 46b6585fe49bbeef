"""Who may be messaged today, and why not: before anything is chosen, so that chances stay exact.

Everything here fails closed: what is not positively known counts as no.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any
from zoneinfo import available_timezones

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from services.messages import Message, msg

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
ChannelKey = Any  # "email", "sms" or "push"; equal to the members of the enum of later stages

CONSENTED = ("opted_in", "subscribed")  # Braze sends marketing to both by default
HOUR_S = 3_600.0


class Refusal(StrEnum):
    """Why somebody gets no message today; the first that holds, in this order."""

    NOT_IN_AUDIENCE = "not_in_audience"
    SUPPRESSED = "suppressed"
    NO_CONSENT = "no_consent"
    TOO_SOON = "too_soon"
    TOO_MANY = "too_many"

    @property
    def message(self) -> Message:
        """The reason as a sentence."""
        return _SENTENCES[self]


_SENTENCES = {
    Refusal.NOT_IN_AUDIENCE: msg("Is not in the audience any more"),
    Refusal.SUPPRESSED: msg("Is on the list of people who get nothing"),
    Refusal.NO_CONSENT: msg("Has not agreed to any channel of this experiment"),
    Refusal.TOO_SOON: msg("Got a message too short a time ago"),
    Refusal.TOO_MANY: msg("Has got as many messages as the rules allow"),
}


@dataclass(frozen=True)
class History:
    """Messages that went out or may have, one an entry, from the ledger.

    person  int64 (n,)
    at_s    float64 (n,), epoch seconds at which it was to go out
    day     int64 (n,), proleptic ordinal of its decision day
    """

    person: Ints
    at_s: Floats
    day: Ints


@dataclass(frozen=True)
class Cap:
    """At most `messages` in any `days` decision days, today included."""

    messages: int
    days: int


@dataclass(frozen=True)
class Zones:
    """IANA zone of each row: object (n,) of str, and how many had none that is valid."""

    names: npt.NDArray[np.object_]
    n_replaced: int


def channel_consent(table: pa.Table, sms_attribute: str | None = None) -> dict[ChannelKey, Bools]:
    """Channel → bool (n_people,): whether a person positively agreed. Unknown is no.

    Email and push by Braze's subscription fields, SMS by the agreed boolean `sms_attribute`.
    """
    sms = np.zeros(table.num_rows, bool)
    name = f"attr:{sms_attribute}"
    if sms_attribute and name in table.column_names and pa.types.is_boolean(table[name].type):
        sms = _bools(table[name])
    return {
        "email": _subscribed(table, "email_subscribe"),
        "sms": sms,
        "push": _subscribed(table, "push_subscribe"),
    }


def zones(table: pa.Table, fallback: str) -> Zones:
    """Each person's own zone where it is a valid one, else the experiment's.

    Names come from outside: `../../etc/passwd` is a name too, so they are looked up in the list.
    """
    if "time_zone" not in table.column_names:
        return Zones(np.full(table.num_rows, fallback, object), table.num_rows)
    coded = table["time_zone"].combine_chunks().cast(pa.string()).dictionary_encode()
    known = _zone_names()
    valid = [n if n in known else None for n in coded.dictionary.to_pylist()]
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)  # -1 takes the last: None
    names: npt.NDArray[np.object_] = np.array([*valid, None], dtype=object)[codes]
    wrong = np.fromiter((n is None for n in names), bool, len(names))
    names[wrong] = fallback
    return Zones(names, int(wrong.sum()))


def refusals(
    table: pa.Table,
    *,
    consent: Mapping[ChannelKey, Bools],
    channels: Collection[ChannelKey],
    day: date,
    earliest_s: float | Floats,
    history: History,
    gap_hours: float,
    caps: Sequence[Cap] = (),
    suppressed: Collection[int] = (),
) -> npt.NDArray[np.object_]:
    """Why each person of a snapshot gets no message on `day`: object (n_people,), None = may.

    earliest_s  epoch seconds of the earliest moment a message could go out: one for all, or
                float64 (n_people,)
    gap_hours   hours that must lie between two messages to one person
    """
    person = table["person"].to_numpy()
    found = np.full(len(person), None, object)
    may = np.zeros(len(person), bool)
    for channel in channels:
        may |= consent[channel]
    last_s = last_message_s(person, history)
    # Lowest rank first, so that a weightier reason replaces it.
    for cap in caps:
        found[messages_within(person, history, day, cap.days) >= cap.messages] = Refusal.TOO_MANY
    found[np.asarray(earliest_s) - last_s < gap_hours * HOUR_S] = Refusal.TOO_SOON
    found[~may] = Refusal.NO_CONSENT
    if suppressed:
        found[np.isin(person, np.fromiter(suppressed, np.int64))] = Refusal.SUPPRESSED
    found[~_bools(table["in_audience"])] = Refusal.NOT_IN_AUDIENCE
    return found


def messages_within(person: Ints, history: History, day: date, days: int) -> Ints:
    """Messages each person got on the `days` decision days up to and with `day`: int64 (n,)."""
    today = day.toordinal()
    recent = history.person[(history.day > today - days) & (history.day <= today)]
    who, counts = np.unique(recent, return_counts=True)
    n_messages = np.zeros(len(person), np.int64)
    if len(who):
        at = np.minimum(np.searchsorted(who, person), len(who) - 1)
        known = who[at] == person
        n_messages[known] = counts[at[known]]
    return n_messages


def last_message_s(person: Ints, history: History) -> Floats:
    """Moment of each person's last message; minus infinity where there was none."""
    last = np.full(len(person), -np.inf)
    order = np.argsort(person, kind="stable")
    ranked = person[order]
    if len(ranked) and len(history.person):
        at = np.minimum(np.searchsorted(ranked, history.person), len(ranked) - 1)
        known = ranked[at] == history.person
        np.maximum.at(last, order[at[known]], history.at_s[known])
    return last


def _subscribed(table: pa.Table, name: str) -> Bools:
    if name not in table.column_names:
        return np.zeros(table.num_rows, bool)
    column = table[name].cast(pa.string())
    return _bools(pc.is_in(column, value_set=pa.array(CONSENTED)))


def _bools(column: Any) -> Bools:
    """A boolean column as an array; null is no."""
    return np.asarray(pc.fill_null(column, False).to_numpy(), dtype=bool)


@cache
def _zone_names() -> frozenset[str]:
    return frozenset(available_timezones())
