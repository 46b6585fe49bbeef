"""Before launch: the smallest lift this experiment can prove, week by week, and whether to run it.

From the audience's own four weeks before launch (STATISTICS 8). A person's weekly total has a
lasting part (some people always buy more) and a weekly part; only the weekly part averages out, so
waiting helps down to a floor and no further, and the table says where that floor is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from services.errors import ExperimentError
from services.experiment.model import MAX_PLANNED_WEEKS
from services.messages import Message, Percent, msg

FIRST_WEEK = 2  # the gate's table starts here: one week proves nothing about a weekday rhythm
SLOW_WEEKS = 10  # longer than this is amber
DEFAULT_LIFT_SHARE = 0.30  # largest lift a use case can plausibly give: DECISIONS 2
LEARNING_WEEKS = 2.0  # until the policy reaches its final lift, unless known
POWER_QUANTILE = 0.8416  # of the normal: 80 % of true lifts of this size are found
MIN_SMALL_GROUP_EVENTS = 20  # people with an event expected in the smaller group: STATISTICS 4
FEW_EVENTS = 150  # below this in the smaller group the formula is a little hopeful …
FEW_EVENTS_FACTOR = 1.05  # … by this much: STATISTICS 8, last paragraph
HOLDOUT_TRIES = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)  # control shares worth suggesting

# Critical value on the last planned day, independent increments: STATISTICS 3. The recursion gives
# the same (test), but takes a second for all lengths, and the slider must follow the hand.
_PLANNED_DAYS = (14, 28, 42, 60, 84, 182)
_LAST_CRITICAL = (2.244, 2.284, 2.303, 2.316, 2.327, 2.347)


@dataclass(frozen=True)
class PrePeriod:
    """What one person does in a week, from four weeks before launch, capped as the metric is.

    mean                per person and week, in the metric's unit, above zero
    variance_one_week   mean over the four weeks of the variance between people of a week's total
    variance_four_weeks variance between people of the four weeks' total
    n_people            people watched
    active_week_share, active_four_weeks_share   people with at least one event, 0 to 1
    correlation         of weeks 1-2 with weeks 3-4 over people: what CUPED can use
    rough               True where fewer than 28 days were watched (estimated another way)
    """

    mean: float
    variance_one_week: float
    variance_four_weeks: float
    n_people: int
    active_week_share: float
    active_four_weeks_share: float
    correlation: float = 0.0
    rough: bool = False


class Verdict(StrEnum):
    GO = "go"
    SLOW = "slow"
    DO_NOT_RUN = "do_not_run"


@dataclass(frozen=True)
class Week:
    """One length: smallest average lift provable, the final lift that takes, events expected.

    `lift_share` is the average over the whole run, `final_lift_share` what the policy must reach
    once it has learnt. `small_group_events`: people of the smaller group with an event by then.
    """

    weeks: int
    lift_share: float
    final_lift_share: float
    small_group_events: float


@dataclass(frozen=True)
class Gate:
    """The answer to "enough people?".

    `weeks` is the first length that proves `hoped_share`, None when none does; `floor_share` is
    what waiting for ever would still not beat; `better_control_share` a control share that would
    make a hopeless plan possible.
    """

    verdict: Verdict
    sentence: Message
    hints: tuple[Message, ...]
    table: tuple[Week, ...]
    weeks: int | None
    hoped_share: float
    floor_share: float
    better_control_share: float | None
    rough: bool


def power_gate(
    before: PrePeriod,
    *,
    n_personalised: int,
    n_control: int,
    hoped_share: float = DEFAULT_LIFT_SHARE,
    learning_weeks: float = LEARNING_WEEKS,
) -> Gate:
    """Say whether, and in how many weeks, a lift of `hoped_share` over the control can be proved.

    n_personalised, n_control   people of the two groups of the primary comparison
    hoped_share                 lift the marketer hopes for, e.g. 0.05, above zero

    Raises ExperimentError when a group is empty or the hoped-for lift is not above zero.
    """
    hoped_share = float(hoped_share)
    if hoped_share <= 0 or not math.isfinite(hoped_share):
        raise ExperimentError(
            msg("The hoped-for lift is {lift}.", lift=Percent(hoped_share)),
            hint=msg("Use a lift above zero."),
        )
    if n_personalised < 1 or n_control < 1:
        raise ExperimentError(
            msg("One of the two groups that are compared would be empty."),
            hint=msg("Choose a larger audience, or give the control group a larger share."),
        )
    if before.mean <= 0:
        return _hopeless_metric(before, hoped_share)
    table = _table(before, n_personalised, n_control, learning_weeks)
    weeks = _first_week(table, before, n_personalised, n_control, hoped_share)
    better = None
    if weeks is None:
        better = _better_control(before, n_personalised + n_control, n_control, hoped_share)
    floor = _floor_share(before, n_personalised, n_control)
    verdict = _verdict(weeks)
    return Gate(
        verdict,
        _sentence(verdict, weeks, hoped_share),
        tuple(_hints(verdict, hoped_share, floor, better, before.rough)),
        table,
        weeks,
        hoped_share,
        floor,
        better,
        before.rough,
    )


def last_critical_value(planned_days: int) -> float:
    """Critical value on the last planned day for independent increments, 2.24 to 2.35."""
    return float(np.interp(math.log(planned_days), np.log(_PLANNED_DAYS), _LAST_CRITICAL))


def _table(
    before: PrePeriod, n_personalised: int, n_control: int, learning_weeks: float
) -> tuple[Week, ...]:
    lasting, weekly = _variance_parts(before)
    inverse_n = 1 / n_personalised + 1 / n_control
    rows = []
    for weeks in range(FIRST_WEEK, MAX_PLANNED_WEEKS + 1):
        variance = (weekly * weeks + lasting * weeks**2) * (1 - before.correlation**2)
        reach = last_critical_value(7 * weeks) + POWER_QUANTILE
        lift = reach * math.sqrt(variance * inverse_n) / (before.mean * weeks)
        events = expected_events(before, min(n_personalised, n_control), weeks)
        if events < FEW_EVENTS:
            lift *= FEW_EVENTS_FACTOR
        reached_share = 1 - learning_weeks / (2 * weeks)
        final = lift / reached_share if reached_share > 0 else math.inf
        rows.append(Week(weeks, lift, final, events))
    return tuple(rows)


def expected_events(before: PrePeriod, n_people: int, weeks: float) -> float:
    """People among `n_people` expected to have at least one event within `weeks`.

    The hazard is carried on as a power of time through one week and four weeks, because the same
    keen people come first: growing in proportion would promise too many.
    """
    one = min(max(before.active_week_share, 0.0), 0.999999)
    four = min(max(before.active_four_weeks_share, one), 0.999999)
    if one == 0:
        return 0.0
    hazard_one, hazard_four = -math.log1p(-one), -math.log1p(-four)
    power = min(max(math.log(hazard_four / hazard_one) / math.log(4), 0.0), 1.0)
    return float(n_people * -math.expm1(-hazard_one * weeks**power))


def _variance_parts(before: PrePeriod) -> tuple[float, float]:
    lasting = max(0.0, (before.variance_four_weeks - 4 * before.variance_one_week) / 12)
    return lasting, max(0.0, before.variance_one_week - lasting)


def _floor_share(before: PrePeriod, n_personalised: int, n_control: int) -> float:
    lasting, _ = _variance_parts(before)
    lasting *= 1 - before.correlation**2
    error = math.sqrt(lasting * (1 / n_personalised + 1 / n_control))
    return (last_critical_value(7 * MAX_PLANNED_WEEKS) + POWER_QUANTILE) * error / before.mean


def _first_week(
    table: tuple[Week, ...],
    before: PrePeriod,
    n_personalised: int,
    n_control: int,
    hoped_share: float,
) -> int | None:
    n_small = min(n_personalised, n_control)
    for week in table:
        halfway = expected_events(before, n_small, week.weeks / 2)
        if week.final_lift_share <= hoped_share and halfway >= MIN_SMALL_GROUP_EVENTS:
            return week.weeks
    return None


def _better_control(
    before: PrePeriod, n_people: int, n_control: int, hoped_share: float
) -> float | None:
    for share in HOLDOUT_TRIES:
        n_held = round(n_people * share)
        if n_held <= n_control or n_held >= n_people:
            continue
        table = _table(before, n_people - n_held, n_held, LEARNING_WEEKS)
        if _first_week(table, before, n_people - n_held, n_held, hoped_share) is not None:
            return share
    return None


def _verdict(weeks: int | None) -> Verdict:
    if weeks is None:
        return Verdict.DO_NOT_RUN
    return Verdict.SLOW if weeks > SLOW_WEEKS else Verdict.GO


def _sentence(verdict: Verdict, weeks: int | None, lift: float) -> Message:
    match verdict:
        case Verdict.GO:
            return msg(
                "Go. A lift of {lift} can be proved in about {weeks} weeks.",
                lift=Percent(lift),
                weeks=weeks,
            )
        case Verdict.SLOW:
            return msg(
                "Slow. Proving {lift} would take about {weeks} weeks.",
                lift=Percent(lift),
                weeks=weeks,
            )
        case Verdict.DO_NOT_RUN:
            return msg(
                "Do not run. Even {weeks} weeks cannot prove {lift}: add a segment, or use a"
                " metric that happens more often.",
                lift=Percent(lift),
                weeks=MAX_PLANNED_WEEKS,
            )


def _hints(
    verdict: Verdict, hoped: float, floor: float, better: float | None, rough: bool
) -> list[Message]:
    hints = []
    if floor > hoped:
        hints.append(
            msg(
                "Waiting does not help: people differ too much from one another to prove less than"
                " {floor}.",
                floor=Percent(floor),
            )
        )
    if verdict is Verdict.DO_NOT_RUN and better is not None:
        hints.append(
            msg("With {share} of the people as control it could be proved.", share=Percent(better))
        )
    if rough:
        hints.append(
            msg("Rough: fewer than 28 days of this audience are known. It gets surer every day.")
        )
    return hints


def _hopeless_metric(before: PrePeriod, hoped_share: float) -> Gate:
    return Gate(
        Verdict.DO_NOT_RUN,
        msg("Do not run. Nobody in this audience did this in the weeks that are known."),
        (msg("Use a metric that happens more often, or another audience."),),
        (),
        None,
        hoped_share,
        math.inf,
        None,
        before.rough,
    )
