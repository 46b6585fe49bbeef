"""Audience: which segments, which attributes Anneal may see, and who gets what."""

from __future__ import annotations

import streamlit as st

from pages.components import session
from pages.components.attribute_pills import choose_attributes, choose_sms_consent
from pages.components.badges import escape
from pages.components.bottom_bar import setup_bar
from pages.components.drafting import open_draft, save, show_conflict
from pages.components.gate import gate
from pages.components.group_editor import draw_groups
from pages.components.head import head, section
from pages.components.intent_progress import ask_button
from pages.components.segment_table import choose_segments
from pages.components.translate import _, ago, day, listed, ngettext, number, say
from services.experiment.drafts import Document, read_draft
from services.intents.model import IntentKind
from services.workflow.audience_view import (
    People,
    SegmentLine,
    chosen_segments,
    people_in,
    sends_sms,
)

STEP = "audience"

person = gate()
console = session.services()
editing = open_draft(STEP, person)
audience = editing.document.get("audience") or {}
chosen_ids = list(audience.get("segment_ids") or ())


@st.cache_data(ttl="30s", show_spinner=False, max_entries=64)
def people(
    home: str, experiment_id: str, ids: tuple[str, ...], revision: int, exported_on: str
) -> People | None:
    """The count, kept for half a minute or until the next export: it reads a day's snapshot."""
    lines = chosen_segments(console.database, ids)
    return people_in(console.database, console.lake, experiment_id, lines)


def rename(key: str) -> None:
    """Save the name as typed."""
    typed = str(session.held(key) or "").strip()

    def change(document: Document) -> None:
        document["name"] = typed

    if typed:
        save(editing.id, change)


def draw_people(counted: People | None, lines: list[SegmentLine]) -> None:
    """How many people, and how the figure comes about."""
    if counted is None:
        st.metric(_("People in the experiment"), _("Not yet"))
        st.markdown(
            _("Choose a segment; its size is shown here at once.")
            if not lines
            else _("Braze gave no size. The first export counts them.")
        )
        return
    figure = number(counted.free)
    st.metric(
        _("People in the experiment"),
        _("about {n}").format(n=figure) if counted.about else figure,
    )
    st.caption(_explained(counted, lines))
    if counted.elsewhere:
        _overlap(counted)


def _explained(counted: People, lines: list[SegmentLine]) -> str:
    if counted.exact_on is None:
        newest = max((line.refreshed_at for line in lines), default=0.0)
        words = ngettext(
            "Braze's size of the segment, {ago}. The first export counts exactly.",
            "Braze's sizes of the {n} segments, {ago}; people in two of them are counted twice. "
            "The first export counts exactly.",
            len(lines),
        )
        return words.format(n=number(len(lines)), ago=ago(newest, console.clock.now().timestamp()))
    return _("Counted in the export of {day}, everybody once.").format(day=day(counted.exact_on))


def _overlap(counted: People) -> None:
    count = sum(counted.elsewhere.values())
    words = ngettext(
        "**{n} person is already in {others}** and is left out here.",
        "**{n} people are already in {others}** and are left out here.",
        count,
    ).format(n=number(count), others=escape(listed(list(counted.elsewhere))))
    st.markdown(f":orange[:material/warning:] {words}")
    st.caption(
        _("Nobody is in two experiments at once. Wait until the other one ends, or choose others.")
    )


with head(_("Who is it for?")):
    if editing.may_edit:
        with st.popover(_("Rename"), type="tertiary", icon=":material/edit:"):
            name_key = editing.key("name")
            st.text_input(
                _("Name of the experiment"),
                value=editing.row.name,
                max_chars=120,
                key=name_key,
                on_change=rename,
                args=(name_key,),
            )
show_conflict(editing)

chosen_lines = chosen_segments(console.database, chosen_ids)
counted_people = people(
    str(console.home), editing.id, tuple(chosen_ids), editing.draft.revision, editing.exported_on
)
left, right = st.columns([8, 5], gap="large")
with left:
    section(_("Braze segments"))
    choose_segments(editing, chosen_ids)
    section(_("What Anneal may see"))
    choose_attributes(editing)
    if sends_sms(read_draft(editing.document).experiment):
        choose_sms_consent(editing)
with right, st.container(border=True):
    draw_people(counted_people, chosen_lines)
    draw_groups(editing, counted_people.free if counted_people else None)
    if editing.may_edit and chosen_ids and (counted_people is None or counted_people.about):
        ask_button(
            IntentKind.REFRESH_AUDIENCE,
            editing.id,
            label=_("Count exactly now"),
            key="audience.count",
            icon=":material/calculate:",
            help=_("The worker exports the segments from Braze. Nobody gets a message."),
        )

blocking = editing.blocking(STEP)
for found in editing.problems:
    if found.step == STEP and not found.blocking:
        st.markdown(
            f":small[:orange[:material/warning:] {escape(say(found.what))} "
            f":grey[{escape(say(found.hint))}]]"
        )
setup_bar(
    STEP,
    saved_at=editing.draft.updated_at.timestamp(),
    blocked=f"{say(blocking[0].what)} {say(blocking[0].hint)}" if blocking else "",
)
