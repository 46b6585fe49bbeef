"""The parts of Insights that ask the log: what another rule would have done, what options bring."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st

from pages.components import session, states
from pages.components.badges import escape
from pages.components.lift_words import noun
from pages.components.translate import _, interval, money, ngettext, number, percent, say
from services.experiment.model import Experiment, MetricKind
from services.insights.off_policy import PolicyValue
from services.workflow.logged_days import JudgedDay, logged_days
from services.workflow.what_if import (
    OptionValue,
    OtherRule,
    Replayed,
    option_values,
    replay_rule,
    shown,
)

MOST_DECISIONS = 20_000  # a few seconds' work; a longer log is judged on a part of its people
MOST_FOR_OPTIONS = 60_000  # one option is chosen by few: here more of the log has to count
CAPS = (1, 2, 3, 4, 5, 6)
PER_MESSAGES = 100
_ASKED, _OPTIONS = "insights.what_if.asked", "insights.options.asked"


def draw_what_if(experiment: Experiment) -> None:
    """A form of rules; the answer in sentences, or why there is none."""
    closed = session.services().lake.latest_day("rewards", experiment.id)
    if closed is None:
        states.not_yet(
            _("What if: not yet"),
            _("It needs messages whose {days} days are over.").format(
                days=number(experiment.metric.window_days)
            ),
        )
        return
    with st.form("insights.what_if", border=True):
        rule = _form(experiment)
        asked = st.form_submit_button(_("Work it out"))
    if asked:
        session.hold(_ASKED, rule)
    held = session.held(_ASKED)
    if held is None:
        st.caption(_("Nothing is changed and nothing is sent: logged days are replayed."))
        return
    if not held.changes_anything:
        st.markdown(_("That changes nothing: choose something to take away."))
        return
    with states.loading(_("Replaying logged days"), _("A few seconds."), heights_px=(40,)):
        days, share = _days(experiment, (experiment.id, str(experiment.version), str(closed)))
        found = _replayed(experiment, days, held, (experiment.id, str(closed), repr(held)))
    _answer(experiment, found, share)


def draw_options(experiment: Experiment) -> None:
    """What each option brings, judged from the logged chances: worked out when asked for."""
    closed = session.services().lake.latest_day("rewards", experiment.id)
    if closed is None:
        return
    with st.expander(_("What each option brings, judged from the log"), icon=":material/balance:"):
        if st.button(_("Work it out"), key="insights.options.work"):
            session.hold(_OPTIONS, experiment.id)
        if session.held(_OPTIONS) != experiment.id:
            st.caption(_("It takes some seconds."))
            return
        with states.loading(_("Judging options"), _("Some seconds."), heights_px=(90,)):
            found = _values(experiment, (experiment.id, str(experiment.version), str(closed)))
        rows = [_option_row(experiment, one) for one in found]
        st.table(pd.DataFrame(rows), border="horizontal", hide_index=True)
        st.caption(
            _(
                "{noun} per 100 messages, had everybody got the option who could, the rest as it "
                "was chosen. Compare within a column: the two groups get messages at different "
                "rhythms. Ordinary 95% intervals: no reason to stop."
            ).format(noun=escape(noun(experiment)).capitalize())
        )


def _form(experiment: Experiment) -> OtherRule:
    options = {
        (dimension.key, option.key): f"{dimension.label}: {option.label}"
        for dimension in experiment.send_dimensions
        for option in dimension.options
        if len(dimension.options) > 1
    }
    dropped = st.multiselect(
        _("Without these options"),
        list(options),
        format_func=options.__getitem__,
        placeholder=_("None"),
        key="insights.what_if.dropped",
    )
    left, right = st.columns(2)
    with left:
        cap = st.selectbox(
            _("At most so many messages a week for one person"),
            [None, *CAPS],
            format_func=lambda n: _("No limit") if n is None else number(n),
            key="insights.what_if.cap",
        )
    with right:
        names = _weekdays()
        quiet = st.multiselect(
            _("No messages on"),
            list(names),
            format_func=names.__getitem__,
            placeholder=_("None"),
            key="insights.what_if.quiet",
        )
    return OtherRule(tuple(dropped), cap, frozenset(quiet))


def _weekdays() -> dict[int, str]:
    words = (
        _("Mondays"),
        _("Tuesdays"),
        _("Wednesdays"),
        _("Thursdays"),
        _("Fridays"),
        _("Saturdays"),
        _("Sundays"),
    )
    return dict(enumerate(words, start=1))


@st.cache_resource(show_spinner=False, max_entries=2, ttl=900)
def _days(_experiment: Experiment, key: tuple[str, ...]) -> tuple[list[JudgedDay], float]:
    return logged_days(session.services().lake, _experiment, most=MOST_DECISIONS)


@st.cache_resource(show_spinner=False, max_entries=32, ttl=3600)
def _replayed(
    _experiment: Experiment, _days: list[JudgedDay], _rule: OtherRule, key: tuple[str, ...]
) -> Replayed:
    return replay_rule(_experiment, _days, _rule)


@st.cache_resource(show_spinner=False, max_entries=8, ttl=3600)
def _values(_experiment: Experiment, key: tuple[str, ...]) -> list[OptionValue]:
    lake = session.services().lake
    return option_values(_experiment, logged_days(lake, _experiment, most=MOST_FOR_OPTIONS)[0])


def _answer(experiment: Experiment, found: Replayed, share: float) -> None:
    fewer = found.sends_before - found.sends
    words = ngettext(
        "{n} of {before} messages would not have gone out ({share}).",
        "{n} of {before} messages would not have gone out ({share}).",
        fewer,
    ).format(
        n=number(fewer / share),
        before=number(found.sends_before / share),
        share=percent(fewer / max(found.sends_before, 1), digits=0),
    )
    if fewer == 0:
        words = _("As many messages would have gone out as before.")
    sentences = [words, _cost(experiment, found, share), _outcomes(experiment, found, share)]
    st.markdown(f":material/lightbulb: {' '.join(s for s in sentences if s)}")
    notes = [
        ngettext("{n} logged day.", "{n} logged days.", found.days).format(n=number(found.days)),
        _("Effective size: {n} decisions.").format(n=number(found.effective)),
    ]
    if found.rough:
        notes.append(_("Rough: fewer than 1,000 decisions speak about this rule."))
    if share < 1:
        notes.append(
            _("Worked out on {share} of the people; counts are scaled up.").format(
                share=percent(share, digits=0)
            )
        )
    if found.nothing_left:
        notes.append(
            ngettext(
                "On {n} person-day no option would have been left.",
                "On {n} person-days no option would have been left.",
                found.nothing_left,
            ).format(n=number(found.nothing_left / share))
        )
    st.caption(" ".join(notes))


def _cost(experiment: Experiment, found: Replayed, share: float) -> str:
    if found.cost_before == 0:
        return ""
    return _("They would have cost {cost}; it was {before}.").format(
        cost=escape(money(found.cost / share, experiment.currency, digits=0)),
        before=escape(money(found.cost_before / share, experiment.currency, digits=0)),
    )


def _outcomes(experiment: Experiment, found: Replayed, share: float) -> str:
    if found.low is None or found.high is None:
        why = say(found.refusal.reason) if found.refusal else ""
        return _("What they would have brought cannot be said: {why}").format(why=escape(why))
    low, high = (number(max(end, 0.0) / share) for end in (found.low, found.high))
    words = _("They would have been followed by {range} {noun}; it was {before}.").format(
        range=interval(low, high),
        noun=escape(noun(experiment)),
        before=number(found.outcomes_before / share),
    )
    if found.sends < found.sends_before:
        words += " " + _(
            "The lower end holds if everything after a message that falls away was owed to it, the "
            "higher one if nothing was."
        )
    return words


def _option_row(experiment: Experiment, one: OptionValue) -> dict[str, str]:
    labels = {option.key: option.label for option in one.dimension.options}
    in_money = experiment.metric.kind in (MetricKind.REVENUE, MetricKind.ARPU)

    def written(value: tuple[float, float, float]) -> str:
        digits = 0 if in_money else 1
        best, low, high = (number(PER_MESSAGES * part, digits=digits) for part in value)
        return f"**{best}** ({interval(low, high)})"

    if one.lot is None:
        lot = ngettext("not yet, {n} message", "not yet, {n} messages", one.n_lot)
        by_lot = lot.format(n=number(one.n_lot))
    else:
        by_lot = written(one.lot)
    if isinstance(one.judged, PolicyValue):
        judged = written(shown(one.judged))
        if one.judged.rough:
            judged += " " + _("rough")
    else:
        judged = _("too thin")
    return {
        _("Dimension"): escape(one.dimension.label),
        _("Option"): escape(labels[one.option]),
        _("Random group alone"): by_lot,
        _("From all logged chances"): judged,
        _("Effective size"): number(math.floor(one.judged.effective)),
    }
