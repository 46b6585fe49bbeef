"""What changed in a message since it was approved: field by field, and both side by side."""

from __future__ import annotations

import streamlit as st

from pages.components.badges import escape
from pages.components.dialog import open_dialog
from pages.components.translate import _, ngettext, number, say
from services.content.difference import Change
from services.messages import Message, msg

FIELD_WORDS: dict[str, Message] = {
    "from": msg("Sender"),
    "reply_to": msg("Reply address"),
    "subject": msg("Subject line"),
    "preheader": msg("Preheader"),
    "body": msg("Content"),
    "plaintext_body": msg("Text version"),
    "title": msg("Title"),
    "alert": msg("Text"),
    "image_url": msg("Picture"),
    "name": msg("Name"),
}
CODE_HEIGHT_PX = 320


def draw_change(changes: tuple[Change, ...], name: str, key: str) -> None:
    """A button that opens the comparison; a word where the approved content was not kept."""
    if not changes:
        words = _("What was approved then was not kept, so it cannot be compared.")
        st.markdown(f":small[:grey[{words}]]")
        return
    if st.button(
        _("Compare with approved"),
        icon=":material/difference:",
        key=f"templates.compare.{key}",
    ):
        title = _("What changed in {name}").format(name=name)
        open_dialog(title, lambda: _comparison(changes), width="large")


def _comparison(changes: tuple[Change, ...]) -> None:
    n = len(changes)
    words = ngettext("{n} field differs.", "{n} fields differ.", n).format(n=number(n))
    st.markdown(
        f"**{words}** "
        + _("Lines with − are gone since the approval, lines with + are new. Nothing was sent.")
    )
    for change in changes:
        known = FIELD_WORDS.get(change.field)
        st.markdown(f"**{say(known) if known else escape(change.field)}**")
        tall = len(change.lines) > 12
        st.code(
            "\n".join(change.lines),
            language="diff",
            wrap_lines=True,
            height=CODE_HEIGHT_PX if tall else "content",
        )
