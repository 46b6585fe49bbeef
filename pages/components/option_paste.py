"""Options pasted from a spreadsheet, read back before they are taken."""

from __future__ import annotations

import streamlit as st

from pages.components import session
from pages.components.badges import escape
from pages.components.document_parts import find_dimension, new_key
from pages.components.drafting import Editing, save
from pages.components.translate import _, listed, ngettext, number, say
from services.experiment.drafts import Document
from services.experiment.model import CADENCE_KINDS, Dimension
from services.experiment.pasting import Pasted, read_pasted

MAX_CHARACTERS = 40_000
MOST_NAMED = 5


def may_paste(dimension: Dimension) -> bool:
    """Rhythms are few and chosen from a list."""
    return dimension.kind not in CADENCE_KINDS


def paste_dialog(editing: Editing, dimension: Dimension) -> None:
    """Body of the dialog: a field, what was understood, and the button that takes it."""
    st.markdown(
        _(
            "One option a line: name, then what is sent, cost, from and until. "
            "Only the name is needed."
        )
    )
    text = st.text_area(
        _("Lines from the spreadsheet"),
        height=180,
        max_chars=MAX_CHARACTERS,
        placeholder=_("20% off\tSAVE20\t4.50\t2026-12-01\t2026-12-24"),
        key=f"paste.text.{dimension.key}",
    )
    found = read_pasted(text, dimension.kind, [option.label for option in dimension.options])
    _read_back(found)
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(_("Cancel"), type="tertiary", key="paste.cancel"):
            st.rerun()
        n = len(found.options)
        words = ngettext("Add {n} option", "Add {n} options", n).format(n=number(n))
        if st.button(words, type="primary", disabled=not n, key="paste.add"):
            add_pasted(editing.id, dimension.key, found)
            session.new_generation(editing.id)
            st.rerun()


def _read_back(found: Pasted) -> None:
    if found.options:
        names = [str(option["label"]) for option in found.options[:MOST_NAMED]]
        more = len(found.options) - len(names)
        words = escape(listed(names)) + (f" + {number(more)}" if more else "")
        st.markdown(f":green[:material/check_circle:] {words}")
    for line, why in found.refused[:MOST_NAMED]:
        place = _("Line {n}:").format(n=number(line))
        st.markdown(f":orange[:material/warning:] {place} {escape(say(why))}")
    if len(found.refused) > MOST_NAMED:
        n = len(found.refused) - MOST_NAMED
        words = ngettext("{n} more line is left out.", "{n} more lines are left out.", n)
        st.caption(words.format(n=number(n)))


def add_pasted(experiment_id: str, dimension_key: str, found: Pasted) -> None:
    """Put what was read at the end of the dimension's options, each with a key of its own."""

    def change(document: Document) -> None:
        dimension = find_dimension(document, dimension_key)
        options = list(dimension.get("options") or ())
        for option in found.options:
            key = new_key(str(option["label"]), [known["key"] for known in options])
            options.append({"key": key, **option})
        dimension["options"] = options

    save(experiment_id, change)
