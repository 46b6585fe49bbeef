"""The part of Insights that says whether its numbers can be trusted."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st

from pages.components import session, states
from pages.components.badges import GROUPS, badge, drawn, escape
from pages.components.chart import draw_chart
from pages.components.translate import _, number, percent, say
from services.experiment.model import Experiment, MetricKind
from services.experiment.records import ExperimentRow
from services.insights.balance import Alarm
from services.insights.cost_chart import learning_cost
from services.insights.definitions import contamination_definition
from services.insights.model import Card
from services.messages import Message
from services.workflow.contamination_view import (
    Contamination,
    contamination,
    touched_sentence,
)
from services.workflow.insights_view import insights
from services.workflow.takeaway.chapter import Chapter, Scope
from services.workflow.takeaway.trust_chapter import cost_chapter, unit_of
from services.workflow.trust_view import trust

MONEY = (MetricKind.REVENUE, MetricKind.ARPU)


def draw_trust(experiment: Experiment) -> None:
    """Groups against the draw, by the exact e-process, as a table."""
    console = session.services()
    found = trust(console.database, experiment, lake=console.lake)
    if found is None:
        states.not_yet(_("Groups: not yet"), _("Nobody has entered the experiment yet."))
        return
    st.markdown(_verdict(found.alarm))
    rows = [
        {
            _("Group"): drawn(GROUPS[line.group]),
            _("Expected"): number(line.expected),
            _("Seen"): number(line.seen),
        }
        for line in found.lines
    ]
    st.table(pd.DataFrame(rows), border="horizontal", hide_index=True, width=460)
    st.caption(
        _("People are drawn once and keep their group. This check is exact however often you look.")
    )


def _verdict(alarm: Alarm) -> str:
    match alarm:
        case Alarm.FINE:
            return badge("green", "check_circle", _("Group sizes are as drawn"))
        case Alarm.WARN:
            return badge("orange", "warning", _("Group sizes drift from the draw"))
        case Alarm.PAUSE:
            return badge(
                "red", "error", _("Group sizes are not those drawn: do not trust the lift")
            )


@st.cache_resource(show_spinner=False, max_entries=16, ttl=3600)
def _kept_contamination(_experiment: Experiment, asked: tuple[str, ...]) -> Contamination | None:
    console = session.services()
    return contamination(console.database, console.lake, _experiment)


@st.cache_resource(show_spinner=False, max_entries=16, ttl=3600)
def _kept_cost(_experiment: Experiment, _first_day: date, asked: tuple[str, ...]) -> Chapter:
    console = session.services()
    seen = insights(console.lake, _experiment)
    return cost_chapter(Scope(console, _experiment, _first_day), seen)


def draw_contamination(experiment: Experiment) -> None:
    """Who got other campaigns, and the lift with and without them: worked out when opened."""
    title, icon = _("People who got other campaigns"), ":material/call_split:"
    place = st.expander(title, icon=icon, key="insights.contamination", on_change="rerun")
    if not place.open:
        return
    with place:
        newest = str(session.services().lake.latest_day("looks", experiment.id))
        found = _kept_contamination(experiment, (experiment.id, str(experiment.version), newest))
        if found is None:
            st.caption(_("It comes with the first final day."))
            return
        rows = [
            {
                _("Group"): drawn(GROUPS[line.group]),
                _("People"): number(line.n),
                _("Got other campaigns"): f"{number(line.touched)} ({percent(line.share)})",
            }
            for line in found.lines
        ]
        st.table(pd.DataFrame(rows), border="horizontal", hide_index=True)
        st.markdown(escape(say(touched_sentence(found))))
        st.caption(say(contamination_definition(found.day).method))


@st.cache_resource(show_spinner=False, max_entries=16, ttl=3600)
def _kept_contamination(_experiment: Experiment, key: tuple[str, ...]) -> Contamination | None:
    console = session.services()
    return contamination(console.database, console.lake, _experiment)


def draw_cost(experiment: Experiment, row: ExperimentRow) -> None:
    """What learning cost so far: the sentence, and its line by day."""
    newest = str(session.services().lake.latest_day("looks", experiment.id))
    chapter, unit = _kept_cost(experiment, row, (experiment.id, str(experiment.version), newest))
    finding = chapter.finding
    if not isinstance(finding, Card):
        states.not_yet(_("Cost of learning: not yet"), say(finding.waiting_for))
        return
    st.markdown(escape(say(finding.sentence)))
    exhibit = chapter.exhibits[0]
    draw_chart(learning_cost, exhibit.table, alt=say(exhibit.finding), unit=unit)
    st.caption(
        _("For the people with random messages: what personalised ones would have brought them.")
    )


@st.cache_resource(show_spinner=False, max_entries=16, ttl=3600)
def _kept_cost(
    _experiment: Experiment, _row: ExperimentRow, key: tuple[str, ...]
) -> tuple[Chapter, Message | str]:
    console = session.services()
    seen = insights(console.lake, _experiment)
    scope = Scope(console, _experiment, _row.first_day or console.clock.now().date())
    return cost_chapter(scope, seen), unit_of(_experiment, in_money=seen.in_money)
