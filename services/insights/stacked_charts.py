"""Drawings of parts of a whole: which options are chosen over time, messages by hour."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from services.insights.chart_style import (
    CORNER_RADIUS,
    GRID_TICKS,
    HEIGHT_HALF,
    HEIGHT_MAIN,
    LABEL_FONT_SIZE,
    Style,
    day_axis,
    finish,
    moments,
    rows_of,
    shorten,
)
from services.insights.tokens import MAX_OPTION_COLOURS
from services.messages import msg

LEAST_LABEL_GAP_SHARE = 0.075  # labels nearer than this would touch at the half-width height
TROUBLE_LABEL_MAX_SHARE = 0.04  # a trouble smaller than this part of the tallest bar is written out
HOUR_BAR_SIZE = 20
HOUR_STATES = ("accepted", "refused", "doubt", "planned")


def option_shares(
    shares: pd.DataFrame, style: Style, *, height: int = HEIGHT_HALF
) -> alt.LayerChart:
    """How often each option of one dimension is chosen, by day, stacked to 100 %.

    shares  columns day (date), option (label), share (0 to 1 within the day)

    Options are sorted by their last share, the biggest at the top; after the fifth they are drawn
    together as "others". Every visible part is named at its right end.
    """
    data = _folded(shares, style)
    order = list(dict.fromkeys(data.sort_values("place")["option"]))
    colours = [
        style.tokens.others if place >= MAX_OPTION_COLOURS else style.tokens.options[place]
        for place in range(len(order))
    ]
    if len(order) > MAX_OPTION_COLOURS:
        colours[-1] = style.tokens.others
    x = day_axis(style, sorted(set(data["date"])), ticks=4)
    chart = alt.layer(
        alt.Chart(data)
        .mark_area(stroke=style.tokens.page, strokeWidth=1.5)
        .encode(
            x=x,
            y=alt.Y(
                "share:Q",
                stack="zero",
                title=None,
                scale=alt.Scale(domain=[0, 1], nice=False),
                axis=alt.Axis(labelExpr="format(datum.value, '.0%')", grid=False),
            ),
            color=alt.Color("option:N", legend=None, scale=alt.Scale(domain=order, range=colours)),
            # Vega stacks from the top down: rank 0 is drawn uppermost.
            order=alt.Order("place:Q", sort="descending"),
            tooltip=[
                alt.Tooltip("day_text:N", title=style.say(msg("Day"))),
                alt.Tooltip("option:N", title=style.say(msg("Option"))),
                alt.Tooltip("share_text:N", title=style.say(msg("Share of messages"))),
            ],
        ),
        _end_labels(data, style),
    )
    return finish(chart, style, height=height)


def _folded(shares: pd.DataFrame, style: Style) -> pd.DataFrame:
    """Every option on every day, ranked by its last share, the small ones as one."""
    wide = (
        shares.pivot_table(index="day", columns="option", values="share", aggfunc="sum")
        .fillna(0.0)
        .sort_index()
    )
    last = wide.iloc[-1]
    ranked = [str(name) for name in last.sort_values(ascending=False, kind="stable").index]
    if len(ranked) > MAX_OPTION_COLOURS:
        kept, rest = ranked[:MAX_OPTION_COLOURS], ranked[MAX_OPTION_COLOURS:]
        others = style.say(msg("others"))
        wide = wide[kept].assign(**{others: wide[rest].sum(axis=1)})
        ranked = [*kept, others]
    rows: list[dict[str, Any]] = []
    for day, values in wide.iterrows():
        for place, name in enumerate(ranked):
            rows.append({"date": day, "option": name, "share": float(values[name]), "place": place})
    data = pd.DataFrame(rows)
    data["day"] = moments(data["date"])
    data["day_text"] = [style.day(day) for day in data["date"]]
    data["share_text"] = [style.percent(share) for share in data["share"]]
    return data


def _end_labels(data: pd.DataFrame, style: Style) -> Any:
    last = data[data["day"] == data["day"].max()].sort_values("place")
    lower_edges = 1 - last["share"].cumsum()
    middles = list((lower_edges + last["share"] / 2).clip(0.02, 0.98))
    labels = pd.DataFrame(
        {
            "day": list(last["day"]),
            "middle": without_touching(middles, LEAST_LABEL_GAP_SHARE),
            "words": [
                f"{shorten(str(row.option))} {style.percent(row.share)}" for row in rows_of(last)
            ],
            "share": list(last["share"]),
        }
    )
    labels = labels[labels["share"] >= 0.005]
    return (
        alt.Chart(labels)
        .mark_text(
            align="left", dx=8, fontSize=LABEL_FONT_SIZE, fontWeight=600, color=style.tokens.ink
        )
        .encode(x="day:T", y=alt.Y("middle:Q", scale=alt.Scale(domain=[0, 1])), text="words:N")
    )


def without_touching(places: Sequence[float], gap: float) -> list[float]:
    """Descending places from 1 to 0, moved as little as needed to lie at least `gap` apart."""
    moved: list[float] = []
    for place in places:
        moved.append(min(place, moved[-1] - gap) if moved else place)
    if moved and moved[-1] < 0.02:
        moved[-1] = 0.02
        for i in range(len(moved) - 2, -1, -1):
            moved[i] = max(moved[i], moved[i + 1] + gap)
    return moved


def messages_by_hour(
    hours: pd.DataFrame,
    style: Style,
    *,
    now_hour: float | None,
    height: int = HEIGHT_MAIN,
) -> alt.LayerChart:
    """Messages of a day by the hour they leave: accepted, refused, in doubt, planned.

    hours     columns hour (0 to 23), state (one of HOUR_STATES), n
    now_hour  the present moment as an hour of the day with fraction, None when the day is over

    Refused and in doubt are drawn outlined at the top and, where too small to be seen, written out.
    """
    tokens = style.tokens
    names = {
        "accepted": style.say(msg("accepted by Braze")),
        "refused": style.say(msg("refused")),
        "doubt": style.say(msg("in doubt")),
        "planned": style.say(msg("planned")),
    }
    data = hours[hours["n"] > 0].copy()
    data["name"] = data["state"].map(names)
    data["place"] = data["state"].map({state: i for i, state in enumerate(HOUR_STATES)})
    data["count_text"] = [style.count(n) for n in data["n"]]
    data["hour_text"] = [f"{int(hour)}:00" for hour in data["hour"]]
    first, last = int(data["hour"].min()), int(data["hour"].max())
    scale = alt.Scale(domain=[first - 0.6, last + 0.6], nice=False)
    x = alt.X(
        "hour:Q",
        title=None,
        scale=scale,
        axis=alt.Axis(
            values=list(range(first, last + 1)),
            labelExpr="datum.value + ':00'",
            grid=False,
            labelOverlap="greedy",
        ),
    )
    tallest = float(data.groupby("hour")["n"].sum().max())
    y_scale = alt.Scale(domain=[0, tallest * 1.1], nice=False)
    layers: list[Any] = [
        alt.Chart(data)
        .mark_bar(
            size=HOUR_BAR_SIZE,
            cornerRadiusTopLeft=CORNER_RADIUS,
            cornerRadiusTopRight=CORNER_RADIUS,
        )
        .encode(
            x=x,
            y=alt.Y(
                "n:Q",
                stack="zero",
                title=style.say(msg("Messages")),
                scale=y_scale,
                axis=alt.Axis(format=",.0f", tickCount=GRID_TICKS, tickMinStep=1),
            ),
            color=alt.Color(
                "state:N",
                legend=None,
                scale=alt.Scale(
                    domain=list(HOUR_STATES),
                    range=[tokens.personalised, tokens.act, tokens.look, tokens.total],
                ),
            ),
            order=alt.Order("place:Q"),
            tooltip=[
                alt.Tooltip("hour_text:N", title=style.say(msg("Hour"))),
                alt.Tooltip("name:N", title=style.say(msg("State"))),
                alt.Tooltip("count_text:N", title=style.say(msg("Messages"))),
            ],
        )
    ]
    troubles = _small_troubles(data, tallest, style)
    if len(troubles):
        layers += _trouble_words(troubles, style, scale, y_scale)
    if now_hour is not None and first - 0.6 < now_hour < last + 0.6:
        layers.append(
            alt.Chart(pd.DataFrame({"hour": [math.floor(now_hour) + 0.5]}))
            .mark_rule(strokeDash=[3, 3], strokeWidth=1, color=tokens.muted)
            .encode(x=alt.X("hour:Q", scale=scale))
        )
    return finish(alt.layer(*layers), style, height=height)


def _small_troubles(data: pd.DataFrame, tallest: float, style: Style) -> pd.DataFrame:
    """Hours whose doubts or refusals are too few to be seen: they are written above the bar."""
    tops = data.groupby("hour")["n"].sum()
    seen = TROUBLE_LABEL_MAX_SHARE * tallest
    small = data[data["state"].isin(["doubt", "refused"]) & (data["n"] < seen)]
    rows: list[dict[str, Any]] = []
    for hour, part in small.groupby("hour"):
        counts = {str(row.state): int(row.n) for row in rows_of(part)}
        if "doubt" in counts:
            words = style.say(msg("{count} in doubt", count=counts["doubt"]))
            rows.append({"hour": hour, "top": tops[hour], "words": words, "state": "doubt"})
    return pd.DataFrame(rows)


def _trouble_words(
    troubles: pd.DataFrame, style: Style, scale: alt.Scale, y_scale: alt.Scale
) -> list[Any]:
    return [
        alt.Chart(troubles)
        .mark_text(dy=-8, fontSize=LABEL_FONT_SIZE, fontWeight=600, color=style.tokens.look_text)
        .encode(x=alt.X("hour:Q", scale=scale), y=alt.Y("top:Q", scale=y_scale), text="words:N")
    ]
