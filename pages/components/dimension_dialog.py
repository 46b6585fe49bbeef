"""Add a dimension: a kind and a name."""

from __future__ import annotations

import streamlit as st

from pages.components import session
from pages.components.document_parts import new_key
from pages.components.drafting import Editing, save
from pages.components.translate import _, say
from services.experiment.drafts import Document
from services.experiment.model import DimensionKind
from services.messages import Message, msg

KIND_WORDS: dict[DimensionKind, Message] = {
    DimensionKind.OFFER: msg("Offer"),
    DimensionKind.SUBJECT: msg("Subject line"),
    DimensionKind.CREATIVE: msg("Creative"),
    DimensionKind.CALL_TO_ACTION: msg("Call to action"),
    DimensionKind.CHANNEL: msg("Channel"),
    DimensionKind.HOUR: msg("Send hour"),
    DimensionKind.WEEKDAY: msg("Weekday"),
    DimensionKind.FREQUENCY: msg("How often"),
    DimensionKind.TEMPLATE: msg("Template"),
    DimensionKind.CUSTOM: msg("Your own"),
}
ONLY_ONE = frozenset(
    {
        DimensionKind.CHANNEL,
        DimensionKind.HOUR,
        DimensionKind.WEEKDAY,
        DimensionKind.FREQUENCY,
    }
)


def new_dimension(editing: Editing) -> None:
    """Body of the dialog: a kind and a name. Adds the dimension and closes."""
    used = {str(d.get("kind")) for d in editing.document.get("dimensions") or ()}
    kinds = [k for k in KIND_WORDS if not (k in ONLY_ONE and k.value in used)]
    kind = st.selectbox(
        _("What may vary?"),
        kinds,
        format_func=lambda chosen: say(KIND_WORDS[chosen]),
        key="dimension.new.kind",
    )
    label = st.text_input(
        _("Name"), placeholder=say(KIND_WORDS[kind]), max_chars=80, key="dimension.new.label"
    )
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(_("Add"), type="primary", key="dimension.new.add"):
            name = label.strip() or say(KIND_WORDS[kind])
            made = _add(editing.id, kind, name)
            session.hold(editing.key("options.dimension"), made)
            st.rerun()


def _add(experiment_id: str, kind: DimensionKind, label: str) -> str:
    made: list[str] = []

    def change(document: Document) -> None:
        dimensions = list(document.get("dimensions") or ())
        key = new_key(kind.value, [d["key"] for d in dimensions])
        made.append(key)
        fresh = {"key": key, "kind": kind.value, "label": label, "property": None, "options": []}
        document["dimensions"] = [*dimensions, fresh]

    save(experiment_id, change)
    return made[-1]
