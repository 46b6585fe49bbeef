"""What another rule would have done: logged days replayed with messages or options taken away.

What remains is judged from the logged chances, doubly robust. What falls away cannot be: nobody
knows what a person would have done without the message. So the answer is a range. At its lower end
every outcome after a message that falls away was owed to it, at its upper end none was; the
interval of each end is added on its own side.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from services.experiment.model import Dimension, Experiment
from services.insights.judging_rules import Chances, LoggedDay, judge_rules
from services.insights.off_policy import INTERVAL, PolicyValue, Refusal
from services.workflow.logged_days import JudgedDay
from services.workflow.priors import GUESSED_SHARE, reward_of

DAYS_A_WEEK = 7

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class OtherRule:
    """What is taken away. `dropped`: (dimension, option); `quiet_weekdays`: ISO, 7 = Sunday."""

    dropped: tuple[tuple[str, str], ...] = ()
    most_a_week: int | None = None
    quiet_weekdays: frozenset[int] = field(default_factory=frozenset)

    @property
    def changes_anything(self) -> bool:
        """Whether it is a rule at all."""
        return bool(self.dropped or self.most_a_week is not None or self.quiet_weekdays)


@dataclass(frozen=True)
class Replayed:
    """The logged days under the other rule, of the people that were looked at.

    sends, cost      counted and as it was; cost in money, its expectation under the rule
    outcomes         as they followed the messages; `low` to `high` under the rule
    nothing_left     people-days on which no option was left
    Outcomes are None, and `refusal` says why, where the log holds too little about the rule.
    """

    days: int
    sends_before: int
    sends: int
    cost_before: float
    cost: float
    outcomes_before: float
    low: float | None
    high: float | None
    effective: float
    rough: bool
    nothing_left: int
    refusal: Refusal | None


@dataclass(frozen=True)
class OptionValue:
    """One option, had everybody got it who could, the rest as it was chosen.

    judged   from the log of all; lot: mean and interval of the random group, None below LOT_LEAST
    """

    dimension: Dimension
    option: str
    judged: PolicyValue | Refusal
    lot: tuple[float, float, float] | None
    n_lot: int


LOT_LEAST = 100  # random decisions with an option, for their own mean to be worth a look


def replay_rule(experiment: Experiment, days: Sequence[JudgedDay], rule: OtherRule) -> Replayed:
    """Replay a rule on logged days."""
    ordered = sorted(days, key=lambda day: day.logged.day)
    targets = [_without(day, rule) for day in ordered]
    kept = _kept(ordered, targets, rule)
    remaining = [_only(day.logged, mask) for day, mask in zip(ordered, kept, strict=True)]
    chances = {
        day.day: target[mask] for day, target, mask in zip(remaining, targets, kept, strict=True)
    }
    judged = judge_rules(
        remaining,
        [lambda day: chances[day.day]],
        reward=reward_of(experiment),
        base_share=_base(ordered),
    )[0]
    removed = np.concatenate(
        [d.logged.reward[~mask] for d, mask in zip(ordered, kept, strict=True)] or [np.zeros(0)]
    )
    n_kept = sum(len(day.reward) for day in remaining)
    low, high = _ends(judged, n_kept, removed)
    return Replayed(
        days=len(ordered),
        sends_before=sum(_messages(day) for day in ordered),
        sends=round(
            sum(
                float(target[mask][:, ~day.silent].sum())
                for day, target, mask in zip(ordered, targets, kept, strict=True)
            )
        ),
        cost_before=sum(float(day.costs[day.logged.combination].sum()) for day in ordered),
        cost=sum(
            float((target[mask] @ day.costs).sum())
            for day, target, mask in zip(ordered, targets, kept, strict=True)
        ),
        outcomes_before=sum(float(day.logged.reward.sum()) for day in ordered),
        low=low,
        high=high,
        effective=judged.effective,
        rough=isinstance(judged, PolicyValue) and judged.rough,
        nothing_left=sum(int((target.sum(axis=1) == 0).sum()) for target in targets),
        refusal=judged if isinstance(judged, Refusal) else None,
    )


def option_values(experiment: Experiment, days: Sequence[JudgedDay]) -> list[OptionValue]:
    """Every option of every dimension that varies at a send, in the order of the document."""
    by_day = {day.logged.day: day for day in days}
    asked = [
        (dimension, option.key)
        for dimension in experiment.send_dimensions
        if len(dimension.options) > 1
        for option in dimension.options
    ]

    def always(dimension: str, option: str) -> Chances:
        def chances(day: LoggedDay) -> Floats:
            judged = by_day[day.day]
            wanted = judged.chances * _having(judged, dimension, option)
            return _normal(np.where(wanted.any(axis=1, keepdims=True), wanted, judged.chances))

        return chances

    found = judge_rules(
        [day.logged for day in days],
        [always(dimension.key, option) for dimension, option in asked],
        reward=reward_of(experiment),
        base_share=_base(days),
    )
    return [
        OptionValue(dimension, option, judged, *_by_lot(days, dimension.key, option))
        for (dimension, option), judged in zip(asked, found, strict=True)
    ]


def shown(value: PolicyValue) -> tuple[float, float, float]:
    """The estimate to show with its interval: doubly robust where there is one."""
    best = value.robust or value.snips
    return best.value, best.low, best.high


def _without(day: JudgedDay, rule: OtherRule) -> Floats:
    """Chances under the rule: float64 (n, n_combinations), rows of zeros where nothing is left."""
    allowed = np.ones(day.chances.shape[1], dtype=bool)
    for dimension, option in rule.dropped:
        allowed &= ~_having(day, dimension, option)
    return _normal(day.chances * allowed)


def _kept(ordered: Sequence[JudgedDay], targets: Sequence[Floats], rule: OtherRule) -> list[Bools]:
    """Which decisions still take place, bool (n,) a day. A choice to send nothing always does."""
    sent: dict[int, deque[int]] = {}
    found = []
    for day, target in zip(ordered, targets, strict=True):
        number = day.logged.day.toordinal()
        message = ~day.silent[day.logged.combination]
        mask: Bools = np.asarray(target.any(axis=1), dtype=bool)
        if day.logged.day.isoweekday() in rule.quiet_weekdays:
            mask &= ~message
        if rule.most_a_week is not None:
            for row in np.flatnonzero(mask & message):
                mask[row] = _allowed(
                    sent.setdefault(int(day.people[row]), deque()), number, rule.most_a_week
                )
        found.append(mask)
    return found


def _allowed(sent: deque[int], number: int, most: int) -> bool:
    """Whether one more message fits into the seven days that end today; if so it is noted."""
    while sent and sent[0] <= number - DAYS_A_WEEK:
        sent.popleft()
    if len(sent) >= most:
        return False
    sent.append(number)
    return True


def _ends(
    judged: PolicyValue | Refusal, n_kept: int, removed: Floats
) -> tuple[float | None, float | None]:
    if isinstance(judged, Refusal):
        return None, None
    _value, low, high = shown(judged)
    total = float(removed.sum())
    spread = INTERVAL * float(removed.std()) * math.sqrt(len(removed)) if len(removed) else 0.0
    return n_kept * low + min(total - spread, 0.0), n_kept * high + max(total + spread, 0.0)


def _having(day: JudgedDay, dimension: str, option: str) -> Bools:
    space = day.logged.space
    return np.array([space.keys(c).get(dimension) == option for c in range(space.n_combinations)])


def _normal(weights: Floats) -> Floats:
    total = weights.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(weights, total, out=np.zeros_like(weights), where=total > 0))


def _only(day: LoggedDay, mask: Bools) -> LoggedDay:
    return replace(
        day,
        features=day.features[mask],
        eligible=day.eligible[mask],
        combination=day.combination[mask],
        propensity=day.propensity[mask],
        reward=day.reward[mask],
    )


def _messages(day: JudgedDay) -> int:
    return int((~day.silent[day.logged.combination]).sum())


def _base(days: Sequence[JudgedDay]) -> float:
    """Share of decisions with a reward: where the model begins, not what it ends with."""
    n = sum(len(day.logged.reward) for day in days)
    if n == 0:
        return GUESSED_SHARE
    share = sum(int((day.logged.reward != 0).sum()) for day in days) / n
    return min(max(share, 1e-4), 0.5)


def _by_lot(
    days: Sequence[JudgedDay], dimension: str, option: str
) -> tuple[tuple[float, float, float] | None, int]:
    """Mean of the random group with this option; the error is that of people, not of messages."""
    values, people = [np.zeros(0)], [np.zeros(0, dtype=np.int64)]
    for day in days:
        mine = day.by_lot & _having(day, dimension, option)[day.logged.combination]
        values.append(day.logged.reward[mine])
        people.append(day.people[mine])
    value, person = np.concatenate(values), np.concatenate(people)
    n = len(value)
    if n < LOT_LEAST:
        return None, n
    mean = float(value.mean())
    pulls = np.bincount(np.unique(person, return_inverse=True)[1], weights=value - mean)
    error = INTERVAL * math.sqrt(float(pulls @ pulls)) / n
    return (mean, mean - error, mean + error), n
