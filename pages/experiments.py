"""Experiments: what needs somebody, what is under way, which drafts wait, where to start."""

from __future__ import annotations

import uuid

import streamlit as st

from pages.components import session, states
from pages.components.alone import alone
from pages.components.badges import (
    HEALTH,
    badge,
    coloured_icon,
    escape,
    status_badge,
)
from pages.components.dialog import open_dialog
from pages.components.experiment_table import experiment_table
from pages.components.gate import gate
from pages.components.head import head, section
from pages.components.language import language_control
from pages.components.linked import from_link, to_link
from pages.components.programme import draw_programme
from pages.components.routes import STEPS, exists, go, link
from pages.components.theme import chart_style
from pages.components.translate import _, ago, interval, ngettext, number, percent, say
from services.experiment.store import create_draft
from services.experiment.use_cases import FROM_NOTHING, USE_CASES, starting_document
from services.insights.charts import sparkline
from services.workflow.accounts import Role
from services.workflow.experiments_view import Card, DraftLine, Home, Need, home

MOST_CARDS = 6
MOST_DRAFT_LINES = 8
CARD_WIDTH_PX = 300
USE_CASE_WIDTH_PX = 240
WISH = "experiments.wish"
AS_TABLE = "experiments.as_table"
EACH, PROGRAMME = "each", "programme"

person = gate()
console = session.services()
shown: Home = home(console.database, console.lake, console.settings)


def start(use_case: str, name: str) -> None:
    """Make the draft and open its first step. A click that is handled twice makes one draft."""
    if session.held(WISH) is None:
        return
    session.hold(WISH, None)
    document = starting_document(use_case) | {"name": name}
    made = create_draft(
        console.database, console.clock, by=person.email, use_case=use_case, document=document
    )
    go("audience", experiment=made)


def new_experiment() -> None:
    """Body of the dialog: a name and where to start from."""
    names = {case.key: say(case.name) for case in USE_CASES} | {
        FROM_NOTHING: _("Start from nothing")
    }
    case = st.selectbox(
        _("Start from"), list(names), format_func=names.__getitem__, key="experiments.new.case"
    )
    name = st.text_input(
        _("Name"), placeholder=names[case], max_chars=120, key="experiments.new.name"
    )
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(_("Set it up"), type="primary", key="experiments.new.go"):
            start(case, name.strip() or names[case])


def draw_need(need: Need) -> None:
    """One line for one thing that waits for a person, with the button that resolves it."""
    with (
        st.container(border=True),
        st.container(horizontal=True, vertical_alignment="center", wrap=False),
    ):
        name = f"**{escape(need.name)}** · " if need.name else ""
        needs_you = badge("orange", "pan_tool", _("Needs you"))
        st.markdown(
            f"{needs_you} {name}{escape(say(need.what))}",
            width="stretch",
        )
        if exists(need.way) and st.button(
            say(need.action), key=f"experiments.need.{need.experiment_id}.{need.way}"
        ):
            go(need.way, experiment=need.experiment_id)


def draw_card(card: Card) -> None:
    """One launched experiment: lift with its interval, sparkline, health."""
    with st.container(border=True, height="stretch"):
        with st.container(horizontal=True, vertical_alignment="center", wrap=False):
            st.subheader(escape(card.name), anchor=False, width="stretch")
            more = _("day {day}").format(day=number(card.day_number)) if card.day_number else ""
            badge_line = status_badge(card.status, learning=card.learning, more=more)
            st.markdown(badge_line, width="content")
        people = ngettext("{n} person", "{n} people", card.n_people).format(n=number(card.n_people))
        st.caption(f"{say(card.use_case)} · {people}")
        if card.lift is None:
            st.metric(
                say(card.lift_over),
                _("Not yet"),
                _("not enough outcomes so far"),
                delta_color="off",
                delta_arrow="off",
            )
        else:
            st.metric(
                say(card.lift_over),
                percent(card.lift.estimate, signed=True),
                interval(percent(card.lift.low, signed=True), percent(card.lift.high, signed=True)),
                delta_color="normal" if card.lift.proved else "off",
                delta_arrow="off",
            )
        if len(card.looks) > 1:
            st.altair_chart(sparkline(card.looks, chart_style()), alt=_finding(card))
        st.space("stretch")
        with st.container(horizontal=True, vertical_alignment="center", wrap=False):
            kind = HEALTH[card.health]
            words = say(card.health_words) if card.health_words else say(kind.word)
            st.markdown(f":small[{coloured_icon(kind)} {escape(words)}]", width="stretch")
            if exists("insights") and st.button(
                _("Open"),
                type="tertiary",
                icon=":material/arrow_forward:",
                icon_position="right",
                key=f"experiments.open.{card.id}",
                help=_("Open {name}").format(name=escape(card.name)),
            ):
                go("insights", experiment=card.id)


def _finding(card: Card) -> str:
    if card.lift is None:
        return _("Lift of {name} by day: no clear difference yet").format(name=card.name)
    if card.lift.proved:
        return _("Lift of {name} by day: above zero").format(name=card.name)
    return _("Lift of {name} by day: zero is inside the interval").format(name=card.name)


