"""Are the dimensions and their options fit to be chosen from?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from difflib import SequenceMatcher
from itertools import combinations

from services.experiment.cadences import FREQUENCIES, cadences, is_active, listed_weekdays
from services.experiment.model import (
    CADENCE_KINDS,
    Channel,
    Dimension,
    DimensionKind,
    Experiment,
    Option,
)
from services.experiment.problem import Problem, Step
from services.messages import Message, msg

HOURS_A_DAY = 24
ALIKE_SHARE = 0.92  # of the characters in common: a changed mark or ending, not a changed word
MIN_TEXT_LENGTH = 12  # shorter values are codes, and codes differ by one character
DIGITS = re.compile(r"[0-9]+")
# These say where and when, not what the message contains: they fill no trigger property.
WITHOUT_VALUE = CADENCE_KINDS | {DimensionKind.HOUR, DimensionKind.CHANNEL}
ONCE_ONLY = CADENCE_KINDS | {DimensionKind.HOUR, DimensionKind.CHANNEL}


def option_problems(experiment: Experiment, day: date | None) -> Iterator[Problem]:
    """Problems of the step Options that concern dimensions and options, not rules."""
    dimensions = experiment.dimensions
    if not dimensions:
        yield _problem(
            msg("Nothing varies yet."),
            msg("Add a dimension, such as the offer, the subject line or the hour."),
        )
    elif not experiment.send_dimensions:
        yield _problem(
            msg("Only the rhythm varies, so every message would be the same."),
            msg("Add a dimension of the message itself."),
        )
    for key in _doubles(d.key for d in dimensions):
        yield _problem(
            msg("Two dimensions have the key “{key}”.", key=key),
            msg("Give one of them another key."),
            about=key,
        )
    for kind in _doubles(d.kind for d in dimensions if d.kind in ONCE_ONLY):
        yield _problem(
            msg("There are two dimensions of the kind “{kind}”.", kind=kind),
            msg("A message has one channel, one hour and one rhythm. Put the options together."),
        )
    carried = [d.trigger_property() for d in dimensions if d.kind not in WITHOUT_VALUE]
    for name in _doubles(carried):
        yield _problem(
            msg("Two dimensions fill the same trigger property, “{name}”.", name=name),
            msg("Only one value would arrive. Give one of them another property."),
            about=name,
        )
    for dimension in dimensions:
        yield from _dimension(dimension, day)
    if experiment.cadence_dimensions and not cadences(experiment):
        yield _problem(
            msg("No frequency goes with any of the weekdays."),
            msg("Twice a week needs options of two weekdays, weekly options of one."),
        )


def _dimension(dimension: Dimension, day: date | None) -> Iterator[Problem]:
    label = dimension.label
    n_options = len(dimension.options)
    if n_options == 0:
        yield _problem(
            msg("“{label}” has no options.", label=label),
            msg("Add at least two, or take the dimension out."),
            about=dimension.key,
        )
    elif n_options == 1:
        yield _problem(
            msg("“{label}” has one option, so there is nothing to choose.", label=label),
            msg("Add a second one."),
            about=dimension.key,
            blocking=False,
        )
    for key in _doubles(o.key for o in dimension.options):
        yield _problem(
            msg("“{label}” has two options with the key “{key}”.", label=label, key=key),
            msg("Give one of them another key."),
            about=dimension.key,
        )
    for name in _doubles(o.label.strip().casefold() for o in dimension.options):
        yield _problem(
            msg("“{label}” has two options called “{name}”.", label=label, name=name),
            msg("Rename one, or you will not tell them apart in the report."),
            about=dimension.key,
            blocking=False,
        )
    for one, other in _alike(dimension):
        yield _problem(
            msg("“{one}” and “{other}” are too alike to tell apart.", one=one, other=other),
            msg("Learning both takes time and brings nothing. Keep one."),
            about=dimension.key,
            blocking=False,
        )
    for option in dimension.options:
        wrong = _wrong_value(dimension.kind, option)
        if wrong is not None:
            what = msg(
                "“{option}” of “{label}”: {wrong}", option=option.label, label=label, wrong=wrong
            )
            yield _problem(what, msg("Change the value of the option."), about=dimension.key)
        if option.active_from and option.active_to and option.active_from > option.active_to:
            yield _problem(
                msg(
                    "“{option}” of “{label}” ends before it starts.",
                    option=option.label,
                    label=label,
                ),
                msg("Change one of the two dates."),
                about=dimension.key,
            )
    if day is not None and n_options and not any(is_active(o, day) for o in dimension.options):
        yield _problem(
            msg("“{label}” has no option that is active on {day}.", label=label, day=day),
            msg("Without one nothing can be sent. Change the dates of an option."),
            about=dimension.key,
        )


def _wrong_value(kind: DimensionKind, option: Option) -> Message | None:
    value = option.value
    whole = isinstance(value, int) and not isinstance(value, bool)
    match kind:
        case DimensionKind.HOUR:
            right = whole and 0 <= int(str(value)) < HOURS_A_DAY
            return None if right else msg("an hour is a whole number from 0 to 23.")
        case DimensionKind.CHANNEL:
            right = isinstance(value, str) and value in set(Channel)
            return None if right else msg("a channel is email, SMS or push.")
        case DimensionKind.FREQUENCY:
            right = whole and value in FREQUENCIES
            return (
                None if right else msg("a frequency is daily (7), twice a week (2) or weekly (1).")
            )
        case DimensionKind.WEEKDAY:
            days = listed_weekdays(value)
            right = days is not None and len(days) in FREQUENCIES
            return (
                None if right else msg("weekdays are one, two or all of 1 (Monday) to 7 (Sunday).")
            )
        case _:
            return msg("the message would get no value.") if value is None else None


def _alike(dimension: Dimension) -> Iterator[tuple[str, str]]:
    """Labels of options whose texts people would hardly tell apart."""
    texts = [
        (option.label, option.value.strip().casefold())
        for option in dimension.options
        if isinstance(option.value, str) and dimension.kind not in WITHOUT_VALUE
    ]
    for (one, a), (other, b) in combinations(texts, 2):
        same_figures = DIGITS.findall(a) == DIGITS.findall(b)  # "10% off" is not "20% off"
        long_enough = same_figures and min(len(a), len(b)) >= MIN_TEXT_LENGTH
        if a == b or (long_enough and SequenceMatcher(None, a, b).ratio() >= ALIKE_SHARE):
            yield one, other


def _problem(what: Message, hint: Message, *, about: str = "", blocking: bool = True) -> Problem:
    return Problem(Step.OPTIONS, what, hint, blocking, about)


def _doubles(names: Iterator[str] | list[str]) -> list[str]:
    return [name for name, n in Counter(names).items() if n > 1]
