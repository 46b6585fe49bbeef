"""The parts of Insights that show Braze's own numbers."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.components import states
from pages.components.badges import escape
from pages.components.lift_words import noun
from pages.components.theme import chart_style
from pages.components.translate import _, listed, moment, number, say
from services.experiment.model import Experiment
from services.insights.series_chart import Unit, series_value, small_series
from services.messages import Message, msg
from services.workflow.braze_view import BrazeNumbers, last_days

STEP_WORDS: dict[str, Message] = {
    "sent": msg("Sent"),
    "delivered": msg("Delivered"),
    "opened": msg("Opened"),
    "clicked": msg("Clicked"),
    "unsubscribed": msg("Unsubscribed"),
}
SHARE_OF = {"opened": "delivered", "clicked": "delivered", "unsubscribed": "delivered"}
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
            if line.step == "outcomes"
            else say(STEP_WORDS[line.step]),
            "Braze": line.braze,
            "Anneal": line.anneal,
            _("Why they differ"): escape(say(line.why)),
        }
        for line in numbers.lines
    ]
    frame = pd.DataFrame(rows).astype({"Braze": "float", "Anneal": "float"})
    written = frame.style.format({"Braze": number, "Anneal": number}, na_rep="–")
    st.table(written, border="horizontal", hide_index=True)
    if numbers.fetched_s is not None:
        when = moment(numbers.fetched_s, zone=zone)
        st.caption(_("Since the first day. Read from Braze {when}.").format(when=when))


def draw_messages(numbers: BrazeNumbers | None, days: int | None) -> None:
    """Four small charts, one unit each, the last value in the heading."""
    if numbers is None:
        states.not_yet(_("Messages: not yet"), _("Braze’s numbers come late in the evening."))
        return
    if numbers.names:
        names = listed([f"*{escape(name)}*" for name in numbers.names])
        words = _("Read from Braze for {names}, by day.").format(names=names)
        st.markdown(f":small[{words}]")
    wide = (
        last_days(numbers.daily, days)
        .pivot_table(index="day", columns="step", values="value", aggfunc="sum")
        .sort_index()
    )
    with st.grid(4, min_column_width=230):
        for step in SMALL:
            if step in wide.columns:
                _small(wide, step)


def _small(wide: pd.DataFrame, step: str) -> None:
    values, unit = wide[step].dropna(), "count"
    if step in SHARE_OF and SHARE_OF[step] in wide.columns:
        whole = wide[SHARE_OF[step]]
        values = (wide[step] / whole.where(whole > 0)).dropna()
        unit = "share"
    frame = pd.DataFrame({"day": list(values.index), "value": list(values)})
    with st.container(border=True, height="stretch"):
        word = say(STEP_WORDS[step])
        if frame.empty:
            st.markdown(f"{word}  \n" + _("not yet"))
            return
        last = _written(float(frame["value"].iloc[-1]), unit)
        st.markdown(f"{word} **{last}**")
        if len(frame) < MIN_DAYS:
            st.caption(_("The chart starts with the third day."))
            return
        st.altair_chart(
            small_series(frame, chart_style(), unit=_unit(unit)),
            alt=_("{step}: {last} on the last day").format(step=word, last=last),
        )


def _written(value: float, unit: str) -> str:
    return series_value(value, _unit(unit), chart_style())


def _unit(unit: str) -> Unit:
    return "share" if unit == "share" else "count"
