"""Insights: what was learnt, how sure that is, and what Braze says of it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.components import session
from pages.components.alone import alone
from pages.components.braze_parts import draw_messages, draw_reconciliation
from pages.components.choice_parts import draw_shares
from pages.components.following import follow
from pages.components.gate import gate
from pages.components.head import head, section
from pages.components.lift_parts import (
    draw_lift,
    draw_metrics,
    draw_other_comparisons,
    experiment_events,
)
from pages.components.lift_words import headline
from pages.components.linked import from_link, to_link
from pages.components.segment_parts import draw_segments
from pages.components.take_away import take_away_button
from pages.components.translate import _, day, number
from pages.components.trust_parts import draw_contamination, draw_cost, draw_trust
from pages.components.what_if_parts import draw_options, draw_what_if
from services.workflow.braze_view import BrazeNumbers, braze_numbers
from services.workflow.insights_view import Insights, insights, true_lift

ALL = 0


def freshness(seen: Insights) -> str:
    """Which day it is, up to when outcomes are counted, and that looking is safe."""
    look = seen.primary
    parts = []
    if found.day_number is not None:
        parts.append(_("Day {n}").format(n=number(found.day_number)))
    if look is not None:
        parts.append(
            _("outcomes up to {day}, later days are still filling").format(day=day(look.day))
        )
        if look.over_planned:
            parts.append(_("beyond the planned end, so the interval is wider"))
    parts.append(_("safe to look at every day"))
    return " · ".join(parts)


@st.cache_resource(show_spinner=False, max_entries=16, ttl=60)
def read_braze(experiment_id: str, fetched_on: str) -> BrazeNumbers | None:
    """Braze's series and Anneal's counts beside them, at most a minute old."""
    return braze_numbers(console.database, console.lake, experiment, first_day=found.row.first_day)


@st.cache_resource(show_spinner=False, max_entries=16, ttl=3600)
def read_insights(experiment_id: str, version: int, newest_look: str) -> Insights:
    """What the looks say; they change once a day."""
    return insights(console.lake, experiment)


def truth() -> pd.DataFrame | None:
    """The simulator's true lift, where it is simulated and the reader asked for it."""
    if not console.settings.sandbox:
        return None
    known = true_lift(console.lake, experiment.id)
    if known is None:
        return None
    asked = from_link("truth", (False, True), False)
    wanted = st.toggle(_("Show the truth"), asked, key="insights.truth")
    to_link("truth", wanted, False)
    return known if wanted else None


def window() -> int | None:
    """How many days the descriptive charts below show; the lift always counts all."""
    words = {7: _("7 days"), 28: _("28 days"), ALL: _("All")}
    chosen = st.segmented_control(
        _("Days shown below"),
        list(words),
        default=from_link("days", list(words), ALL),
        required=True,
        format_func=words.__getitem__,
        key="insights.window",
        label_visibility="collapsed",
    )
    to_link("days", chosen, ALL)
    return int(chosen) if chosen else None


gate()
found = follow("insights")
console = session.services()
experiment = found.experiment
actions = head(_("What we learnt"))
numbers: BrazeNumbers | None = None
with alone("insights.lift"):
    newest = str(console.lake.latest_day("looks", experiment.id))
    seen = read_insights(experiment.id, experiment.version, newest)
    first, sure = headline(seen)
    st.header(f"{first} {sure}".strip(), anchor=False)
    st.caption(freshness(seen))
    draw_metrics(seen)
    section(_("Does it work, and since when?"))
    draw_lift(seen, experiment_events(experiment, found.row.first_day), truth())
    draw_other_comparisons(seen)
    section(_("What works for whom?"))
    with alone("insights.segments"):
        draw_segments(seen)
with alone("insights.braze"):
    numbers = read_braze(experiment.id, str(console.lake.latest_day("series", experiment.id)))
with st.container(horizontal=True, horizontal_alignment="right"):
    days = window()
left, right = st.columns(2, gap="large")
with left:
    section(_("What does Anneal choose?"))
    with alone("insights.choices"):
        draw_shares(experiment, days)
with right:
    section(_("What does Braze say?"))
    with alone("insights.reconciliation"):
        draw_reconciliation(numbers, experiment, experiment.zone)
section(_("How are the messages doing?"))
with alone("insights.messages"):
    draw_messages(numbers, days)
section(_("What would another rule have done?"))
with alone("insights.what_if"):
    draw_what_if(experiment)
with alone("insights.options"):
    draw_options(experiment)
section(_("What did learning cost?"))
with alone("insights.cost"):
    draw_cost(experiment, found.row)
section(_("Can you trust it?"))
with alone("insights.trust"):
    draw_trust(experiment)
with alone("insights.contamination"):
    draw_contamination(experiment)
with actions, alone("insights.take_away"):
    take_away_button(found.row)
