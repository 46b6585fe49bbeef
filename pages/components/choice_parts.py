"""The part of Insights that shows what Anneal chooses."""

from __future__ import annotations

import streamlit as st

from pages.components import session, states
from pages.components.theme import chart_style
from pages.components.translate import _, percent
from services.experiment.model import Experiment
from services.insights.stacked_charts import option_shares
from services.workflow.choices_view import shares_of, varied


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
            default=key,
            required=True,
            format_func=lambda one: dimensions[one].label,
            key="insights.shares.dimension",
            label_visibility="collapsed",
            wrap=True,
        )
        key = str(chosen)
    table = shares_of(session.services().lake, experiment, dimensions[key], days=days)
    if table.empty or table["day"].nunique() < 2:
        states.not_yet(_("Choices: not yet"), _("They show from the second day of decisions on."))
        return
    last = table[table["day"] == table["day"].max()]
    top = last.loc[last["share"].idxmax()]
    st.altair_chart(
        option_shares(table, chart_style()),
        alt=_("Most often chosen: {option}, {share}").format(
            option=top["option"], share=percent(top["share"], digits=0)
        ),
    )
