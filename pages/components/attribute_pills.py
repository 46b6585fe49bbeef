"""The agreed attributes: the only profile fields that Braze is ever asked for."""

from __future__ import annotations

import streamlit as st

from pages.components import session
from pages.components.badges import escape
from pages.components.drafting import Editing, save
from pages.components.intent_progress import ask_button
from pages.components.translate import _, listed, ngettext, number, percent
from services.experiment.drafts import Document
from services.intents.model import IntentKind
from services.workflow.audience_view import Attributes, attributes_of, is_personal

PERSONAL_NAMED = 3


def choose_attributes(editing: Editing) -> None:
    """Pills to agree to or not; personal data are named as refused."""
    found = attributes_of(session.services().database, editing.id, editing.document)
    audience = editing.document.get("audience") or {}
    agreed, segments = (
        list(audience.get("attributes") or ()),
        list(audience.get("segment_ids") or ()),
    )
    names = [row.name for row in found.found]
    if names:
        coverage = {row.name: row.coverage for row in found.found}
        key = editing.key("attributes")
        st.pills(
            _("Attributes used to choose"),
            names,
            selection_mode="multi",
            default=[name for name in agreed if name in names],
            format_func=lambda name: _labelled(name, coverage[name]),
            wrap=True,
            disabled=not editing.may_edit,
            key=key,
            on_change=_agreed,
            args=(editing.id, key),
        )
    else:
        st.markdown(_("No attribute is agreed yet. Without any, everybody looks alike to Anneal."))
    _personal(found)
    if editing.may_edit:
        with st.container(horizontal=True, vertical_alignment="center"):
            ask_button(
                IntentKind.DISCOVER_ATTRIBUTES,
                editing.id,
                label=_("Look for attributes"),
                key="audience.discover",
                payload={"segment_ids": segments},
                disabled=not segments,
                icon=":material/search:",
                look="tertiary",
                help=_(
                    "Reads at most 500 profiles and keeps only the names and kinds of attributes. "
                    "The values are thrown away at once."
                ),
            )
            with st.popover(_("Add by name"), type="tertiary", icon=":material/add:"):
                added = editing.key("attributes.add")
                st.text_input(
                    _("Name, exactly as in Braze"),
                    key=added,
                    max_chars=255,
                    on_change=_add,
                    args=(editing.id, added),
                )


def choose_sms_consent(editing: Editing) -> None:
    """Which agreed yes/no attribute says that somebody wants SMS."""
    audience = editing.document.get("audience") or {}
    agreed = list(audience.get("attributes") or ())
    now = audience.get("sms_consent_attribute")
    key = editing.key("sms_consent")
    st.selectbox(
        _("Yes to SMS stands in"),
        agreed,
        index=agreed.index(now) if now in agreed else None,
        placeholder=_("Choose an agreed yes/no attribute"),
        help=_("Somebody without a value there counts as a no and gets no SMS."),
        disabled=not editing.may_edit,
        width=320,
        key=key,
        on_change=_consent,
        args=(editing.id, key),
    )


def _labelled(name: str, coverage: float | None) -> str:
    return name if coverage is None else f"{name} · {percent(coverage, digits=0)}"


def _personal(found: Attributes) -> None:
    if not found.personal:
        words = _("Names, emails and phone numbers are never requested.")
    else:
        named = list(found.personal[:PERSONAL_NAMED])
        more = len(found.personal) - len(named)
        if more:
            named.append(ngettext("{n} more", "{n} more", more).format(n=number(more)))
        words = _("Personal data, cannot be chosen and is never requested: {names}.").format(
            names=escape(listed(named))
        )
    st.markdown(f":small[:grey[:material/shield: {words}]]")


def _agreed(experiment_id: str, key: str) -> None:
    chosen = list(session.held(key) or ())

    def change(document: Document) -> None:
        audience = dict(document.get("audience") or {})
        audience["attributes"] = chosen
        document["audience"] = audience

    save(experiment_id, change)


def _add(experiment_id: str, key: str) -> None:
    name = str(session.held(key) or "").strip()
    session.hold(key, "")
    if not name or is_personal(name):
        return

    def change(document: Document) -> None:
        audience = dict(document.get("audience") or {})
        kept = list(audience.get("attributes") or ())
        audience["attributes"] = kept if name in kept else [*kept, name]
        document["audience"] = audience

    if save(experiment_id, change):
        session.new_generation(experiment_id)


def _consent(experiment_id: str, key: str) -> None:
    chosen = session.held(key)

    def change(document: Document) -> None:
        audience = dict(document.get("audience") or {})
        audience["sms_consent_attribute"] = chosen
        document["audience"] = audience

    save(experiment_id, change)
