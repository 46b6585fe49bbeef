"""Which people of a picked batch are kept back, and why. Pure: rows in, reasons out."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from services.activation.model import MAX_TRIES, SkipReason
from services.experiment.model import AtMost, DailyCap, Experiment, Group, MinimumGap

HOUR_S = 3_600.0
DAY_H = 24
GETS_MESSAGES = frozenset({Group.PERSONALISED.value, Group.RANDOM.value, Group.USUAL.value})


@dataclass(frozen=True)
class PersonRow:
    """One picked ledger row with what the state database knows of the person.

    Field order is that of the claim's SELECT. `external_id` and `grp` are None where missing.
    """

    person: int
    properties: str
    cost: float
    tries: int
    fence: int
    send_at: float
    external_id: str | None
    grp: str | None
    ended: int | None
    suppressed: int | None


@dataclass(frozen=True)
class Limits:
    """The experiment's rules that are enforced once more at the claim."""

    at_most: tuple[AtMost, ...] = ()
    gap_s: float = 0.0
    cap_messages: int | None = None
    cap_money: float | None = None

    @property
    def capped(self) -> bool:
        """Whether a day's messages or money are limited."""
        return self.cap_messages is not None or self.cap_money is not None

    @property
    def look_back_days(self) -> int:
        """How many days before today may matter for frequency or gap."""
        frequency = max((rule.days for rule in self.at_most), default=0)
        # One day more than the gap: the earlier message may have been at any hour of its day.
        gap = math.ceil(self.gap_s / HOUR_S / DAY_H) + 1 if self.gap_s else 0
        return max(frequency, gap)

    def first_day(self, day: date) -> date:
        """First decision day whose messages may matter."""
        return day - timedelta(days=self.look_back_days)


def limits_of(experiment: Experiment) -> Limits:
    """Collect the limits; of several daily caps or gaps the stricter holds."""
    caps = [rule for rule in experiment.rules if isinstance(rule, DailyCap)]
    gaps = [rule.hours for rule in experiment.rules if isinstance(rule, MinimumGap)]
    return Limits(
        at_most=tuple(rule for rule in experiment.rules if isinstance(rule, AtMost)),
        gap_s=max(gaps, default=0) * HOUR_S,
        cap_messages=min((c.messages for c in caps if c.messages is not None), default=None),
        cap_money=min((c.money for c in caps if c.money is not None), default=None),
    )


def kept_back(
    people: Sequence[PersonRow],
    limits: Limits,
    *,
    consent: Collection[int],
    history: Mapping[int, Sequence[tuple[date, float]]],
    day: date,
) -> dict[int, SkipReason]:
    """The people who must not be sent to, with the first reason that applies.

    `history` lists, for each person and over all experiments, (decision day, send time in epoch
    seconds) of messages that may have reached them.
    """
    found: dict[int, SkipReason] = {}
    for row in people:
        reason = _reason(row, limits, consent, history.get(row.person, ()), day)
        if reason is not None:
            found[row.person] = reason
    return found


def within_cap(going: Sequence[PersonRow], limits: Limits, n_messages: int, money: float) -> int:
    """How many of `going`, from the first on, still fit under the day's caps."""
    for n, row in enumerate(going):
        n_messages += 1
        money += row.cost
        if limits.cap_messages is not None and n_messages > limits.cap_messages:
            return n
        if limits.cap_money is not None and money > limits.cap_money + _ROUNDING:
            return n
    return len(going)


_ROUNDING = 1e-9  # sums of prices in binary floating point


def _reason(
    row: PersonRow,
    limits: Limits,
    consent: Collection[int],
    history: Sequence[tuple[date, float]],
    day: date,
) -> SkipReason | None:
    if row.external_id is None:
        return SkipReason.ERASED
    if row.suppressed is not None:
        return SkipReason.SUPPRESSED
    if row.grp not in GETS_MESSAGES or row.ended:
        return SkipReason.NOT_ASSIGNED
    if row.person not in consent:
        return SkipReason.NO_CONSENT
    if row.tries >= MAX_TRIES:
        return SkipReason.NOT_REACHED
    for rule in limits.at_most:
        first = day - timedelta(days=rule.days - 1)
        if sum(1 for sent_on, _ in history if first <= sent_on <= day) >= rule.messages:
            return SkipReason.FREQUENCY
    # Planned times on both sides, as eligibility measures it: a late start must not eat the gap.
    if any(row.send_at - sent_at < limits.gap_s for _, sent_at in history):
        return SkipReason.GAP
    return None