def draw_drafts(drafts: tuple[DraftLine, ...]) -> None:
    """The experiments still being set up, one line each."""
    now = console.clock.now().timestamp()
    with st.container(border=True):
        for line in drafts[:MOST_DRAFT_LINES]:
            with st.container(horizontal=True, vertical_alignment="center", wrap=False):
                step = STEPS.index(line.step) + 1 if line.step in STEPS else 1
                done = _("step {step} of {steps}").format(
                    step=number(step), steps=number(len(STEPS))
                )
                name = escape(line.name or _("Untitled"))
                saved = _("saved {ago}").format(ago=ago(line.updated_at, now))
                st.markdown(
                    f"**{name}** {status_badge(line.status)}  \n"
                    f":small[:grey[{say(line.use_case)} · {done} · {saved}]]",
                    width="stretch",
                )
                if st.button(
                    _("Continue"),
                    type="tertiary",
                    icon=":material/arrow_forward:",
                    icon_position="right",
                    key=f"experiments.draft.{line.id}",
                    help=_("Continue with {name}").format(name=escape(line.name)),
                ):
                    go(line.step if line.step in STEPS else STEPS[0], experiment=line.id)
        if len(drafts) > MOST_DRAFT_LINES:
            more = len(drafts) - MOST_DRAFT_LINES
            st.caption(
                ngettext("{n} more in the table", "{n} more in the table", more).format(
                    n=number(more)
                )
            )


def draw_use_cases() -> None:
    """The seven starting points and "Start from nothing"."""
    section(_("Start from a use case"))
    with st.grid(4, min_column_width=USE_CASE_WIDTH_PX):
        for case in USE_CASES:
            _use_case(case.key, case.icon, say(case.name), say(case.goal))
        _use_case(
            FROM_NOTHING,
            "edit_square",
            _("Start from nothing"),
            _("Choose every dimension and option yourself."),
        )


def _use_case(key: str, icon: str, name: str, goal: str) -> None:
    with st.container(border=True, height="stretch"):
        st.subheader(f":blue[:material/{icon}:] {name}", anchor=False)
        st.caption(goal)
        st.space("stretch")
        if person.may(Role.EDITOR) and st.button(
            _("Start"),
            type="tertiary",
            icon=":material/arrow_forward:",
            icon_position="right",
            key=f"experiments.start.{key}",
            help=_("Start with {name}").format(name=name),
        ):
            session.hold(WISH, str(uuid.uuid4()))
            start(key, name)


def draw_under_way() -> bool:
    """Cards for a few experiments, the table for many or by choice. True for the table, which
    lists the drafts too."""
    many = len(shown.under_way) > MOST_CARDS
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(_("Under way"), anchor=False, width="stretch")
        as_table = many or st.toggle(_("As a table, with drafts and ended ones"), key=AS_TABLE)
    if as_table:
        chosen = experiment_table(shown)
        if chosen is not None and exists(chosen.page):
            go(chosen.page, experiment=chosen.id)
    elif shown.under_way:
        with st.grid(3, min_column_width=CARD_WIDTH_PX):
            for card in shown.under_way:
                draw_card(card)
    else:
        st.markdown(_("Nothing is being sent at the moment."))
    return as_table


def chosen_view() -> str:
    """Which of the two views is asked for; it stands in the address."""
    words = {EACH: _("Each by itself"), PROGRAMME: _("Programme")}
    view = st.segmented_control(
        _("View"),
        list(words),
        default=from_link("view", list(words), EACH),
        required=True,
        format_func=words.__getitem__,
        label_visibility="collapsed",
        key="experiments.view",
    )
    to_link("view", view, EACH)
    return str(view)


with head(_("Experiments")):
    if person.may(Role.EDITOR) and st.button(
        _("New experiment"), type="primary", icon=":material/add:", key="experiments.new"
    ):
        session.hold(WISH, str(uuid.uuid4()))
        open_dialog(_("New experiment"), new_experiment)

if not shown.connected:
    with (
        st.container(border=True),
        st.container(horizontal=True, vertical_alignment="center", wrap=False),
    ):
        st.markdown(
            _(
                ":material/cable: **Not connected to Braze yet.** You can set up an experiment; "
                "audiences and templates come with the connection."
            ),
            width="stretch",
        )
        link("connection", label=_("Connect"), icon=":material/arrow_forward:")

for waiting in shown.needs:
    draw_need(waiting)

if shown.empty:
    draw_use_cases()
    place = states.empty(
        "science",
        _("No experiments yet"),
        _("Start from a use case, or look at the demo with simulated customers."),
    )
    with place.popover(_("Open the demo")):
        st.markdown(_("The demo runs beside this, with a home of its own:"))
        st.code("anneal demo", language=None)
elif shown.cards and chosen_view() == PROGRAMME:
    with alone("experiments.programme"):
        draw_programme()
else:
    as_table = draw_under_way() if shown.cards else False
    if shown.drafts and not as_table:
        section(_("Drafts"))
        draw_drafts(shown.drafts)
    draw_use_cases()

st.space("small")
language_control()
