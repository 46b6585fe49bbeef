"""Drawings of lift over time: the big band with its events, the small one on a card.

Every function takes a table and a `Style` and returns one finished chart. They compute nothing but
places and labels: the numbers come from the looks, the series and the power gate.
Other drawings: `heat_map.py`, `category_charts.py`, `stacked_charts.py`, `series_chart.py`,
`power_chart.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import altair as alt
import pandas as pd

from services.insights.chart_style import (
    BAND_OPACITY,
    CATEGORY_FONT_SIZE,
    HEIGHT_MAIN,
    HEIGHT_SPARKLINE,
    LABEL_FONT_SIZE,
    LINE_WIDTH,
    LINE_WIDTH_SMALL,
    REFERENCE_WIDTH,
    SIGNED_PERCENT,
    SIGNED_PERCENT_FINE,
    Style,
    day_axis,
    finish,
    iso,
    moments,
)
from services.messages import Message, msg

WIDEST_SHOWN = 3.0  # first days are clamped to this many times the last interval's farther end
LEAST_SIDE_SHARE = 0.35  # of the other side: zero never lies on the edge
FINE_BELOW_SHARE = 0.05  # axes that stay inside ±5 % need a decimal
DISC_SIZE = 260

Unit = Literal["count", "share", "money"]


@dataclass(frozen=True)
class Event:
    """Something that happened on a day: a numbered disc; the words stand under the chart."""

    day: date
    label: str


def lift_band(
    looks: pd.DataFrame,
    style: Style,
    *,
    name: Message,
    zero: Message,
    events: Sequence[Event] = (),
    proved_from: date | None = None,
    truth: pd.DataFrame | None = None,
    height: int = HEIGHT_MAIN,
) -> alt.LayerChart:
    """Lift by day with its anytime-valid band, over a solid zero line.

    looks        columns day (date), estimate, low, high (shares: 0.05 is 5 %), n (people)
    name         what the lift is over, for the tooltip and the side of the chart
    zero         what no lift means, said at the right end of the zero line
    proved_from  first day whose band left zero; marked on the zero line
    truth        columns day, lift: the simulator's true lift, in the demo only

    An unbounded end (infinite or missing) is drawn to the edge and said as such in the tooltip.
    """
    tokens = style.tokens
    bottom, top = _ends(looks)
    data = _band_rows(looks, style, bottom, top)
    x = day_axis(style, list(looks["day"]))
    scale = alt.Scale(domain=[bottom, top], clamp=True, nice=False)
    fine = max(-bottom, top) < FINE_BELOW_SHARE
    y = alt.Y(
        "estimate:Q",
        title=style.say(name),
        scale=scale,
        axis=alt.Axis(labelExpr=SIGNED_PERCENT_FINE if fine else SIGNED_PERCENT),
    )
    tooltip = [
        alt.Tooltip("day_text:N", title=style.say(msg("Day"))),
        alt.Tooltip("estimate_text:N", title=style.say(name)),
        alt.Tooltip("low_text:N", title=style.say(msg("At least"))),
        alt.Tooltip("high_text:N", title=style.say(msg("At most"))),
        alt.Tooltip("n_text:N", title=style.say(msg("People"))),
    ]
    base = alt.Chart(data).encode(x=x)
    last = data.tail(1)
    layers: list[Any] = [
        base.mark_area(opacity=BAND_OPACITY, color=tokens.personalised).encode(
            y=alt.Y("low_shown:Q", scale=scale, title=style.say(name)), y2="high_shown:Q"
        ),
        _rule_at(0.0, scale, tokens.muted),
        base.mark_line(strokeWidth=LINE_WIDTH, color=tokens.personalised).encode(y=y),
        base.mark_rule(opacity=0, strokeWidth=12).encode(tooltip=tooltip),
        _end_words(last, style.say(zero), tokens.muted, scale, at=0.0, clear_of="estimate"),
        alt.Chart(last)
        .mark_text(
            align="left", dx=6, fontSize=CATEGORY_FONT_SIZE, fontWeight=600, color=tokens.more_text
        )
        .encode(x="day:T", y=alt.Y("estimate:Q", scale=scale), text="estimate_text:N"),
    ]
    if truth is not None and len(truth):
        layers.append(_truth_line(truth, style, scale))
    if proved_from is not None:
        layers += _proved_mark(proved_from, data, style, scale)
    layers += _event_marks(events, style)
    return finish(alt.layer(*layers), style, height=height)


def sparkline(
    looks: pd.DataFrame, style: Style, *, height: int = HEIGHT_SPARKLINE
) -> alt.LayerChart:
    """The lift of one experiment on its card: band and line over a dashed zero, no axes.

    looks  columns day, estimate (missing = not yet), low, high. Zero is always in view.
    """
    tokens = style.tokens
    bottom, top = _ends(looks)
    data = _band_rows(looks, style, bottom, top)
    scale = alt.Scale(domain=[bottom, top], clamp=True, nice=False)
    x = alt.X("day:T", axis=None, scale=alt.Scale(type="utc"))
    base = alt.Chart(data).encode(x=x)
    chart = alt.layer(
        base.mark_area(opacity=BAND_OPACITY, color=tokens.personalised).encode(
            y=alt.Y("low_shown:Q", scale=scale, axis=None), y2="high_shown:Q"
        ),
        alt.Chart(pd.DataFrame({"zero": [0.0]}))
        .mark_rule(color=tokens.muted, strokeWidth=REFERENCE_WIDTH, strokeDash=[3, 2])
        .encode(y=alt.Y("zero:Q", scale=scale, axis=None)),
        base.mark_line(strokeWidth=LINE_WIDTH_SMALL, color=tokens.personalised).encode(
            y=alt.Y("estimate:Q", scale=scale, axis=None)
        ),
    )
    return finish(
        chart, style, height=height, padding={"left": 0, "right": 0, "top": 2, "bottom": 2}
    )


def _ends(looks: pd.DataFrame) -> tuple[float, float]:
    """Bottom and top of the axis: what the last intervals need, with zero well inside.

    Wide first days are clamped, and the smaller side keeps a part of the height: a chart that ends
    at zero would hide how near the band is to it.
    """
    known = looks[["low", "high"]].astype(float).replace([math.inf, -math.inf], math.nan)
    if not known.notna().any().any():
        return -1.0, 1.0
    last = known.ffill().iloc[-1].abs().max()
    widest = WIDEST_SHOWN * max(float(last), 1e-4) if pd.notna(last) else math.inf
    top = min(max(float(known["high"].max()), 0.0), widest)
    bottom = min(max(-float(known["low"].min()), 0.0), widest)
    top, bottom = max(top, LEAST_SIDE_SHARE * bottom), max(bottom, LEAST_SIDE_SHARE * top)
    return -1.05 * max(bottom, 1e-4), 1.05 * max(top, 1e-4)


def _band_rows(looks: pd.DataFrame, style: Style, bottom: float, top: float) -> pd.DataFrame:
    low = looks["low"].astype(float)
    high = looks["high"].astype(float)
    unbounded = style.say(msg("not known"))

    def said(value: float) -> str:
        return style.signed_percent(value) if math.isfinite(value) else unbounded

    n = looks["n"] if "n" in looks else pd.Series([None] * len(looks), index=looks.index)
    return pd.DataFrame(
        {
            "day": moments(looks["day"]),
            "estimate": looks["estimate"].astype(float),
            "low_shown": low.fillna(bottom).clip(bottom, top),
            "high_shown": high.fillna(top).clip(bottom, top),
            "day_text": [style.day(day) for day in looks["day"]],
            "estimate_text": [said(value) for value in looks["estimate"].astype(float)],
            "low_text": [said(value) for value in low],
            "high_text": [said(value) for value in high],
            "n_text": ["" if pd.isna(count) else style.count(count) for count in n],
        }
    )


def _rule_at(value: float, scale: alt.Scale, colour: str) -> Any:
    return (
        alt.Chart(pd.DataFrame({"reference": [value]}))
        .mark_rule(color=colour, strokeWidth=REFERENCE_WIDTH)
        .encode(y=alt.Y("reference:Q", scale=scale))
    )


def _end_words(
    last: pd.DataFrame, words: str, colour: str, scale: alt.Scale, *, at: float, clear_of: str
) -> Any:
    """Words at the right end of a reference, on the side away from the last value."""
    value = float(last[clear_of].iloc[0]) if len(last) else 0.0
    lift = 4 if value >= at else -4
    return (
        alt.Chart(last.assign(reference=at))
        .mark_text(align="left", dx=6, dy=lift, fontSize=LABEL_FONT_SIZE, color=colour)
        .encode(x="day:T", y=alt.Y("reference:Q", scale=scale), text=alt.value(words))
    )


def _truth_line(truth: pd.DataFrame, style: Style, scale: alt.Scale) -> Any:
    data = pd.DataFrame(
        {
            "day": moments(truth["day"]),
            "lift": truth["lift"].astype(float),
            "lift_text": [style.signed_percent(lift) for lift in truth["lift"]],
        }
    )
    return (
        alt.Chart(data)
        .mark_line(strokeWidth=LINE_WIDTH_SMALL, strokeDash=[6, 3], color=style.tokens.good)
        .encode(
            x="day:T",
            y=alt.Y("lift:Q", scale=scale),
            tooltip=[alt.Tooltip("lift_text:N", title=style.say(msg("True lift")))],
        )
    )


def _proved_mark(day: date, data: pd.DataFrame, style: Style, scale: alt.Scale) -> list[Any]:
    place = pd.DataFrame({"day": moments(pd.Series([day])), "reference": [0.0]})
    moment = place["day"].iloc[0]
    span = data["day"].max() - data["day"].min()
    near_end = bool(span) and (moment - data["day"].min()) > 0.75 * span
    estimate = data.loc[data["day"] == moment, "estimate"]
    below = not len(estimate) or float(estimate.iloc[0]) >= 0
    point = alt.Chart(place).encode(x="day:T", y=alt.Y("reference:Q", scale=scale))
    return [
        point.mark_point(size=70, filled=True, opacity=1, color=style.tokens.good),
        point.mark_text(
            align="right" if near_end else "center",
            dy=16 if below else -16,
            fontSize=LABEL_FONT_SIZE,
            fontWeight=600,
            color=style.tokens.good_text,
        ).encode(text=alt.value(style.say(msg("proved from here")))),
    ]


def _event_marks(events: Sequence[Event], style: Style) -> list[Any]:
    if not events:
        return []
    data = pd.DataFrame(
        {
            "day": [iso(event.day) for event in events],
            "number": [str(place) for place in range(1, len(events) + 1)],
            "label": [event.label for event in events],
        }
    )
    place = alt.Chart(data).encode(
        x="day:T", tooltip=[alt.Tooltip("label:N", title=style.say(msg("Event")))]
    )
    return [
        place.mark_rule(strokeDash=[2, 3], strokeWidth=1.5, color=style.tokens.muted),
        place.mark_point(size=DISC_SIZE, filled=True, opacity=1, color=style.tokens.usual).encode(
            y=alt.value(-8)
        ),
        place.mark_text(
            fontSize=11, fontWeight=700, color=style.tokens.page, baseline="middle"
        ).encode(y=alt.value(-8), text="number:N"),
    ]
