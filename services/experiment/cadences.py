"""Which rhythms of sending an experiment may choose from.

Frequency and weekday together are one choice, held for seven days. Its key says what it is:
'daily', 'twice:2,5' (ISO weekdays, 1 Monday), 'weekly:1'.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import JsonValue

from services.experiment.conditions import meets
from services.experiment.model import Dimension, DimensionKind, Experiment, Option, OptionNeeds

DAILY = "daily"
DAYS_A_WEEK = 7
NAMES = {2: "twice", 1: "weekly"}
FREQUENCIES = (7, 2, 1)  # messages a week an experiment can choose from
USUAL_DAYS = {2: (2, 5), 1: (2,)}  # where nobody chose: Tuesday and Friday lie evenly in a week


@dataclass(frozen=True)
class Cadence:
    """One rhythm. `options` says which option of each cadence dimension it stands for."""

    key: str
    weekdays: tuple[int, ...]
    options: dict[str, str]


def cadences(experiment: Experiment, day: date | None = None) -> tuple[Cadence, ...]:
    """The rhythms to choose from, in document order, without doubles.

    A frequency goes with the weekday options that name as many days as it sends; daily goes with
    any. Without cadence dimensions the one rhythm is daily. `day` leaves out options that are not
    active then.
    """
    frequency = _dimension(experiment, DimensionKind.FREQUENCY)
    weekday = _dimension(experiment, DimensionKind.WEEKDAY)
    found: dict[str, Cadence] = {}
    for often in _active(frequency, day):
        for when in _active(weekday, day):
            weekdays = _weekdays(often, when)
            if weekdays is None:
                continue
            key = cadence_key(weekdays)
            chosen = {}
            if frequency is not None and often is not None:
                chosen[frequency.key] = often.key
            if weekday is not None and when is not None and key != DAILY:
                chosen[weekday.key] = when.key
            found.setdefault(key, Cadence(key, weekdays, chosen))
    return tuple(found.values())


def eligible_cadences(
    rhythms: Sequence[Cadence], experiment: Experiment, table: pa.Table
) -> npt.NDArray[np.bool_]:
    """bool (n_people, n_rhythms): True where rules let the person have the rhythm.

    `table` is a snapshot, one row a person. Raises DataError where it lacks an attribute.
    """
    may = np.ones((table.num_rows, len(rhythms)), bool)
    for rule in experiment.rules:
        if not isinstance(rule, OptionNeeds):
            continue
        concerned = [
            n for n, r in enumerate(rhythms) if r.options.get(rule.dimension) == rule.option
        ]
        if concerned:
            met = meets(table, rule.attribute, rule.comparison, rule.value)
            may[:, concerned] &= met[:, None]
    return may


def cadence_key(weekdays: tuple[int, ...]) -> str:
    """The key of a rhythm on these ISO weekdays: one, two or all seven of them."""
    if len(weekdays) == DAYS_A_WEEK:
        return DAILY
    return f"{NAMES[len(weekdays)]}:{','.join(str(d) for d in weekdays)}"


def weekdays_of(key: str) -> tuple[int, ...]:
    """The ISO weekdays a cadence key stands for, in order."""
    if key == DAILY:
        return tuple(range(1, DAYS_A_WEEK + 1))
    return tuple(int(d) for d in key.partition(":")[2].split(","))


def listed_weekdays(value: JsonValue) -> tuple[int, ...] | None:
    """The weekdays an option's value names, sorted; None where it names none or nonsense."""
    listed = value if isinstance(value, list) else [value]
    days = [d for d in listed if isinstance(d, int) and not isinstance(d, bool)]
    if len(days) != len(listed) or len(set(days)) != len(days):
        return None
    if not days or min(days) < 1 or max(days) > DAYS_A_WEEK:
        return None
    return tuple(sorted(days))


def _weekdays(often: Option | None, when: Option | None) -> tuple[int, ...] | None:
    named = None if when is None else listed_weekdays(when.value)
    if when is not None and (named is None or len(named) not in FREQUENCIES):
        return None
    if often is None:
        return named or weekdays_of(DAILY)
    if often.value == DAYS_A_WEEK:
        return weekdays_of(DAILY)
    if not isinstance(often.value, int) or often.value not in USUAL_DAYS:
        return None
    if named is None:
        return USUAL_DAYS[often.value]
    return named if len(named) == often.value else None


def _dimension(experiment: Experiment, kind: DimensionKind) -> Dimension | None:
    return next((d for d in experiment.dimensions if d.kind is kind), None)


def _active(dimension: Dimension | None, day: date | None) -> tuple[Option | None, ...]:
    if dimension is None:
        return (None,)
    return tuple(o for o in dimension.options if day is None or is_active(o, day))


def is_active(option: Option, day: date) -> bool:
    """True on the days from `active_from` to `active_to`, both included."""
    return (option.active_from is None or option.active_from <= day) and (
        option.active_to is None or day <= option.active_to
    )
