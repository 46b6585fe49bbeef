"""The Export menu of Insights: tables as CSV, made when asked for."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from pages.components import session
from pages.components.translate import _
from services.experiment.model import Experiment
from services.insights.series import by_variation
from services.workflow.braze_view import BrazeNumbers
from services.workflow.choices_view import shares_of, varied
from services.workflow.insights_view import looks_table


def export_menu(experiment: Experiment, numbers: BrazeNumbers | None) -> None:
    """A button that opens to one download for each table."""
    lake = session.services().lake
    with st.popover(_("Export"), icon=":material/download:"):
        _download(_("Lift by day"), "lift", lambda: looks_table(lake, experiment.id).to_pandas())
        _download(_("Choices by day"), "choices", lambda: _choices(experiment))
        if numbers is not None:
            series = numbers.series
            _download(_("Braze’s numbers by day"), "braze", lambda: series)
            _download(_("Braze’s numbers by variation"), "variations", lambda: by_variation(series))


def _choices(experiment: Experiment) -> pd.DataFrame:
    lake = session.services().lake
    parts = [
        shares_of(lake, experiment, dimension, days=None).assign(dimension=dimension.label)
        for dimension in varied(experiment)
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _download(label: str, name: str, table: Callable[[], pd.DataFrame]) -> None:
    st.download_button(
        label,
        data=lambda: table().to_csv(index=False).encode("utf-8-sig"),
        file_name=f"anneal-{name}.csv",
        mime="text/csv",
        key=f"insights.export.{name}",
        type="tertiary",
        icon=":material/table:",
        on_click="ignore",
    )
