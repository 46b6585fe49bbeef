"""The parts of Insights that show Braze's own numbers."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.components import states
from pages.components.badges import escape
from pages.components.chart import draw_chart
from pages.components.lift_words import noun
from pages.components.theme import chart_style
from pages.components.translate import _, listed, moment, number, say
from services.experiment.model import Experiment
from services.insights.series import Multiple, Reconciled, multiples
from services.insights.series_chart import series_value, small_series
from services.workflow.braze_view import BrazeNumbers, last_days

SMALL = ("delivered", "opened", "clicked", "unsubscribed")
MIN_DAYS = 3


def draw_reconciliation(numbers: BrazeNumbers | None, experiment: Experiment, zone: str) -> None:
    """Braze, Anneal, and why they differ."""
    if numbers is None:
        states.not_yet(
            _("Braze’s numbers: not yet"), _("They are fetched once a day, late in the evening.")
        )
        return
    rows = [
        {
            _("Step"): escape(noun(experiment)).capitalize()
            if line.key == "outcomes"
            else say(line.step),
            "Braze": line.braze,
            "Anneal": line.anneal,
            _("Why they differ"): _why(line),
        }
        for line in numbers.lines
    ]
    frame = pd.DataFrame(rows).astype({"Braze": "float", "Anneal": "float"})
    written = frame.style.format({"Braze": number, "Anneal": number}, na_rep="–")
    st.table(written, border="horizontal", hide_index=True)
    if numbers.fetched_s is not None:
        when = moment(numbers.fetched_s, zone=zone)
        st.caption(_("Since the first day. Read from Braze {when}.").format(when=when))


def _why(line: Reconciled) -> str:
    if line.why is None:
        return _("The same.")
    mark = "" if line.explained else ":orange[:material/warning:] "
    return mark + escape(say(line.why))


def draw_messages(numbers: BrazeNumbers | None, days: int | None) -> None:
    """Four small charts, one unit each, the last value in the heading."""
    if numbers is None:
        states.not_yet(_("Messages: not yet"), _("Braze’s numbers come late in the evening."))
        return
    if numbers.names:
        names = listed([f"*{escape(name)}*" for name in numbers.names])
        words = _("Read from Braze for {names}, by day.").format(names=names)
        st.markdown(f":small[{words}]")
    found = {m.key: m for m in multiples(last_days(numbers.series, days))}
    with st.grid(4, min_column_width=230):
        for key in SMALL:
            if key in found:
                _small(found[key])


def _small(multiple: Multiple) -> None:
    word, last = say(multiple.name), series_value(multiple.last, multiple.unit, chart_style())
    with st.container(border=True, height="stretch"):
        st.markdown(f"{word} **{last}**")
        if len(multiple.frame) < MIN_DAYS:
            st.caption(_("The chart starts with the third day."))
        else:
            draw_chart(
                small_series,
                multiple.frame,
                unit=multiple.unit,
                alt=_("{step}: {last} on the last day").format(step=word, last=last),
            )
        if multiple.of:
            kinds = listed([say(kind) for kind in multiple.of])
            st.caption(_("Of {kinds}.").format(kinds=kinds))
