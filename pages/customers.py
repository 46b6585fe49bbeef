"""Customers: why one person got this option, what else was possible, what was ruled out."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.components import session, states
from pages.components.alone import alone
from pages.components.badges import GROUPS, badge, drawn, escape
from pages.components.following import follow
from pages.components.gate import gate
from pages.components.head import head
from pages.components.translate import _, day, hour, listed, number, say
from pages.components.why_parts import (
    draw_change,
    draw_possible,
    draw_ruled_out,
    draw_waterfall,
    reason_label,
)
from services.experiment.model import Experiment
from services.workflow.accounts import Role
from services.workflow.customers_view import (
    Decision,
    PersonDay,
    decision_days,
    history,
    likely_day,
    person_day,
)
from services.workflow.person_lookup.store import Member, look_up
from services.workflow.why_view import Why, why

SHOWN_REASONS = 2
MAX_ID_CHARACTERS = 987  # longer ids do not exist in Braze


def ask_for_id() -> str:
    """The field for the customer's id. What was typed is not kept in the URL: it is personal."""
    return st.text_input(
        _("Customer ID"),
        key="customers.id",
        icon=":material/search:",
        width=260,
        autocomplete="off",
    ).strip()[:MAX_ID_CHARACTERS]


def find(external_id: str) -> Member | None:
    """Look the person up once for each id typed: every look-up is written down."""
    known = session.held("customers.found")
    if known is not None and known[0] == (external_id, found.row.id):
        member: Member | None = known[1]
        return member
    member = look_up(console.database, console.clock, external_id, found.row.id, by=person.email)
    session.hold("customers.found", ((external_id, found.row.id), member))
    return member


@st.cache_resource(show_spinner=False, max_entries=256, ttl=3600)
def explained_once(_decision: Decision, _person: int, decision_id: str, version: int) -> Why:
    """The explanation of one decision: it never changes, and takes a second to work out."""
    return why(console.lake, found.experiment, _decision, _person)


def sentence(seen: PersonDay, explained: Why | None, experiment: Experiment) -> str:
    """Who gets what, and what speaks for it most."""
    decision = seen.decision
    if decision is None:
        return say(seen.why_none)
    words = _("{id} gets {combination}.").format(
        id=escape(seen.member.external_id), combination=escape(decision.text)
    )
    if explained is None or explained.by_lot:
        return words + " " + _("It was drawn by lot, so that Anneal keeps learning.")
    for_it = [r for r in explained.way.reasons if r.amount > 0 and (r.attribute or r.option)]
    if not for_it:
        return words
    names = listed([reason_label(r, experiment) for r in for_it[:SHOWN_REASONS]])
    return words + " " + _("What speaks for it most: {reasons}.").format(reasons=escape(names))


def draw_history(member: Member, experiment: Experiment) -> None:
    """Their decisions and outcomes by day, folded."""
    with st.expander(_("Decisions and outcomes by day"), icon=":material/history:"):
        lines = history(console.database, console.lake, experiment, member)
        if not lines:
            st.caption(_("Nothing yet."))
            return
        rows = [
            {
                _("Day"): day(line.day),
                _("Combination"): escape(line.text) or "–",
                _("State"): badge(line.word.colour, line.word.icon, say(line.word.word))
                if line.word
                else "–",
                _("Why not sent"): escape(say(line.why_not)) or "–",
                _("Outcome"): number(line.outcome, digits=2).rstrip("0").rstrip(".")
                if line.outcome
                else "–",
            }
            for line in lines
        ]
        pages = -(-len(rows) // 25)
        page = st.pagination(pages, key="customers.page") if pages > 1 else 1
        frame = pd.DataFrame(rows[25 * (page - 1) : 25 * page])
        st.table(frame, border="horizontal", hide_index=True)


person = gate()
found = follow("customers")
console = session.services()
head(_("Why this option?"))
if not person.may(Role.EDITOR):
    states.not_allowed(Role.EDITOR)
    st.stop()
days = decision_days(console.lake, found.row.id)
if not days:
    states.not_yet(_("Decisions: not yet"), _("The first ones are made on the first morning."))
    st.stop()
with st.container(horizontal=True, vertical_alignment="bottom"):
    typed = ask_for_id()
    member = find(typed) if typed else None
    chosen_day = None
    if member is not None:
        likely = likely_day(console.database, found.row.id, member, days)
        chosen_day = st.selectbox(
            _("Decision day"),
            days,
            index=days.index(likely) if likely in days else 0,
            format_func=lambda one: day(one, year=True),
            key=f"customers.day.{member.person}",
            width=200,
        )
        if member.group is not None:
            st.markdown(drawn(GROUPS[member.group]), width="content")
    replay_place = st.empty()
if not typed:
    states.empty(
        "person_search",
        _("Type a customer ID"),
        _("Ids only: no name, no address. Every look-up is written into the audit trail."),
    )
    st.stop()
if member is None:
    states.empty(
        "person_off",
        _("Nobody with this id is known"),
        _("They were never in the audience of an experiment, or they were erased."),
    )
    st.stop()
assert chosen_day is not None  # noqa: S101 - set together with `member`
with alone("customers.day"):
    seen = person_day(console.database, console.lake, found.experiment, member, chosen_day)
    explained = None
    if seen.decision is not None:
        with states.loading(_("Working out why"), _("Reading the day’s choices, about a second")):
            explained = explained_once(
                seen.decision, member.person, seen.decision.decision_id, found.experiment.version
            )
    if explained is not None and explained.replayed:
        replay_place.markdown(
            badge("green", "verified", _("Recomputed, identical")), width="content"
        )
    elif explained is not None and explained.replayed is False:
        replay_place.markdown(badge("red", "error", _("Recomputed, different")), width="content")
    st.header(sentence(seen, explained, found.experiment), anchor=False)
    if seen.decision is not None:
        at = hour(seen.decision.send_at_s, zone=found.experiment.zone)
        st.caption(_("Planned for {time}, {zone}.").format(time=at, zone=found.experiment.zone))
    if explained is not None:
        left, right = st.columns([8, 7], gap="large")
        with left:
            draw_waterfall(explained, found.experiment)
            draw_change(explained)
        with right:
            draw_possible(explained)
            draw_ruled_out(explained)
if member.group is not None:
    draw_history(member, found.experiment)
