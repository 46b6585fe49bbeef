"""Drawing of the power gate: the smallest lift that can be proved, falling week by week."""

from __future__ import annotations

import math
from typing import Any

import altair as alt
import pandas as pd

from services.insights.chart_style import (
    HEIGHT_MAIN,
    LABEL_FONT_SIZE,
    LINE_WIDTH,
    REFERENCE_WIDTH,
    Style,
    finish,
)
from services.messages import msg

EARLY_SHARE = 0.3  # of the drawn weeks


def power_curve(
    weeks: pd.DataFrame, style: Style, *, hope: float, height: int = HEIGHT_MAIN
) -> alt.LayerChart:
    """The smallest lift that can be proved, by week of sending, against the hoped-for lift.

    weeks  columns week (int), smallest_lift (share, above 0)
    hope   share above 0; a dot marks the first week whose smallest lift is not above it
    """
    tokens = style.tokens
    top = min(float(weeks["smallest_lift"].max()), max(4 * hope, 0.1)) * 1.08
    data = weeks.assign(
        shown=weeks["smallest_lift"].clip(upper=top),
        floor=0.0,
        lift_text=[style.percent(lift, digits=1) for lift in weeks["smallest_lift"]],
    )
    scale = alt.Scale(domain=[0, top], nice=False)
    y = alt.Y(
        "shown:Q",
        title=style.say(msg("Smallest lift it can prove")),
        scale=scale,
        axis=alt.Axis(labelExpr="format(datum.value, '.0%')"),
    )
    x = alt.X(
        "week:Q",
        title=style.say(msg("Weeks of sending")),
        scale=alt.Scale(nice=False, zero=False),
        axis=alt.Axis(grid=False, format="d", tickMinStep=1, tickCount=8),
    )
    base = alt.Chart(data).encode(x=x)
    last_week = int(weeks["week"].max())
    words = pd.DataFrame({"week": [last_week], "hope": [hope]})
    hope_words = style.say(msg("your hope: {lift}", lift=style.percent(hope, digits=_digits(hope))))
    first = pd.DataFrame({"week": [int(weeks["week"].min())], "place": [top * 0.04]})
    layers: list[Any] = [
        base.mark_area(opacity=0.1, color=tokens.muted).encode(
            y=alt.Y("shown:Q", scale=scale, title=style.say(msg("Smallest lift it can prove"))),
            y2="floor:Q",
        ),
        base.mark_line(strokeWidth=LINE_WIDTH, color=tokens.personalised).encode(
            y=y,
            tooltip=[
                alt.Tooltip("week:Q", title=style.say(msg("Weeks of sending"))),
                alt.Tooltip("lift_text:N", title=style.say(msg("Smallest lift it can prove"))),
            ],
        ),
        alt.Chart(words)
        .mark_rule(strokeDash=[4, 3], strokeWidth=REFERENCE_WIDTH, color=tokens.random)
        .encode(y=alt.Y("hope:Q", scale=scale)),
        alt.Chart(words)
        .mark_text(
            align="right", dy=-9, fontSize=LABEL_FONT_SIZE, fontWeight=600, color=tokens.fewer_text
        )
        .encode(x="week:Q", y=alt.Y("hope:Q", scale=scale), text=alt.value(hope_words)),
        alt.Chart(first)
        .mark_text(align="left", dx=8, fontSize=LABEL_FONT_SIZE, color=tokens.muted)
        .encode(
            x="week:Q",
            y=alt.Y("place:Q", scale=scale),
            text=alt.value(style.say(msg("too small to tell apart from luck"))),
        ),
    ]
    proved = data[data["smallest_lift"] <= hope].head(1)
    if len(proved):
        layers += _proved_week(proved, style, scale, last_week)
    return finish(alt.layer(*layers), style, height=height)


def _proved_week(proved: pd.DataFrame, style: Style, scale: alt.Scale, last_week: int) -> list[Any]:
    week = int(proved["week"].iloc[0])
    words = style.say(msg("week {week}", week=week))
    early = week < EARLY_SHARE * last_week
    point = alt.Chart(proved).encode(x="week:Q", y=alt.Y("shown:Q", scale=scale))
    return [
        point.mark_point(size=70, filled=True, opacity=1, color=style.tokens.personalised),
        point.mark_text(
            align="left" if early else "right",  # below the curve, and not over the axis
            dx=6 if early else -6,
            dy=32 if early else 16,  # an early curve still falls steeply to the right
            fontSize=LABEL_FONT_SIZE,
            fontWeight=600,
            color=style.tokens.ink,
        ).encode(text=alt.value(words)),
    ]


def _digits(share: float) -> int:
    return 0 if math.isclose(100 * share, round(100 * share), abs_tol=1e-6) else 1
