"""All experiments as one table with a search and a filter."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from pages.components import session
from pages.components.badges import HEALTH, STATUS
from pages.components.routes import STEPS
from pages.components.translate import _, interval, percent, say
from services.experiment.model import Status
from services.workflow.experiments_view import Home

ROWS_A_PAGE = 25
ROW_HEIGHT_PX = 40
_FIND, _FILTER, _PAGE, _OPEN = "table.find", "table.filter", "table.page", "table.open"


@dataclass(frozen=True)
class Chosen:
    """The row somebody opened, and the page that shows it."""

    id: str
    page: str


@dataclass(frozen=True)
class _Row:
    id: str
    page: str
    kind: str
    cells: dict[str, object]


def experiment_table(home: Home) -> Chosen | None:
    """Draw it; returns the experiment somebody opened in this run."""
    kinds = {
        "running": _("Running"),
        "drafts": _("Drafts"),
        "ended": _("Ended"),
        "all": _("All"),
    }
    with st.container(horizontal=True, vertical_alignment="center"):
        find = st.text_input(
            _("Find an experiment"),
            placeholder=_("Find an experiment"),
            label_visibility="collapsed",
            icon=":material/search:",
            width=260,
            key=_FIND,
        )
        kind = st.segmented_control(
            _("Show"),
            list(kinds),
            default="all",
            required=True,
            format_func=kinds.__getitem__,
            label_visibility="collapsed",
            key=_FILTER,
        )
    wanted = (find or "").casefold().strip()
    rows = [
        row
        for row in _rows(home)
        if (kind == "all" or row.kind == kind) and wanted in str(row.cells["name"]).casefold()
    ]
    if not rows:
        st.markdown(_("No experiment fits. Change the search or the filter."))
        return None
    pages = -(-len(rows) // ROWS_A_PAGE)
    page = min(int(session.held(_PAGE, 1) or 1), pages)
    part = rows[(page - 1) * ROWS_A_PAGE : page * ROWS_A_PAGE]
    _draw(part)
    if pages > 1:
        st.pagination(pages, key=_PAGE)
    click = session.held(_OPEN)
    if click is None or click.row is None or click.row >= len(part):
        return None
    return Chosen(part[click.row].id, part[click.row].page)


def _draw(rows: list[_Row]) -> None:
    statuses = [say(kind.word) for kind in STATUS.values()]
    health = [say(kind.word) for kind in HEALTH.values()]
    config = st.column_config
    st.dataframe(
        pd.DataFrame([row.cells for row in rows]),
        hide_index=True,
        row_height=ROW_HEIGHT_PX,
        placeholder="–",
        height="content",
        alt=_("All experiments with status, lift and health"),
        column_config={
            "name": config.TextColumn(_("Experiment"), width=220),
            "status": config.MultiselectColumn(
                _("Status"),
                options=statuses,
                color=[_column_colour(kind.colour) for kind in STATUS.values()],
                width=130,
            ),
            "lift": config.TextColumn(_("Lift"), width=90, alignment="right"),
            "interval": config.TextColumn(_("Interval"), width=150),
            "by_day": config.LineChartColumn(_("By day"), width=120),
            "health": config.MultiselectColumn(
                _("Health"),
                options=health,
                color=[_column_colour(kind.colour) for kind in HEALTH.values()],
                width=100,
            ),
            "people": config.NumberColumn(_("People"), format="localized", width=100),
            "day": config.NumberColumn(_("Day"), width=70),
            "open": config.ButtonColumn("", key=_OPEN, type="tertiary", width=90),
        },
    )


def _column_colour(name: str) -> str:
    return "gray" if name == "grey" else name


def _rows(home: Home) -> list[_Row]:
    rows = []
    for card in home.cards:
        learning = card.learning and card.status is Status.RUNNING
        lift = card.lift
        rows.append(
            _Row(
                card.id,
                "insights",
                "ended" if card.status is Status.ENDED else "running",
                {
                    "name": card.name,
                    "status": [say(STATUS["learning" if learning else card.status.value].word)],
                    "lift": percent(lift.estimate, signed=True) if lift else _("not yet"),
                    "interval": interval(
                        percent(lift.low, signed=True), percent(lift.high, signed=True)
                    )
                    if lift
                    else _("not yet"),
                    "by_day": [float(v) for v in card.looks["estimate"].dropna()] or None,
                    "health": [say(HEALTH[card.health].word)],
                    "people": card.n_people,
                    "day": card.day_number,
                    "open": _("Open"),
                },
            )
        )
    for line in home.drafts:
        step = line.step if line.step in STEPS else STEPS[0]
        rows.append(
            _Row(
                line.id,
                step,
                "drafts",
                {
                    "name": line.name or _("Untitled"),
                    "status": [say(STATUS[line.status.value].word)],
                    "lift": None,
                    "interval": None,
                    "by_day": None,
                    "health": None,
                    "people": None,
                    "day": None,
                    "open": _("Continue"),
                },
            )
        )
    return rows
