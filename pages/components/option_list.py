"""The options of one dimension as a list, each changed in a dialog: what a phone can hold."""

from __future__ import annotations

from datetime import date
from typing import Any

import streamlit as st

from pages.components import session
from pages.components.badges import escape
from pages.components.dialog import open_dialog
from pages.components.document_parts import find_dimension
from pages.components.drafting import Editing, save
from pages.components.option_words import CHANNEL_WORDS, FREQUENCY_WORDS, value_words, who_words
from pages.components.translate import _, day, money, ngettext, number, say
from services.experiment.drafts import Document
from services.experiment.model import Channel, Dimension, DimensionKind, Option
from services.experiment.sentences import WEEKDAYS
from services.workflow.options_view import OptionsState

CHANGE, DELETE = "change", "delete"


def on_a_phone() -> bool:
    """Whether the browser says that it is one: a table of cells is no pleasure there."""
    return "Mobi" in str(st.context.headers.get("User-Agent") or "")


def list_options(editing: Editing, dimension: Dimension, state: OptionsState) -> None:
    """One row for each option: name, what is sent, who may get it, and a menu."""
    with st.container(border=True):
        for option in dimension.options:
            with st.container(horizontal=True, vertical_alignment="center", wrap=False):
                st.markdown(_row(editing, dimension, option, state), width="stretch")
                if editing.may_edit:
                    _menu(editing, dimension, option)


def _row(editing: Editing, dimension: Dimension, option: Option, state: OptionsState) -> str:
    currency = str(editing.document.get("currency") or "USD")
    parts = []
    sent = value_words(dimension.kind, option.value)
    if sent and sent != option.label:
        parts.append(sent)
    if option.cost:
        parts.append(_("costs {amount}").format(amount=money(option.cost, currency)))
    if option.active_from or option.active_to:
        first = day(option.active_from) if option.active_from else "…"
        last = day(option.active_to) if option.active_to else "…"
        parts.append(f"{first} – {last}")
    n = state.people_for(dimension.key, option.key)
    if n is None:
        parts.append(who_words(editing.document, dimension.key, option.key))
    else:
        words = ngettext("{n} person may get it", "{n} people may get it", n)
        parts.append(words.format(n=number(n)))
    return f"**{escape(option.label)}**  \n:small[:grey[{escape(' · '.join(parts))}]]"


def _menu(editing: Editing, dimension: Dimension, option: Option) -> None:
    words = {CHANGE: _("Change"), DELETE: _("Delete")}
    may = list(words) if len(dimension.options) > 1 else [CHANGE]
    chosen = st.menu_button(
        ":material/more_vert:",
        may,
        format_func=words.__getitem__,
        type="tertiary",
        help=_("Change or delete: {option}").format(option=escape(option.label)),
        key=editing.key(f"options.menu.{dimension.key}.{option.key}"),
    )
    if chosen == DELETE:
        _delete(editing.id, dimension.key, option.key)
        st.rerun()
    if chosen == CHANGE:
        open_dialog(_("Change the option"), lambda: _form(editing, dimension, option))


def _form(editing: Editing, dimension: Dimension, option: Option) -> None:
    name = f"option.{dimension.key}.{option.key}"
    label = st.text_input(_("Option"), value=option.label, max_chars=120, key=f"{name}.label")
    value = _value(dimension.kind, option.value, name)
    cost = st.number_input(_("Cost"), min_value=0.0, value=option.cost, key=f"{name}.cost")
    left, right = st.columns(2)
    first = left.date_input(_("From"), value=option.active_from, key=f"{name}.from")
    last = right.date_input(_("Until"), value=option.active_to, key=f"{name}.to")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(_("Cancel"), type="tertiary", key=f"{name}.cancel"):
            st.rerun()
        if st.button(_("Save"), type="primary", disabled=not label.strip(), key=f"{name}.save"):
            fresh = {
                "label": label.strip(),
                "value": value,
                "cost": float(cost or 0.0),
                "active_from": _iso(first),
                "active_to": _iso(last),
            }
            _keep(editing.id, dimension.key, option.key, fresh)
            session.new_generation(editing.id)
            st.rerun()


def _value(kind: DimensionKind, now: Any, name: str) -> Any:
    match kind:
        case DimensionKind.CHANNEL:
            channels = [channel.value for channel in Channel]
            return st.selectbox(
                _("Channel"),
                channels,
                index=channels.index(now) if now in channels else None,
                format_func=lambda one: say(CHANNEL_WORDS[one]),
                key=f"{name}.value",
            )
        case DimensionKind.HOUR:
            typed = st.number_input(_("Hour"), 0, 23, int(now or 0), key=f"{name}.value")
            return int(typed)
        case DimensionKind.FREQUENCY:
            often = list(FREQUENCY_WORDS)
            return st.selectbox(
                _("How often"),
                often,
                index=often.index(now) if now in often else None,
                format_func=lambda one: say(FREQUENCY_WORDS[one]),
                key=f"{name}.value",
            )
        case DimensionKind.WEEKDAY:
            chosen = st.pills(
                _("Weekdays"),
                list(WEEKDAYS),
                selection_mode="multi",
                default=[one for one in now or () if one in WEEKDAYS],
                format_func=lambda one: say(WEEKDAYS[one]),
                wrap=True,
                key=f"{name}.value",
            )
            return sorted(chosen)
    typed_text = st.text_input(
        _("Sent as"),
        value="" if now is None else str(now),
        max_chars=400,
        key=f"{name}.value",
    )
    return typed_text or None


def _keep(experiment_id: str, dimension_key: str, key: str, fresh: dict[str, Any]) -> None:
    def change(document: Document) -> None:
        for option in find_dimension(document, dimension_key)["options"]:
            if option["key"] == key:
                option.update(fresh)

    save(experiment_id, change)


def _delete(experiment_id: str, dimension_key: str, key: str) -> None:
    def change(document: Document) -> None:
        dimension = find_dimension(document, dimension_key)
        dimension["options"] = [o for o in dimension["options"] if o["key"] != key]

    save(experiment_id, change)


def _iso(chosen: object) -> str | None:
    return chosen.isoformat() if isinstance(chosen, date) else None
