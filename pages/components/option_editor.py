"""The options of one dimension as an editable table; every cell saves by itself."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from pages.components import session
from pages.components.dialog import open_dialog
from pages.components.dimension_settings import dimension_settings
from pages.components.document_parts import find_dimension, new_key
from pages.components.drafting import Editing, save
from pages.components.option_list import list_options, on_a_phone
from pages.components.option_paste import may_paste, paste_dialog
from pages.components.option_words import (
    CHANNEL_WORDS,
    FREQUENCY_WORDS,
    shown_value,
    who_words,
)
from pages.components.translate import _, currency_sign, say
from services.experiment.drafts import Document
from services.experiment.model import Channel, Dimension, DimensionKind
from services.experiment.sentences import WEEKDAYS
from services.workflow.options_view import OptionsState, suggestions

ROW_HEIGHT_PX = 38
NEXT_HOUR = 10
AS_LIST = "options.as_list"


def edit_options(editing: Editing, dimension: Dimension, state: OptionsState) -> None:
    """Draw the table, the way to add an option, and suggestions where there are none."""
    if dimension.options and session.held(AS_LIST, on_a_phone()):
        list_options(editing, dimension, state)
    elif dimension.options:
        _table(editing, dimension, state)
    else:
        st.markdown(_("No option yet. Two are needed, so that there is something to choose."))
        _suggest(editing, dimension)
    if editing.may_edit:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                _("Add an option"),
                icon=":material/add:",
                type="tertiary",
                key=editing.key(f"options.add.{dimension.key}"),
                on_click=_add,
                args=(editing.id, dimension.key),
            )
            if may_paste(dimension) and st.button(
                _("Paste several"),
                icon=":material/content_paste:",
                type="tertiary",
                key=editing.key(f"options.paste.{dimension.key}"),
            ):
                open_dialog(_("Paste options"), lambda: paste_dialog(editing, dimension))
            dimension_settings(editing, dimension)
            as_list = st.toggle(_("As a list"), value=on_a_phone(), key=AS_LIST)
            if dimension.options and not as_list and not _dated(dimension):
                st.toggle(_("With dates"), key=editing.key(_dates_key(dimension)))


def _table(editing: Editing, dimension: Dimension, state: OptionsState) -> None:
    config = st.column_config
    rows: dict[str, Any] = {
        "label": [option.label for option in dimension.options],
        "value": [shown_value(dimension.kind, option.value) for option in dimension.options],
        "who": [who_words(editing.document, dimension.key, o.key) for o in dimension.options],
        "cost": [option.cost for option in dimension.options],
    }
    if _dated(dimension) or session.held(editing.key(_dates_key(dimension))):
        rows["from"] = [option.active_from for option in dimension.options]
        rows["to"] = [option.active_to for option in dimension.options]
    if state.may_get:
        rows["people"] = [state.people_for(dimension.key, o.key) for o in dimension.options]
        rows["share"] = [state.may_get.get((dimension.key, o.key)) for o in dimension.options]
    if editing.may_edit and len(dimension.options) > 1:
        rows["out"] = [":material/delete:"] * len(dimension.options)
    key = editing.key(f"options.{dimension.key}")
    sign = currency_sign(str(editing.document.get("currency") or "USD"))
    keys = [option.key for option in dimension.options]
    st.data_editor(
        pd.DataFrame(rows),
        hide_index=True,
        num_rows="fixed",
        row_height=ROW_HEIGHT_PX,
        placeholder="–",
        disabled=["who", "people", "share"] if editing.may_edit else True,
        key=key,
        on_change=_edited,
        args=(editing.id, dimension.key, key, keys),
        alt=_("Options of {dimension}").format(dimension=dimension.label),
        column_config={
            "label": config.TextColumn(_("Option"), required=True, max_chars=120, width=180),
            "value": _value_column(dimension.kind),
            "who": config.TextColumn(_("Who may get it"), width=150),
            "cost": config.NumberColumn(_("Cost"), format=f"{sign} %.2f", min_value=0, width=80),
            "from": config.DateColumn(_("From"), format="YYYY-MM-DD", width=95),
            "to": config.DateColumn(_("Until"), format="YYYY-MM-DD", width=95),
            "people": config.NumberColumn(_("People"), format="localized", width=75),
            "share": config.ProgressColumn(
                _("May get it"), format="percent", min_value=0, max_value=1, width=95
            ),
            "out": config.ButtonColumn(
                _("Delete"),
                key=f"{key}.out",
                type="tertiary",
                width=60,
                on_click=_take_out,
                args=(editing.id, dimension.key, f"{key}.out", keys),
            ),
        },
    )


def _value_column(kind: DimensionKind) -> Any:
    config = st.column_config
    match kind:
        case DimensionKind.CHANNEL:
            words = [say(word) for word in CHANNEL_WORDS.values()]
            return config.SelectboxColumn(_("Channel"), options=words, required=True, width=110)
        case DimensionKind.HOUR:
            return config.NumberColumn(
                _("Hour"), min_value=0, max_value=23, step=1, format="%d:00", width=90
            )
        case DimensionKind.FREQUENCY:
            words = [say(word) for word in FREQUENCY_WORDS.values()]
            return config.SelectboxColumn(_("How often"), options=words, required=True, width=130)
        case DimensionKind.WEEKDAY:
            names = [say(name) for name in WEEKDAYS.values()]
            return config.MultiselectColumn(_("Weekdays"), options=names, width=210)
    return config.TextColumn(_("Sent as"), max_chars=400, width=150)


def _kept_value(kind: DimensionKind, shown: Any) -> Any:
    """The other way round: what the document keeps for what the table shows."""
    if kind is DimensionKind.CHANNEL:
        return next((c.value for c in Channel if say(CHANNEL_WORDS[c]) == shown), None)
    if kind is DimensionKind.FREQUENCY:
        return next((n for n, word in FREQUENCY_WORDS.items() if say(word) == shown), None)
    if kind is DimensionKind.WEEKDAY:
        return [n for n, word in WEEKDAYS.items() if say(word) in (shown or ())]
    if kind is DimensionKind.HOUR:
        return None if shown is None else int(shown)
    return shown


def _dated(dimension: Dimension) -> bool:
    return any(option.active_from or option.active_to for option in dimension.options)


def _dates_key(dimension: Dimension) -> str:
    return f"options.dates.{dimension.key}"


def _edited(experiment_id: str, dimension_key: str, key: str, keys: list[str]) -> None:
    edits = dict((session.held(key) or {}).get("edited_rows") or {})

    def change(document: Document) -> None:
        dimension = find_dimension(document, dimension_key)
        kind = DimensionKind(dimension["kind"])
        by_key = {option["key"]: option for option in dimension["options"]}
        for row, cells in edits.items():
            option = by_key.get(keys[int(row)])
            if option is not None:
                _apply(option, kind, cells)

    save(experiment_id, change)


def _apply(option: dict[str, Any], kind: DimensionKind, cells: dict[str, Any]) -> None:
    for name, typed in cells.items():
        if name == "label" and typed:
            if option.get("value") == option["label"] and kind is not DimensionKind.CHANNEL:
                option["value"] = typed  # a text that is sent as it is called
            option["label"] = typed
        elif name == "value":
            option["value"] = _kept_value(kind, typed)
        elif name == "cost":
            option["cost"] = float(typed or 0.0)
        elif name in ("from", "to"):
            option[f"active_{name}"] = str(typed)[:10] if typed else None


def _add(experiment_id: str, dimension_key: str, given: dict[str, Any] | None = None) -> None:
    label = _("New option")

    def change(document: Document) -> None:
        dimension = find_dimension(document, dimension_key)
        options = list(dimension.get("options") or ())
        taken = [option["key"] for option in options]
        fresh = given or _fresh(DimensionKind(dimension["kind"]), options, label)
        fresh = {"cost": 0.0, "active_from": None, "active_to": None} | fresh
        fresh["key"] = new_key(str(fresh.get("key") or fresh["label"]), taken)
        dimension["options"] = [*options, fresh]

    save(experiment_id, change)


def _fresh(kind: DimensionKind, options: list[dict[str, Any]], label: str) -> dict[str, Any]:
    used = {str(option.get("value")) for option in options}
    if kind is DimensionKind.CHANNEL:
        channel = next((c for c in Channel if c.value not in used), Channel.EMAIL)
        return {"label": str(CHANNEL_WORDS[channel]), "value": channel.value, "key": channel.value}
    if kind is DimensionKind.HOUR:
        hours = (*range(NEXT_HOUR, 24), *range(NEXT_HOUR))
        hour = next((h for h in hours if str(h) not in used), NEXT_HOUR)
        return {"label": f"{hour:02}:00", "value": hour, "key": f"h{hour:02}"}
    if kind is DimensionKind.FREQUENCY:
        often = next((n for n in FREQUENCY_WORDS if str(n) not in used), 1)
        return {"label": str(FREQUENCY_WORDS[often]), "value": often, "key": f"per_week_{often}"}
    if kind is DimensionKind.WEEKDAY:
        return {"label": label, "value": [1], "key": "days"}
    return {"label": label, "value": label}


def _take_out(experiment_id: str, dimension_key: str, key: str, keys: list[str]) -> None:
    click = session.held(key)
    if click is None or click.row is None or click.row >= len(keys):
        return

    def change(document: Document) -> None:
        dimension = find_dimension(document, dimension_key)
        dimension["options"] = [o for o in dimension["options"] if o["key"] != keys[click.row]]

    save(experiment_id, change)


def _suggest(editing: Editing, dimension: Dimension) -> None:
    if not editing.may_edit:
        return
    with st.container(horizontal=True):
        for number, option in enumerate(
            suggestions(editing.document, dimension.key, dimension.kind)
        ):
            st.button(
                str(option["label"]),
                icon=":material/add:",
                key=editing.key(f"options.suggest.{dimension.key}.{number}"),
                on_click=_add,
                args=(editing.id, dimension.key, option),
            )
