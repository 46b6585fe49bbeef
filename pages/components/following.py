"""The experiment that a page about a launched one follows: chosen, announced, always pausable."""

from __future__ import annotations

from typing import NoReturn

import streamlit as st

from pages.components import session, states
from pages.components.badges import escape, status_badge
from pages.components.bottom_bar import HELD, running_bar
from pages.components.head import head
from pages.components.routes import ROUTES, exists, go
from pages.components.translate import _, number, say
from services.errors import ConsoleError
from services.experiment.model import Status
from services.workflow.following_view import Followed, choices, followed
from services.workflow.sending_view import sending_now

_CHOICE = "following.choice"


def follow(page: str) -> Followed:
    """Find the experiment, draw its line and its bar. Stops `page` where nothing was launched."""
    console = session.services()
    try:
        found = followed(
            console.database, console.lake, console.clock, session.current_experiment()
        )
        paused = found is not None and _held(found.row.id)
    except ConsoleError as problem:
        if states.wrong_error(problem, key="following.wrong"):
            st.rerun()
        st.stop()
    if found is None:
        _nothing_launched(page)
    session.look_at(found.row.id)
    _line(found, paused=paused)
    running_bar(found.row.id)
    return found


def _held(experiment_id: str) -> bool:
    """Whether sending is paused, be it this experiment's own pause or one of everything."""
    console = session.services()
    now = sending_now(console.database, console.clock, experiment_id)
    return now.row.status is Status.RUNNING and now.state in HELD


def _line(found: Followed, *, paused: bool) -> None:
    words = ""
    if found.day_number is not None:
        words = _("day {n}").format(n=number(found.day_number))
    badge = status_badge(
        Status.PAUSED if paused else found.row.status, learning=found.learning, more=words
    )
    rows = choices(session.services().database)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if len(rows) > 1:
            names = {row.id: row.name for row in rows}
            st.selectbox(
                _("Experiment"),
                list(names),
                index=list(names).index(found.row.id),
                format_func=names.__getitem__,
                key=f"{_CHOICE}.{found.row.id}",
                label_visibility="collapsed",
                width=240,
                on_change=_chosen,
                args=(found.row.id,),
            )
        else:
            st.markdown(f"**{escape(found.row.name)}**", width="content")
        st.markdown(badge, width="content")


def _chosen(now_id: str) -> None:
    chosen = session.held(f"{_CHOICE}.{now_id}")
    if chosen:
        session.look_at(chosen)
        session.set_query("experiment", chosen)


def _nothing_launched(page: str) -> NoReturn:
    head(say(ROUTES[page].title))
    actions = states.empty(
        "science",
        _("Nothing is under way yet"),
        _("This page fills as soon as an experiment has started."),
    )
    if exists("experiments") and actions.button(
        _("Experiments"), key="following.experiments", icon=":material/science:"
    ):
        go("experiments")
    st.stop()
