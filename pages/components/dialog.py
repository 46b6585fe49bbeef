"""Dialogs whose title follows the reader's language."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st


def open_dialog(title: str, body: Callable[[], None], *, width: str = "small") -> None:
    """Open a dialog now. A decorator would fix its title in one language for everybody."""
    st.dialog(title, width=width)(body)()  # type: ignore[arg-type]
