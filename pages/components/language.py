"""The small `English | 한국어` control."""

from __future__ import annotations

import streamlit as st

from pages.components import session
from pages.components.translate import _

_KEY = "language.control"


def language_control() -> None:
    """Lets the reader choose a language; kept with the person where one is logged in."""
    st.segmented_control(
        _("Language"),
        list(session.LANGUAGES),
        default=session.language(),
        required=True,
        format_func=session.LANGUAGES.__getitem__,
        key=_KEY,
        label_visibility="collapsed",
        on_change=_chosen,
    )


def _chosen() -> None:
    code = session.held(_KEY)
    if code in session.LANGUAGES:
        session.choose_language(code)
