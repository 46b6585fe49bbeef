"""The sheet behind every number: what was counted, of whom, until when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from services.experiment.model import Experiment, Group
from services.messages import Message, Percent, msg, msgn
from services.outcomes.model import CLOSING_DAYS, GRACE_DAYS, PRE_PERIOD_DAYS

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


def choices_definition(first_day: date, until: date, n_decisions: int) -> Definition:
    """Sheet of what is chosen."""
    return Definition(
        window=msg("Decisions from {first_day} to {day}.", first_day=first_day, day=until),
        uniqueness=msg("Each decision counts, also of the same person on another day."),
        attribution=msg("None: these are choices, not outcomes."),
        exclusions=msg("Only people with personalised messages; people who got none are left out."),
        freshness=msg("Choices of a day are final once it is decided."),
        n=msgn("{n} decision.", "{n} decisions.", n_decisions),
    )


def windows_definition(until: date) -> Definition:
    """Sheet of the same outcomes under other windows."""
    return Definition(
        window=msg("As the rows say: days after each message."),
        uniqueness=msg("Each person counts once, with the total of all messages."),
        attribution=msg("To the latest message before the event, if it came inside the window."),
        exclusions=msg("Messages whose window is not over yet, for that row alone."),
        freshness=msg(
            "Outcomes seen up to {day}, with {days} days of grace for late ones.",
            day=until,
            days=GRACE_DAYS,
        ),
        n=msg("The table says how many people each figure is of."),
        method=msg("Plain means with ordinary 95% intervals. They describe; the lift compares."),
    )


def options_definition(until: date, window_days: int, n_decisions: int) -> Definition:
    """Sheet of options and rules judged from the log."""
    return Definition(
        window=msg("Outcomes within {days} days of a message.", days=window_days),
        uniqueness=msg("Each decision counts."),
        attribution=msg("To the latest message before the event."),
        exclusions=msg("People as usual and holdout: their messages were not left to chance."),
        freshness=msg("Decisions up to {day}, whose windows are over.", day=until),
        n=msgn("{n} decision.", "{n} decisions.", n_decisions),
        method=msg(
            "Doubly robust, from the chance each choice was logged with; ordinary 95% intervals,"
            " not safe to stop on. Below {least} decisions of effective size nothing is shown.",
            least=500,
        ),
    )


def cost_definition(experiment: Experiment, look: Mapping[str, Any], first_day: date) -> Definition:
    """Sheet of what learning cost. `look` is the newest one of personalised over random."""
    return replace(
        lift_definition(experiment, look, first_day),
        attribution=msg(
            "The difference per person between personalised and random, times the people with"
            " random messages. Above zero: outcomes given up in order to learn."
        ),
    )


def groups_definition() -> Definition:
    """Sheet of the groups against the draw."""
    return Definition(
        window=msg("From the first day of entry to now."),
        uniqueness=msg("Each person counts once, on the day of entry."),
        attribution=msg("By the group a person was drawn into."),
        exclusions=msg("Nobody is left out after the draw."),
        freshness=msg("As of now."),
        n=msg("The table says how many."),
        method=msg(
            "An exact test that may be looked at daily: a healthy draw is warned of in at most one"
            " experiment of {warn}, and called broken in at most one of {pause}.",
            warn=50,
            pause=1000,
        ),
    )


def contamination_definition(until: date) -> Definition:
    """Sheet of who got other campaigns."""
    return Definition(
        window=msg("Campaigns and Canvases received from the day of entry to {day}.", day=until),
        uniqueness=msg("Each person counts once, however much they received."),
        attribution=msg("By the group a person was drawn into."),
        exclusions=msg("This experiment's own campaigns and Canvases."),
        freshness=msg("From the exports up to the morning after."),
        n=msg("The table says how many."),
        method=msg(
            "The lift is worked out again without these people, in both groups, with the day's own"
            " interval. It is a check, not a second headline: who gets other campaigns was not"
            " drawn by lot."
        ),
    )
