"""One look: everything that is said about the groups on one closed day, written once and kept.

Pages read these rows and compute nothing. A row holds the moments of the two groups, the
correlation with the look before, the critical value it leads to, and the interval; r and c are
never recomputed, so every version of the report agrees (STATISTICS 3 and 4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from services.experiment.model import Experiment, Group
from services.experiment.spending import MAX_CORRELATION, critical_values
from services.insights.cuped import adjust
from services.insights.lift import (
    Direction,
    lift,
    moments,
    readiness,
    relative_error,
    smallest_provable,
    variances_uneven,
)
from services.insights.look_rows import LOOKS, Past, look_row
from services.insights.segments import sequential_p
from services.outcomes.model import OutcomeMetric

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]

GROUPS = tuple(Group)


@dataclass(frozen=True)
class People:
    """Everybody assigned, as at entry. Arrays of one length, in order of person.

    person     int64; entered_on datetime64[D]; group int8, places in GROUPS
    covariate  metric → float, the 28 days before entry, NaN where unknown
    segments   segment key → bool
    """

    person: NDArray[np.int64]
    group: NDArray[np.int8]
    entered_on: NDArray[np.datetime64]
    covariate: Mapping[str, Floats]
    segments: Mapping[str, Booleans]


@dataclass(frozen=True)
class Totals:
    """One metric's running totals on two days, per person of `People`, and who had any event."""

    today: Floats
    yesterday: Floats
    active: Booleans


def comparisons(experiment: Experiment) -> tuple[tuple[Group, Group], ...]:
    """Pairs of groups, the primary one first. Only groups with a share can be compared."""
    primary = (Group.PERSONALISED, Group(experiment.primary_comparison.value))
    others = [
        (Group.PERSONALISED, Group.HOLDOUT),
        (Group.PERSONALISED, Group.USUAL),
        (Group.PERSONALISED, Group.RANDOM),
        (Group.RANDOM, Group.HOLDOUT),
    ]
    pairs = [primary, *(pair for pair in others if pair != primary)]
    return tuple(p for p in pairs if all(experiment.groups.of(group) > 0 for group in p))


def name_of(pair: tuple[Group, Group]) -> str:
    """How a comparison is called in the facts: `personalised/holdout`."""
    return f"{pair[0].value}/{pair[1].value}"


def take_look(
    experiment: Experiment,
    people: People,
    outcomes: pa.Table,
    past: pa.Table,
    *,
    first_day: date,
    day: date,
) -> pa.Table:
    """The look rows of one closed day.

    outcomes   all outcome rows up to `day` (person, day, metric, value)
    past       look rows of earlier days
    first_day  the experiment's day 1

    Returns columns as LOOKS: the primary comparison first; raw revenue and unsubscribes for it too,
    and every segment; the other comparisons on the primary metric.
    """
    history = Past(past)
    totals = {
        metric: running_totals(people, outcomes, metric.value, day) for metric in OutcomeMetric
    }
    everybody = np.ones(len(people.person), dtype=bool)
    rows = []
    for place, pair in enumerate(comparisons(experiment)):
        wanted = [(OutcomeMetric.PRIMARY, "", everybody)]
        if place == 0:
            wanted += [(m, "", everybody) for m in OutcomeMetric if m is not OutcomeMetric.PRIMARY]
            wanted += [
                (OutcomeMetric.PRIMARY, key, inside) for key, inside in people.segments.items()
            ]
        for metric, segment, inside in wanted:
            row = _look(
                experiment,
                people,
                totals[metric],
                history,
                pair,
                metric.value,
                segment,
                inside,
                first_day,
                day,
            )
            if row is not None:
                rows.append(row)
    return pa.Table.from_pylist(rows, schema=LOOKS)


