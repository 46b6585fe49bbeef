"""Rename a dimension, name its trigger property, take it out."""

from __future__ import annotations

import streamlit as st

from pages.components import session
from pages.components.document_parts import find_dimension
from pages.components.drafting import Editing, save
from pages.components.translate import _
from services.experiment.drafts import Document
from services.experiment.model import Dimension


def dimension_settings(editing: Editing, dimension: Dimension) -> None:
    """Name, trigger property and removal, behind a button."""
    with st.popover(_("Dimension"), type="tertiary", icon=":material/settings:"):
        label_key = editing.key(f"dimension.label.{dimension.key}")
        st.text_input(
            _("Name"),
            value=dimension.label,
            max_chars=80,
            key=label_key,
            on_change=_set_text,
            args=(editing.id, dimension.key, "label", label_key),
        )
        property_key = editing.key(f"dimension.property.{dimension.key}")
        st.text_input(
            _("Trigger property"),
            value=dimension.property or "",
            placeholder=dimension.trigger_property(),
            help=_("The name under which a template in Braze finds the chosen option."),
            key=property_key,
            on_change=_set_text,
            args=(editing.id, dimension.key, "property", property_key),
        )
        st.button(
            _("Take this dimension out"),
            icon=":material/delete:",
            key=editing.key(f"dimension.out.{dimension.key}"),
            on_click=_take_out,
            args=(editing.id, dimension.key, editing.key("options.dimension")),
        )


def _set_text(experiment_id: str, key: str, name: str, widget: str) -> None:
    typed = str(session.held(widget) or "").strip()

    def change(document: Document) -> None:
        if typed or name == "property":
            find_dimension(document, key)[name] = typed or None

    save(experiment_id, change)


def _take_out(experiment_id: str, key: str, choice: str) -> None:
    def change(document: Document) -> None:
        document["dimensions"] = [d for d in document["dimensions"] if d["key"] != key]

    save(experiment_id, change)
    session.hold(choice, None)
