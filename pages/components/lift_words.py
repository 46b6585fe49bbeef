"""What the groups' comparison is called and how its result is said, here and on every page."""

from __future__ import annotations

import math

import streamlit as st

from pages.components.badges import escape
from pages.components.translate import _, day, interval, money, ngettext, number, percent, say
from services.experiment.model import Experiment, MetricKind
from services.insights.words import CONTROL_WORDS, FIRST_WORDS
from services.workflow.insights_view import Amount, Insights, Look


def noun(experiment: Experiment) -> str:
    """What is counted, as said aloud: `upgrades`; the marketer's own word, else a plain one."""
    if experiment.metric.kind in (MetricKind.REVENUE, MetricKind.ARPU):
        return _("revenue")
    if experiment.metric.noun:
        return experiment.metric.noun
    return _("conversions")


def share(value: float, *, signed: bool = True) -> str:
    """`+4.8%`; an end that was not found is said as such."""
    if math.isinf(value):
        return _("no limit")
    return percent(value, signed=signed)


def ends(look: Look) -> str:
    """`+1.9% to +7.7%`, or what is known of it."""
    if look.low is None or look.high is None:
        return _("not yet")
    if math.isinf(look.high):
        return _("more than {low}").format(low=share(look.low))
    if math.isinf(look.low):
        return _("less than {high}").format(high=share(look.high))
    return interval(share(look.low), share(look.high))


def headline(found: Insights) -> tuple[str, str]:
    """The sentence the page is read for, and the one that says how sure it is."""
    look = found.primary
    if look is None:
        return (
            _("Nothing can be said yet."),
            _("The first outcomes are counted the day after the first messages."),
        )
    if not look.shown or look.estimate is None:
        return _("It is too early to tell."), not_yet_words(look)
    words = {
        "lift": percent(abs(look.estimate)),
        "noun": escape(noun(found.experiment)),
        "control": say(CONTROL_WORDS[look.second]),
    }
    sure = _sure(look)
    match look.verdict:
        case "better":
            first = _("Personalised messages brought {lift} more {noun} than {control}.")
        case "worse":
            first = _("Personalised messages brought {lift} fewer {noun} than {control}.")
        case _undecided:
            return (
                _("No clear difference yet. That is not the same as no difference."),
                f"{sure} {_provable(look)}".strip(),
            )
    return first.format(**words), sure


def not_yet_words(look: Look) -> str:
    """What is missing before the number may be said, and when it is expected."""
    needed = look.events + look.missing_events
    words = _("{have} of about {needed} outcomes of the smaller group are in.").format(
        have=number(math.floor(look.events)), needed=number(math.ceil(needed))
    )
    if look.missing_days:
        words += " " + ngettext(
            "At least {n} more day is needed.",
            "At least {n} more days are needed.",
            look.missing_days,
        ).format(n=number(look.missing_days))
    if look.expected_on is not None:
        words += " " + _("Expect an answer around {day}.").format(day=day(look.expected_on))
    return words


def not_yet_share(look: Look) -> float:
    """How much of what is needed is in, 0 to 1."""
    needed = look.events + look.missing_events
    return min(1.0, look.events / needed) if needed else 0.0


def amount(total: Amount, experiment: Experiment, *, in_money: bool) -> str:
    """A total of the metric: `312`, `€ 1,204`."""
    if in_money:
        return money(total.value, experiment.currency, digits=0)
    return number(total.value)


def amount_ends(total: Amount, experiment: Experiment, *, in_money: bool) -> str:
    """Its interval: `124 to 500`."""
    if in_money:
        low = money(total.low, experiment.currency, digits=0)
        return interval(low, money(total.high, experiment.currency, digits=0))
    return interval(number(total.low), number(total.high))


def definition(found: Insights, look: Look) -> None:
    """The definition sheet of a lift, behind a quiet button."""
    experiment = found.experiment
    metric = experiment.metric
    rows = [
        (_("Compared"), f"{say(FIRST_WORDS[look.first])} – {say(CONTROL_WORDS[look.second])}"),
        (_("People"), f"{number(look.n[0])} – {number(look.n[1])}"),
        (_("Counted"), escape(noun(experiment))),
        (
            _("Who counts"),
            _("Everybody drawn into the group, from the day they entered, messaged or not."),
        ),
        (_("Left out"), _("Nobody. Days that are not complete yet are left out.")),
        (_("Up to"), day(look.day, year=True)),
        (_("Window"), _window(metric.window_days)),
        (
            _("Largest value a day"),
            _("no limit") if metric.cap is None else number(metric.cap, digits=2),
        ),
        (
            _("Adjusted for"),
            _("the same metric in the 28 days before; {gain} narrower").format(
                gain=percent(look.gain, digits=0)
            ),
        ),
        (
            _("Planned length"),
            _("{days} days, now day {n}").format(
                days=number(look.planned_days), n=number(look.day_number)
            ),
        ),
        (
            _("Interval"),
            _("95%, right however often you look; today {c} standard errors wide each way").format(
                c=number(look.critical, digits=2)
            ),
        ),
    ]
    with st.popover(_("Definition"), type="tertiary", icon=":material/info:"):
        st.markdown("\n".join(f"- **{name}**: {words}" for name, words in rows))
        if look.uneven:
            st.markdown(
                _("The two groups spread unevenly, so the interval is a little less exact.")
            )


def _window(days: int) -> str:
    return ngettext("{n} day after a message", "{n} days after a message", days).format(
        n=number(days)
    )


def _sure(look: Look) -> str:
    if look.low is None or look.high is None:
        return ""
    if math.isinf(look.high):
        return _("The true figure is very likely above {low}.").format(low=share(look.low))
    if math.isinf(look.low):
        return _("The true figure is very likely below {high}.").format(high=share(look.high))
    signed = look.low < 0
    return _("The true figure is very likely between {low} and {high}.").format(
        low=share(look.low, signed=signed), high=share(look.high, signed=signed)
    )


def _provable(look: Look) -> str:
    if look.provable is None or look.over_planned:
        return ""
    return _("By the planned end a lift of {lift} could still be proved.").format(
        lift=percent(look.provable)
    )
