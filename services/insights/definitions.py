"""The sheet behind every number: what was counted, of whom, until when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.experiment.model import Experiment, Group
from services.messages import Message, Percent, msg
from services.outcomes.model import CLOSING_DAYS, PRE_PERIOD_DAYS

GROUP_NAMES: Mapping[Group, Message] = {
    Group.PERSONALISED: msg("personalised"),
    Group.RANDOM: msg("random"),
    Group.USUAL: msg("as usual"),
    Group.HOLDOUT: msg("holdout"),
}


@dataclass(frozen=True)
class Definition:
    """One number's sheet. Every field is a sentence a person can read; None = does not apply."""

    window: Message
    uniqueness: Message
    attribution: Message
    exclusions: Message
    freshness: Message
    n: Message
    method: Message | None = None
    cap: Message | None = None
    covariate: Message | None = None


def lift_definition(experiment: Experiment, look: Mapping[str, Any], first_day: date) -> Definition:
    """Sheet of a lift. `look` is one row of the looks."""
    first, _, second = str(look["comparison"]).partition("/")
    cap = experiment.metric.cap
    return Definition(
        window=msg(
            "Everything from the day of entry to {day}; day 1 was {first_day}.",
            day=look["day"],
            first_day=first_day,
        ),
        uniqueness=msg("Each person counts once, with the total of all their days."),
        attribution=msg(
            "By the group a person was drawn into, whatever was sent or received. No event is"
            " credited to a message."
        ),
        exclusions=msg("Nobody is left out after the draw."),
        freshness=msg(
            "A day is final {hours} hours after its end; later days are still filling.",
            hours=24 * CLOSING_DAYS,
        ),
        n=msg(
            "{first}: {n_first} people, {second}: {n_second} people.",
            first=GROUP_NAMES[Group(first)],
            n_first=look["n_a"],
            second=GROUP_NAMES[Group(second)],
            n_second=look["n_b"],
        ),
        method=msg(
            "Skew-corrected score interval that holds at every look together with 95%; planned for"
            " {planned} days, this is day {day_number}, reach {reach} standard errors.",
            planned=look["planned_days"],
            day_number=look["day_number"],
            reach=float(look["c"]),
        ),
        cap=None
        if cap is None
        else msg(
            "A person's day counts for at most {cap} {currency}; changes of large orders are"
            " understated.",
            cap=cap,
            currency=experiment.currency,
        ),
        covariate=_covariate(look),
    )


def _covariate(look: Mapping[str, Any]) -> Message:
    if not look["gain"]:
        return msg("Not adjusted for earlier behaviour: none is known.")
    return msg(
        "Adjusted for the {days} days before entry, which narrows the interval by {gain}.",
        days=PRE_PERIOD_DAYS,
        gain=Percent(look["gain"]),
    )


def series_definition(fetched_on: date, n_days: int) -> Definition:
    """Sheet of Braze's own numbers."""
    return Definition(
        window=msg("Days as Braze cuts them, {n} of them.", n=n_days),
        uniqueness=msg(
            "Opens and clicks: each person once a day and message; sends: each message."
        ),
        attribution=msg("Braze's own conversion window, by the day of conversion."),
        exclusions=msg("People Braze did not message are not in it."),
        freshness=msg("Read from Braze on {day}; the last days can still grow.", day=fetched_on),
        n=msg("Totals of the whole campaign or Canvas, not only of people in a group."),
    )


def cells_definition(n_people: int, until: date, window_days: int) -> Definition:
    """Sheet of what works for whom."""
    return Definition(
        window=msg("Outcomes within {days} days of a message.", days=window_days),
        uniqueness=msg("Each decision counts; its error is that of people, not of messages."),
        attribution=msg("To the latest message before the event."),
        exclusions=msg("Only the random group, whose options were drawn without regard to people."),
        freshness=msg("Decisions up to {day}, whose windows are over.", day=until),
        n=msg("{n} people.", n=n_people),
        method=msg("Ordinary 95% intervals; colour after correction for looking at many cells."),
    )
