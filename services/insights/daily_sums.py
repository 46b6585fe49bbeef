"""Messages of each day as Braze counts them and as Anneal does, and why the two may differ.

Braze's day is that of its own records, ours the decision day in the experiment's zone. The likely
reason comes from what is known of that day: doubts, whether the day was still filling when it was
read, whether the day before or after differs the other way round.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from services.insights.series import sent_by_day
from services.messages import Message, msg, msgn


@dataclass(frozen=True)
class OwnDay:
    """Our side of one decision day: messages Braze took, and messages nobody can be sure of."""

    day: date
    accepted: int
    in_doubt: int = 0


@dataclass(frozen=True)
class DayLine:
    """One day. `braze` None: not read yet. `why` None: the two agree.

    `explained` False where none of the usual reasons fits and somebody should look.
    """

    day: date
    braze: int | None
    anneal: int
    why: Message | None
    explained: bool

    @property
    def gap(self) -> int:
        """Braze's number less ours; 0 where Braze's is not known."""
        return 0 if self.braze is None else self.braze - self.anneal


def daily_lines(
    series: pd.DataFrame, own: list[OwnDay], *, settled_until: date | None
) -> tuple[DayLine, ...]:
    """Every day on which either side counted a message, oldest first.

    series         from `services.insights.series.newest`
    settled_until  last day that was complete when Braze's numbers were read; None = none was
    """
    theirs = {date.fromisoformat(str(day)): round(n) for day, n in sent_by_day(series).items()}
    ours = {one.day: one for one in own}
    gaps = {
        day: theirs.get(day, 0) - (ours[day].accepted if day in ours else 0)
        for day in theirs.keys() | ours.keys()
    }
    read_until = max(theirs, default=None)
    lines = []
    for day in sorted(gaps):
        mine = ours.get(day, OwnDay(day, 0))
        unread = read_until is None or day > read_until
        braze = None if unread else theirs.get(day, 0)
        if not mine.accepted and not mine.in_doubt and not braze:
            continue
        why, explained = _reason(braze, mine, gaps, settled_until)
        lines.append(DayLine(day, braze, mine.accepted, why, explained))
    return tuple(lines)


def _reason(
    braze: int | None, own: OwnDay, gaps: dict[date, int], settled_until: date | None
) -> tuple[Message | None, bool]:
    if braze is None:
        return msg("Braze has not reported it yet."), True
    gap = braze - own.accepted
    if gap == 0:
        return None, True
    if 0 < gap <= own.in_doubt:
        return msgn("{n} message was in doubt.", "{n} messages were in doubt.", gap), True
    if gap < 0 and (settled_until is None or own.day > settled_until):
        return msg("The day was not over when Braze was asked."), True
    beside = [gaps.get(own.day + timedelta(days=n), 0) for n in (-1, 1)]
    if any(other * gap < 0 and abs(other + gap) * 2 <= abs(gap) for other in beside):
        return msg("Sent around midnight: Braze's day is that of its own time zone."), True
    if gap < 0:
        return msg(
            "Braze took them and then dropped people by its own rules: frequency caps, lost"
            " subscriptions or a filter of the campaign."
        ), True
    return msg("Somebody else sends through the same campaign, or a test was sent."), False
