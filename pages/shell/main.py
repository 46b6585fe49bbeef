"""The router: who may look, which pages there are, in which language.

It lies in a folder without a `pages/`, so that no page can be reached except through it.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st
import structlog

from pages.components.gate import gate
from pages.components.injected import draw_injected
from pages.components.routes import available, page
from pages.components.states import wrong, wrong_error
from pages.components.translate import _
from services.errors import ConsoleError

log = structlog.get_logger()
STATIC = Path(__file__).parent / "static"

st.set_page_config(page_title="Anneal", page_icon=str(STATIC / "icon.svg"), layout="wide")
dark = st.context.theme.type == "dark"
st.logo(str(STATIC / f"logo-{'dark' if dark else 'light'}.svg"), size="medium")

main = [page(route.key) for route in available() if not route.in_setup]
steps = [page(route.key) for route in available() if route.in_setup]
sections = {"": main} | ({_("Set up"): steps} if steps else {})

# Every page is registered before the gate speaks, else a deep link would be "not found" instead of
# a question for the login; hidden, because a name of a page is already something to know.
here = st.navigation(sections, position="hidden")
gate()
here = st.navigation(sections, position="top")
try:
    here.run()
except ConsoleError as problem:
    if wrong_error(problem, key="shell.wrong"):
        st.rerun()
except Exception:
    log.exception("page failed", page=here.title)
    if wrong(
        _("This page cannot be shown"),
        _("Nothing was changed or sent by that. The log of the console says what failed."),
        key="shell.failed",
    ):
        st.rerun()
finally:
    draw_injected()
