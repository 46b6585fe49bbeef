"""The account's segments as a table to choose from: searched and paged in the database."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.components import session, states
from pages.components.drafting import Editing, save
from pages.components.intent_progress import Look, ask_button
from pages.components.translate import _, ago, listed, ngettext, number
from services.experiment.drafts import Document
from services.intents.model import IntentKind
from services.workflow.audience_view import (
    SEGMENTS_A_PAGE,
    SegmentLine,
    chosen_segments,
    segments_page,
)

ROW_HEIGHT_PX = 40
ROWS_IN_VIEW = 10  # more scroll inside the table: the attributes below must stay near


def choose_segments(editing: Editing, chosen: list[str]) -> None:
    """Draw search, table and pages; a tick is saved at once."""
    console = session.services()
    _none, total, read_at = segments_page(console.database, "", 1)
    if read_at is None or not total:
        _empty(read_at is not None)
        return
    words = ngettext("Search {n} segment", "Search {n} segments", total).format(n=number(total))
    with st.container(horizontal=True, vertical_alignment="center"):
        search = (
            st.text_input(
                words,
                placeholder=words,
                label_visibility="collapsed",
                icon=":material/search:",
                live="300ms",
                key=editing.key("segments.search"),
            )
            or ""
        )
        if editing.may_edit:
            _refresh("tertiary")
    page_key = editing.key(f"segments.page.{search}")
    page = int(session.held(page_key, 1) or 1)
    lines, found, _at = segments_page(console.database, search, page)
    if not lines:
        st.markdown(_("No segment has this in its name."))
        return
    _table(editing, lines, chosen, f"{search}.{page}")
    pages = -(-found // SEGMENTS_A_PAGE)
    if pages > 1:
        st.pagination(pages, key=page_key)
    elsewhere = [id for id in chosen if id not in {line.id for line in lines}]
    if elsewhere:
        names = [line.name for line in chosen_segments(console.database, elsewhere)]
        st.caption(_("Also chosen: {names}").format(names=listed(names)))


def _table(editing: Editing, lines: list[SegmentLine], chosen: list[str], place: str) -> None:
    now = session.services().clock.now().timestamp()
    frame = pd.DataFrame(
        {
            "name": [line.name for line in lines],
            "people": pd.array([line.size for line in lines], dtype="Int64"),
            "trend": [list(line.trend) or None for line in lines],
            "read": [ago(line.refreshed_at, now) for line in lines],
        }
    )
    config = st.column_config
    columns = {
        "name": config.TextColumn(_("Segment"), width=250),
        "people": config.NumberColumn(_("People"), format="localized", width=95),
        "trend": config.AreaChartColumn(_("Last 30 days"), width=120, y_min=0),
        "read": config.TextColumn(_("Updated"), width=120),
    }
    alt = _("Segments of your Braze account, to choose from")
    if not editing.may_edit:
        st.dataframe(
            frame[[line.id in chosen for line in lines]],
            hide_index=True,
            row_height=ROW_HEIGHT_PX,
            height="content",
            placeholder="–",
            column_config=columns,
            alt=alt,
        )
        return
    key = editing.key(f"segments.{place}")
    st.dataframe(
        frame,
        hide_index=True,
        row_height=ROW_HEIGHT_PX,
        height="content" if len(lines) <= ROWS_IN_VIEW else ROW_HEIGHT_PX * (ROWS_IN_VIEW + 1),
        placeholder="–",
        column_config=columns,
        on_select=lambda: _ticked(editing.id, key, [line.id for line in lines]),
        selection_mode="multi-row",
        selection_default={
            "selection": {"rows": [i for i, line in enumerate(lines) if line.id in chosen]}
        },
        key=key,
        alt=alt,
    )


def _ticked(experiment_id: str, key: str, ids: list[str]) -> None:
    state = session.held(key)
    ticked = [ids[row] for row in state.selection.rows] if state is not None else []

    def change(document: Document) -> None:
        audience = dict(document.get("audience") or {})
        kept = [id for id in audience.get("segment_ids") or () if id not in ids]
        audience["segment_ids"] = kept + ticked
        document["audience"] = audience

    save(experiment_id, change)


def _empty(read: bool) -> None:
    if read:
        actions = states.empty(
            "groups",
            _("No segments in this account"),
            _("Make one in Braze under Audience, Segments, then refresh the list."),
        )
    else:
        actions = states.empty(
            "groups",
            _("The segments have not been read yet"),
            _("The worker reads them from Braze; that takes about a minute."),
        )
    with actions:
        _refresh("secondary")


def _refresh(look: Look) -> None:
    ask_button(
        IntentKind.REFRESH_CATALOGUE,
        None,
        label=_("Refresh the list"),
        key="audience.refresh",
        icon=":material/refresh:",
        look=look,
    )
