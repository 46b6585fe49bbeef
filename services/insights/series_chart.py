"""Drawing of one number of Braze by day: a small multiple with its own unit and shared days."""

from __future__ import annotations

from typing import Literal

import altair as alt
import pandas as pd

from services.insights.chart_style import (
    HEIGHT_SMALL,
    LINE_WIDTH_SMALL,
    Style,
    day_axis,
    finish,
    moments,
)
from services.messages import msg

Unit = Literal["count", "share", "money"]


def small_series(
    series: pd.DataFrame, style: Style, *, unit: Unit = "count", height: int = HEIGHT_SMALL
) -> alt.LayerChart:
    """One number of Braze by day, one unit; the last value belongs in the heading, not in here.

    series  columns day, value (counts, money, or shares from 0 to 1)
    """
    data = pd.DataFrame({"day": moments(series["day"]), "value": series["value"].astype(float)})
    data["day_text"] = [style.day(day) for day in series["day"]]
    data["value_text"] = [series_value(value, unit, style) for value in data["value"]]
    top = float(data["value"].max()) if len(data) else 0.0
    if unit == "share":
        decimals = 2 if top < 0.01 else 1 if top < 0.1 else 0
        labels = f"datum.value == 0 ? '0%' : format(datum.value, '.{decimals}%')"
    else:
        labels = "format(datum.value, ',.0f')" if top < 10_000 else "format(datum.value, '~s')"
    base = alt.Chart(data).encode(x=day_axis(style, list(series["day"]), ticks=3))
    chart = alt.layer(
        base.mark_line(strokeWidth=LINE_WIDTH_SMALL, color=style.tokens.usual).encode(
            y=alt.Y(
                "value:Q",
                title=None,
                scale=alt.Scale(zero=False, nice=True),
                axis=alt.Axis(tickCount=3, labelExpr=labels),
            )
        ),
        base.mark_rule(opacity=0, strokeWidth=10).encode(
            tooltip=[
                alt.Tooltip("day_text:N", title=style.say(msg("Day"))),
                alt.Tooltip("value_text:N", title=style.say(msg("Value"))),
            ]
        ),
    )
    return finish(chart, style, height=height)


def series_value(value: float, unit: Unit, style: Style) -> str:
    """One value of a series in words: `12,342`, `4.7%`, `1,204.50`."""
    if unit == "share":
        return style.percent(value, digits=1 if value >= 0.01 else 2)
    return style.number(value, digits=2) if unit == "money" else style.count(value)
