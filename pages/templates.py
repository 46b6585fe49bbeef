"""Templates: where messages are sent from, how they look, and what still needs approval."""

from __future__ import annotations

import streamlit as st

from pages.components import session, states
from pages.components.alone import alone
from pages.components.bottom_bar import setup_bar
from pages.components.drafting import open_draft, show_conflict
from pages.components.gallery_parts import draw_gallery, draw_toolbar, waiting_subjects
from pages.components.gate import gate
from pages.components.head import head, section
from pages.components.intent_progress import ask_button
from pages.components.target_choice import draw_places
from pages.components.translate import _, ago, ngettext, number, say
from services.intents.model import IntentKind
from services.workflow.accounts import Role
from services.workflow.templates_view import gallery

person = gate()
editing = open_draft("templates", person)
with head(_("How will it look?")):
    if person.may(Role.EDITOR):
        ask_button(
            IntentKind.REFRESH_CATALOGUE,
            None,
            label=_("Read the list again"),
            key="templates.refresh",
            icon=":material/refresh:",
        )
show_conflict(editing)
console = session.services()
blocked = ""
with alone("templates.page"):
    seen = gallery(console.database, editing.document)
    if seen.catalogue is None:
        states.empty(
            "mail",
            _("Your campaigns have not been read yet"),
            _("Anneal reads them from Braze: names and content, nothing about people."),
        )
    else:
        draw_places(editing, seen)
        if seen.catalogue.refreshed_at is not None:
            age = ago(seen.catalogue.refreshed_at.timestamp(), console.clock.now().timestamp())
            st.caption(_("Read from Braze {ago}.").format(ago=age))
        if seen.experiment.targets:
            section(_("Seen by your customers"))
            look = draw_toolbar(console, seen, editing)
            draw_gallery(seen, look, editing, person)
    waiting = waiting_subjects(seen)
    if waiting:
        n = len(seen.experiment.targets)
        blocked = ngettext(
            "{waiting} of {n} message needs approval", "{waiting} of {n} messages need approval", n
        ).format(waiting=number(len(waiting)), n=number(n))
first = next(iter(editing.blocking("templates")), None)
setup_bar(
    "templates",
    saved_at=editing.draft.updated_at.timestamp(),
    blocked=say(first.what) if first else blocked,
)
