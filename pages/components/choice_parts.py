"""The part of Insights that shows what Anneal chooses."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.components import session, states
from pages.components.chart import draw_chart
from pages.components.linked import from_link, to_link
from pages.components.translate import _, percent
from services.experiment.model import Dimension, Experiment
from services.insights.stacked_charts import option_shares
from services.workflow.choices_view import shares_of, varied


@st.cache_data(show_spinner=False, max_entries=64, ttl=3600)
def _kept_shares(
    _experiment: Experiment, _dimension: Dimension, days: int | None, asked: tuple[str, ...]
) -> pd.DataFrame:
    return shares_of(session.services().lake, _experiment, _dimension, days=days)


def draw_shares(experiment: Experiment, days: int | None) -> None:
    """Shares of one dimension's options over time, for people with personalised messages."""
    dimensions = {dimension.key: dimension for dimension in varied(experiment)}
    if not dimensions:
        st.caption(_("Nothing varies in this experiment."))
        return
    key = next(iter(dimensions))
    if len(dimensions) > 1:
        chosen = st.segmented_control(
            _("Dimension"),
            list(dimensions),
            default=from_link("shares", list(dimensions), key),
            required=True,
            format_func=lambda one: dimensions[one].label,
            key="insights.shares.dimension",
            label_visibility="collapsed",
            wrap=True,
        )
        to_link("shares", chosen, key)
        key = str(chosen)
    decided = str(session.services().lake.latest_day("decisions", experiment.id))
    asked = (experiment.id, str(experiment.version), key, str(days), decided)
    table = _kept_shares(experiment, dimensions[key], days, asked)
    if table.empty or table["day"].nunique() < 2:
        states.not_yet(_("Choices: not yet"), _("They show from the second day of decisions on."))
        return
    last = table[table["day"] == table["day"].max()]
    top = last.loc[last["share"].idxmax()]
    draw_chart(
        option_shares,
        table,
        alt=_("Most often chosen: {option}, {share}").format(
            option=top["option"], share=percent(top["share"], digits=0)
        ),
    )
