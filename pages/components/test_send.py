"""Send one combination to a few people of one's own, before anybody else gets anything."""

from __future__ import annotations

import streamlit as st

from pages.components.drafting import Editing
from pages.components.intent_progress import ask_button
from pages.components.translate import _
from services.experiment.model import Experiment
from services.intents.model import IntentKind

MAX_CHARACTERS = 2_000


def draw_test_send(editing: Editing, experiment: Experiment) -> None:
    """Folded: whose ids, which options, and the button."""
    with st.expander(_("Send a test to yourself"), icon=":material/send:"):
        typed = st.text_area(
            _("Customer IDs of your own, one a line"),
            key=editing.key("launch.test.ids"),
            max_chars=MAX_CHARACTERS,
        )
        combination: dict[str, str] = {}
        for dimension in experiment.send_dimensions:
            names = {option.key: option.label for option in dimension.options}
            if len(names) < 2:
                combination[dimension.key] = next(iter(names), "")
                continue
            combination[dimension.key] = st.selectbox(
                dimension.label,
                list(names),
                format_func=names.__getitem__,
                key=editing.key(f"launch.test.{dimension.key}"),
            )
        ids = [line.strip() for line in typed.splitlines() if line.strip()]
        ask_button(
            IntentKind.TEST_SEND,
            editing.id,
            label=_("Send the test"),
            key=f"launch.test.{editing.id}",
            payload={"external_ids": ids, "combination": combination},
            icon=":material/send:",
            disabled=not ids,
            help=None if ids else _("Give at least one customer ID."),
            done=_("Braze took the test."),
        )
        st.caption(_("It goes out at once, to these people only, and does not count."))