def running_totals(people: People, outcomes: pa.Table, metric: str, day: date) -> Totals:
    """Sum of each person's outcomes to the end of `day`, and to the end of the day before."""
    n = len(people.person)
    if outcomes.num_rows == 0 or n == 0:
        return Totals(np.zeros(n), np.zeros(n), np.zeros(n, dtype=bool))
    days = outcomes["day"].to_numpy()
    named = pc.equal(outcomes["metric"], metric).to_numpy()
    person = outcomes["person"].to_numpy()
    value = outcomes["value"].to_numpy()
    place = np.minimum(np.searchsorted(people.person, person), n - 1)
    kept = named & (days <= np.datetime64(day)) & (people.person[place] == person)
    place, value, days = place[kept], value[kept], days[kept]
    today = np.bincount(place, weights=value, minlength=n)
    before = days < np.datetime64(day)
    yesterday = np.bincount(place[before], weights=value[before], minlength=n)
    active = np.bincount(place, minlength=n) > 0
    return Totals(np.asarray(today, float), np.asarray(yesterday, float), active)


def correlation(
    today: Floats, yesterday: Floats, both_days: Booleans, groups: tuple[Booleans, Booleans]
) -> float:
    """Correlation of today's estimated difference with yesterday's, 0 to MAX_CORRELATION.

    today, yesterday  residuals, float (n_people,); `both_days`: who was in already yesterday
    """
    shared = earlier = later = 0.0
    for group in groups:
        old = group & both_days
        n_today, n_old = int(group.sum()), int(old.sum())
        if n_today == 0 or n_old == 0:
            return 0.0
        gap_today = today[old] - today[old].mean()
        gap_before = yesterday[old] - yesterday[old].mean()
        shared += float(gap_today @ gap_before) / n_old / n_today
        earlier += float(gap_before @ gap_before) / n_old / n_old
        later += float(np.var(today[group])) / n_today
    if earlier <= 0 or later <= 0:
        return 0.0
    return float(np.clip(shared / np.sqrt(earlier * later), 0.0, MAX_CORRELATION))


def _look(
    experiment: Experiment,
    people: People,
    totals: Totals,
    history: Past,
    pair: tuple[Group, Group],
    metric: str,
    segment: str,
    inside: Booleans,
    first_day: date,
    day: date,
) -> dict[str, object] | None:
    entered = people.entered_on <= np.datetime64(day)
    a_code, b_code = (GROUPS.index(group) for group in pair)
    in_pair = ((people.group == a_code) | (people.group == b_code)) & inside & entered
    if not in_pair.any():
        return None
    first = people.group[in_pair] == a_code
    unknown = np.full(len(people.person), np.nan)
    covariate = people.covariate.get(metric, unknown)[in_pair]
    today = adjust(totals.today[in_pair], covariate, first)
    both_days = people.entered_on[in_pair] < np.datetime64(day)
    before = np.zeros(len(first))
    if both_days.any():
        before[both_days] = adjust(
            totals.yesterday[in_pair][both_days], covariate[both_days], first[both_days]
        ).residuals
    active = totals.active[in_pair]
    a = moments(today.residuals[first], active[first])
    b = moments(today.residuals[~first], active[~first])
    comparison = name_of(pair)
    earlier = history.of(comparison, metric, segment)
    day_number = (day - first_day).days + 1
    r = correlation(today.residuals, before, both_days, (first, ~first))
    path = [*earlier.correlations, r] if earlier.correlations else [0.0]
    first_number = day_number - len(earlier.correlations)
    planned_days = 7 * experiment.planned_weeks
    c = float(critical_values(path, planned_days, first_day=first_number)[-1])
    ready = readiness(a, b, day_number, day)
    found = lift(a, b, c) if ready.ready else None
    p = earlier.p
    if found is not None and segment:
        p = sequential_p(found.score, path, planned_days, first_number, earlier.p)
    error = relative_error(a, b)
    proved_on = earlier.proved_on
    if proved_on is None and found is not None and found.direction is not Direction.UNDECIDED:
        proved_on = day
    return look_row(
        day=day,
        day_number=day_number,
        planned_days=planned_days,
        comparison=comparison,
        metric=metric,
        segment=segment,
        a=a,
        b=b,
        theta=today.slope,
        gain=today.gain_share,
        r=path[-1],
        c=c,
        p=p,
        readiness=ready,
        lift=found,
        proved_on=proved_on,
        error=error,
        provable=smallest_provable(
            error, day_number, planned_days, error_before=earlier.error_at_half(len(path))
        ),
        uneven=variances_uneven(a, b),
    )
