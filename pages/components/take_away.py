"""Taking findings away from Insights: the report, the tables, each picture, and a link."""

from __future__ import annotations

import streamlit as st

from pages.components import session, states
from pages.components.dialog import open_dialog
from pages.components.linked import link_with_filters
from pages.components.theme import chart_style
from pages.components.translate import _, say, speech
from services.errors import ConsoleError
from services.experiment.records import ExperimentRow
from services.insights.chart_files import png, svg
from services.workflow.insights_view import looks_table
from services.workflow.takeaway.gathering import Report, gather
from services.workflow.takeaway.html_report import html_report
from services.workflow.takeaway.spreadsheets import csv_bytes, xlsx_bytes
from services.workflow.takeaway.tables import plain

KINDS = ("looks", "rewards", "series", "decisions")  # what a report is made of changes with these
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def take_away_button(row: ExperimentRow) -> None:
    """The button; everything is worked out in the dialog it opens."""
    if st.button(_("Take away"), icon=":material/download:", key="insights.take_away"):
        open_dialog(_("Take away"), lambda: _body(row), width="medium")


@st.cache_resource(show_spinner=False, max_entries=8, ttl=600)
def _gathered(_row: ExperimentRow, key: tuple[str, ...]) -> Report:
    return gather(session.services(), _row)


def _body(row: ExperimentRow) -> None:
    lake = session.services().lake
    newest = tuple(str(lake.latest_day(kind, row.id)) for kind in KINDS)
    with states.loading(_("Gathering the report"), _("A few seconds."), heights_px=(30, 60)):
        try:
            report = _gathered(row, (row.id, str(row.version), row.status.value, *newest))
        except ConsoleError as problem:
            states.wrong_error(problem, key="insights.take_away.wrong", retry=False)
            return
    name = f"anneal-{report.told_on.isoformat()}"
    _whole(report, name)
    _single(report, name)
    words = _("A link to this page as you see it")
    st.markdown(f"**{words}**")
    st.code(link_with_filters(row.id), language=None, wrap_lines=True)
    st.caption(_("Whoever opens it needs access to this console."))


def _whole(report: Report, name: str) -> None:
    words, experiment = speech(), report.experiment
    lake = session.services().lake
    with st.container(horizontal=True):
        _download(
            _("Report (HTML)"),
            "report",
            lambda: html_report(report, words).encode(),
            f"{name}.html",
            "text/html",
        )
        _download(
            _("All tables (XLSX)"),
            "tables",
            lambda: xlsx_bytes(
                [(words.say(one.title), plain(one, words)) for one in report.exhibits]
            ),
            f"{name}.xlsx",
            XLSX,
        )
        _download(
            _("Every look (CSV)"),
            "looks",
            lambda: csv_bytes(looks_table(lake, experiment.id).to_pandas()),
            f"{name}-looks.csv",
            "text/csv",
        )
    st.caption(
        _(
            "The report is one file with pictures, numbers and definitions. It opens without a "
            "network and holds no customer’s id."
        )
    )


def _single(report: Report, name: str) -> None:
    found = {exhibit.key: exhibit for exhibit in report.exhibits}
    if not found:
        return
    key = st.selectbox(
        _("One picture or table"),
        list(found),
        format_func=lambda one: say(found[one].title),
        key="insights.take_away.one",
    )
    exhibit, words, style = found[str(key)], speech(), chart_style()
    with st.container(horizontal=True):
        draw = exhibit.draw
        if draw is not None:
            page, file = style.tokens.page, f"{name}-{key}"
            _download("PNG", "png", lambda: png(draw(style), page=page), f"{file}.png", "image/png")
            _download(
                "SVG",
                "svg",
                lambda: svg(draw(style)).encode(),
                f"{name}-{key}.svg",
                "image/svg+xml",
            )
        _download(
            "CSV", "csv", lambda: csv_bytes(plain(exhibit, words)), f"{name}-{key}.csv", "text/csv"
        )


def _download(label: str, key: str, data: object, file_name: str, mime: str) -> None:
    st.download_button(
        label,
        data=data,  # type: ignore[arg-type]
        file_name=file_name,
        mime=mime,
        key=f"insights.take_away.{key}",
        icon=":material/download:",
        on_click="ignore",
    )
