"""Title, context line and stepper: the same place on every page."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.components.badges import badge, escape
from pages.components.routes import ROUTES, STEPS, link
from pages.components.translate import _, number, say


def head(title: str) -> DeltaGenerator:
    """The page's title; returns the place at its right for at most two actions."""
    with st.container(horizontal=True, vertical_alignment="center", key="head"):
        st.title(title, width="stretch", anchor=False)
        return st.container(
            horizontal=True,
            width="content",
            vertical_alignment="center",
            horizontal_alignment="right",
        )


def section(title: str) -> None:
    """The heading of a section (h2)."""
    st.header(title, anchor=False)


def card_title(title: str) -> None:
    """The heading of a card (h3)."""
    st.subheader(title, anchor=False)


def context_line(name: str, badge_markdown: str) -> None:
    """What the page is about: an experiment's name and its status badge."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _name(name)
        st.markdown(badge_markdown, width="content")


def setup_line(name: str, revision: int, step: str, done: Mapping[str, bool]) -> None:
    """In set-up: name, draft and the five steps. `done` says which steps have no problem left."""
    position = STEPS.index(step) + 1
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        with st.container(
            horizontal=True, vertical_alignment="center", gap="small", width="content"
        ):
            _name(name)
            text = _("Draft {revision}, step {step} of {steps}").format(
                revision=number(revision), step=number(position), steps=number(len(STEPS))
            )
            st.markdown(badge("grey", "edit_note", text), width="content")
        with st.container(
            horizontal=True, vertical_alignment="center", gap="small", wrap=False, width="content"
        ):
            for place, key in enumerate(STEPS, start=1):
                _step(place, key, here=key == step, done=done.get(key, False))


def _step(place: int, key: str, *, here: bool, done: bool) -> None:
    label = f"{place} {say(ROUTES[key].title)}"
    if here:
        st.markdown(badge("blue", "radio_button_checked", label), width="content")
    else:
        icon = "check_circle" if done else "radio_button_unchecked"
        link(key, label=label, icon=f":material/{icon}:")


def _name(name: str) -> None:
    st.markdown(f"**{escape(name)}**", width="content")
