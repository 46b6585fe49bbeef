"""Templates: where messages are sent from, how they look, and what still needs approval."""

from __future__ import annotations

import streamlit as st

from pages.components import session, states
from pages.components.alone import alone
from pages.components.badges import escape
from pages.components.bottom_bar import setup_bar
from pages.components.drafting import Editing, open_draft, save, show_conflict
from pages.components.gallery_parts import draw_gallery, draw_toolbar, waiting_subjects
from pages.components.gate import gate
from pages.components.head import head, section
from pages.components.intent_progress import ask_button
from pages.components.translate import _, ago, ngettext, number, say
from services.experiment.drafts import Document
from services.intents.model import IntentKind
from services.workflow.accounts import Role
from services.workflow.templates_view import Gallery, Place, Slot, choose, gallery

NOTHING = ""


def draw_places(editing: Editing, seen: Gallery) -> None:
    """One drop-down for each channel: the campaign or Canvas its messages go through."""
    section(_("Sent through"))
    if seen.catalogue is not None and not any(slot.places for slot in seen.slots):
        _how_to_make_one()
        return
    with st.grid(3, min_column_width=260):
        for number_, slot in enumerate(seen.slots):
            with st.container():
                _slot(editing, slot, number_)
    if seen.by_hand:
        st.caption(_("This draft has more targets, with conditions of their own. They are kept."))


def _slot(editing: Editing, slot: Slot, place: int) -> None:
    known = {f"{one.kind.value}:{one.id}": one for one in slot.places}
    now = f"{slot.chosen.kind.value}:{slot.chosen.id}" if slot.chosen else NOTHING
    options = [NOTHING, *known]
    if now not in options:
        options.append(now)
    key = editing.key(f"templates.slot.{place}")
    st.selectbox(
        slot.label or _("Campaign or Canvas"),
        options,
        index=options.index(now),
        format_func=lambda one: _place_words(one, known),
        key=key,
        disabled=not editing.may_edit,
        on_change=_chosen,
        args=(editing.id, key, slot, known),
    )
    chosen = known.get(now)
    for problem in chosen.problems if chosen else ():
        colour, icon = ("red", "block") if problem.blocking else ("orange", "warning")
        st.markdown(
            f":small[:{colour}[:material/{icon}:] {escape(say(problem.what))} "
            f"{escape(say(problem.hint))}]"
        )


def _place_words(one: str, known: dict[str, Place]) -> str:
    if one == NOTHING:
        return _("not chosen yet")
    place = known.get(one)
    return place.name if place else one


def _chosen(experiment_id: str, key: str, slot: Slot, known: dict[str, Place]) -> None:
    place = known.get(str(session.held(key)))

    def change(document: Document) -> None:
        choose(document, slot, place)

    save(experiment_id, change, step="templates")


def _how_to_make_one() -> None:
    with st.container(border=True):
        st.markdown(":grey[:material/mail:] **" + _("No campaign that Anneal could trigger") + "**")
        st.markdown(
            "1. "
            + _("In Braze, make a campaign for the channel and choose **API-triggered** delivery.")
            + "\n2. "
            + _("Make one message, without a control group, and put the tags of your options in.")
            + "\n3. "
            + _(
                "Start it in Braze. It sends only when Anneal triggers it. Then read the list "
                "again."
            )
        )


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
            look = draw_toolbar(console.lake, seen, editing.id)
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
