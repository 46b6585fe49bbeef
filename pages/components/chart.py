"""A chart on a page: drawn once for the same data, language and colours, then taken from memory.

Building and checking a chart costs a tenth of a second and more, and every click on a page would
pay it again for each chart that has not changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import altair
import pandas as pd
import streamlit as st
from streamlit.elements.vega_charts import _convert_altair_to_vega_lite_spec

from pages.components.theme import chart_style
from services.insights.chart_style import Style

REMEMBERED = 128
KEPT_S = 3_600


def draw_chart(
    draw: Callable[..., altair.TopLevelMixin], data: pd.DataFrame, *, alt: str, **options: Any
) -> None:
    """Show `draw(data, style, **options)`; `alt` says what it shows to those who cannot see it."""
    style = chart_style()
    name = f"{draw.__module__}.{draw.__qualname__}"
    spec = _spec(name, data, repr(style.tokens), style.language, options, draw, style)
    st.vega_lite_chart(spec=spec, alt=alt)


def draw_built(
    asked: tuple[str, ...], build: Callable[[], altair.TopLevelMixin], *, alt: str
) -> None:
    """As `draw_chart` for a chart of many inputs: `asked` names all that it depends on."""
    style = chart_style()
    st.vega_lite_chart(spec=_built((*asked, repr(style.tokens), style.language), build), alt=alt)


@st.cache_data(show_spinner=False, max_entries=REMEMBERED, ttl=KEPT_S)
def _built(asked: tuple[str, ...], _build: Callable[[], altair.TopLevelMixin]) -> Any:
    return _convert_altair_to_vega_lite_spec(_build())


@st.cache_data(show_spinner=False, max_entries=REMEMBERED, ttl=KEPT_S)
def _spec(
    name: str,
    data: pd.DataFrame,
    tokens: str,
    language: str,
    options: dict[str, Any],
    _draw: Callable[..., altair.TopLevelMixin],
    _style: Style,
) -> Any:
    # Private, but the way `st.altair_chart` itself goes: what is shown is the same to the byte.
    return _convert_altair_to_vega_lite_spec(_draw(data, _style, **options))
