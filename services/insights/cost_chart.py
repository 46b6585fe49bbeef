"""What learning cost so far, by day, against what was allowed."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from services.insights.chart_style import (
    BAND_OPACITY,
    CATEGORY_FONT_SIZE,
    HEIGHT_HALF,
    LABEL_FONT_SIZE,
    LINE_WIDTH,
    REFERENCE_WIDTH,
    Style,
    day_axis,
    finish,
    moments,
)
from services.messages import Message, msg


def learning_cost(
    costs: pd.DataFrame,
    style: Style,
    *,
    unit: Message | str,
    cap: float | None = None,
    height: int = HEIGHT_HALF,
) -> alt.LayerChart:
    """Line with its band over a zero line, and the cap as a labelled dash.

    costs  columns day, value, low, high: totals so far in the metric's unit; above zero is lost
    unit   what is counted, for the side of the chart
    """
    tokens = style.tokens
    data = costs[["value", "low", "high"]].astype(float).reset_index(drop=True)
    data["day"] = moments(costs["day"]).to_numpy()
    data["day"] = pd.to_datetime(data["day"], utc=True)
    data["day_text"] = [style.day(day) for day in costs["day"]]
    for name in ("value", "low", "high"):
        data[f"{name}_text"] = [style.count(number) for number in data[name]]
    ends = [0.0, float(data["low"].min()), float(data["high"].max()), cap or 0.0]
    scale = alt.Scale(domain=[min(ends), max(ends)], nice=True)
    said = style.say(unit) if isinstance(unit, Message) else unit
    base = alt.Chart(data).encode(x=day_axis(style, list(costs["day"])))
    last = data.tail(1)
    layers: list[Any] = [
        base.mark_area(opacity=BAND_OPACITY, color=tokens.random).encode(
            y=alt.Y("low:Q", scale=scale, title=said), y2="high:Q"
        ),
        _rule(0.0, scale, tokens.muted, dash=[1, 0]),
        base.mark_line(strokeWidth=LINE_WIDTH, color=tokens.random).encode(
            y=alt.Y("value:Q", scale=scale, title=said, axis=alt.Axis(format=",.0f"))
        ),
        base.mark_rule(opacity=0, strokeWidth=12).encode(
            tooltip=[
                alt.Tooltip("day_text:N", title=style.say(msg("Day"))),
                alt.Tooltip("value_text:N", title=said),
                alt.Tooltip("low_text:N", title=style.say(msg("At least"))),
                alt.Tooltip("high_text:N", title=style.say(msg("At most"))),
            ]
        ),
        alt.Chart(last)
        .mark_text(
            align="left", dx=6, fontSize=CATEGORY_FONT_SIZE, fontWeight=600, color=tokens.look_text
        )
        .encode(x="day:T", y=alt.Y("value:Q", scale=scale), text="value_text:N"),
    ]
    if cap is not None:
        layers.append(_rule(cap, scale, tokens.act, dash=[4, 3]))
        layers.append(
            alt.Chart(data.head(1).assign(cap=cap))
            .mark_text(
                align="left", baseline="bottom", dy=-4, fontSize=LABEL_FONT_SIZE, color=tokens.muted
            )
            .encode(
                x="day:T",
                y=alt.Y("cap:Q", scale=scale),
                text=alt.value(style.say(msg("agreed limit"))),
            )
        )
    return finish(alt.layer(*layers), style, height=height)


def _rule(at: float, scale: alt.Scale, colour: str, *, dash: list[int]) -> Any:
    return (
        alt.Chart(pd.DataFrame({"at": [at]}))
        .mark_rule(color=colour, strokeWidth=REFERENCE_WIDTH, strokeDash=dash)
        .encode(y=alt.Y("at:Q", scale=scale))
    )
