"""The only lines of style and script that Anneal adds to Streamlit's own. Each mends one fault.

Drawn after the page has run: before it they would push the title down.
"""

from __future__ import annotations

import streamlit as st

from pages.components.session import language

# Streamlit writes white on primary buttons and the primary colour on selected pills; in dark no one
# colour satisfies both. Without :not(:disabled) the labels of disabled buttons would vanish.
PRIMARY_INK = (
    '[data-testid^="stBaseButton-primary"]:not(:disabled)'
    "{color:light-dark(#FFFFFF,#10131A)!important}"
)
# Korean breaks in mid-word otherwise. On the body: dialogs and popovers are drawn outside the app.
KEEP_WORDS = "body :is(p,li,h1,h2,h3,td,th,label,span){word-break:keep-all!important}"


def draw_injected() -> None:
    """Draw the three lines; the last one runs as a script."""
    code = language()
    rules = PRIMARY_INK + (KEEP_WORDS if code == "ko" else "")
    st.html(f"<style>{rules}</style>")
    # Streamlit leaves "en": a screen reader would read Korean with an English voice.
    st.html(
        f'<script>document.documentElement.lang="{code}"</script>', unsafe_allow_javascript=True
    )
