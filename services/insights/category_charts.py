"""Drawings over categories: single effects, what spoke for a choice, the groups as bars."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from services.insights.chart_style import (
    CATEGORY_FONT_SIZE,
    CORNER_RADIUS,
    HEIGHT_BAR_ROW,
    LABEL_FONT_SIZE,
    REFERENCE_WIDTH,
    SIGNED_PERCENT,
    Style,
    finish,
    rows_of,
    shorten,
    signed,
)
from services.insights.tokens import GROUPS
from services.messages import Message, msg

BAR_SIZE = 18


def effects(rows: pd.DataFrame, style: Style, *, name: Message) -> alt.LayerChart:
    """Dots with intervals over a zero line, biggest at the top: one segment, or policies.

    rows  columns label, estimate, low, high (shares)
    """
    tokens = style.tokens
    data = rows.sort_values("estimate", ascending=False, kind="stable").reset_index(drop=True)
    data["short"] = [shorten(label) for label in data["label"]]
    data["words"] = [style.signed_percent(value) for value in data["estimate"]]
    data["range"] = [
        style.say(
            msg(
                "{low} to {high}",
                low=style.signed_percent(row.low),
                high=style.signed_percent(row.high),
            )
        )
        for row in rows_of(data)
    ]
    y = alt.Y(
        "short:N",
        sort=list(data["short"]),
        title=None,
        axis=alt.Axis(grid=False, labelFontSize=CATEGORY_FONT_SIZE, labelLimit=190),
    )
    tooltip = [
        alt.Tooltip("label:N", title=style.say(msg("Option"))),
        alt.Tooltip("words:N", title=style.say(name)),
        alt.Tooltip("range:N", title=style.say(msg("Interval"))),
    ]
    base = alt.Chart(data).encode(y=y)
    chart = alt.layer(
        alt.Chart(pd.DataFrame({"zero": [0.0]}))
        .mark_rule(color=tokens.muted, strokeWidth=REFERENCE_WIDTH)
        .encode(x="zero:Q"),
        base.mark_rule(strokeWidth=2, color=tokens.muted).encode(
            x=alt.X(
                "low:Q",
                title=style.say(name),
                axis=alt.Axis(labelExpr=SIGNED_PERCENT, tickCount=5),
            ),
            x2="high:Q",
        ),
        base.mark_point(size=80, filled=True, opacity=1, color=tokens.personalised).encode(
            x="estimate:Q", tooltip=tooltip
        ),
    )
    return finish(chart, style, height=HEIGHT_BAR_ROW * max(len(data), 1))


def waterfall(
    steps: pd.DataFrame,
    style: Style,
    *,
    start: float,
    start_label: str,
    end_label: str,
    digits: int = 1,
    unit: str = "%",
) -> alt.LayerChart:
    """What adds to a choice and what takes from it, from the average person to this choice.

    steps  columns label, value (in the shown unit: percentage points, or money), in reading order
    start  where the average person stands, in the same unit
    """
    tokens = style.tokens
    rows: list[dict[str, Any]] = []
    level = start
    rows.append(_bar(start_label, 0.0, start, "total", style.number(start, digits=digits) + unit))
    for label, value in zip(steps["label"], steps["value"], strict=True):
        words = signed(float(value), digits, style.known_language)
        rows.append(
            _bar(label, level, level + float(value), "more" if value >= 0 else "fewer", words)
        )
        level += float(value)
    rows.append(_bar(end_label, 0.0, level, "total", style.number(level, digits=digits) + unit))
    # Two reasons may have the same words: places, not labels, keep the bars apart.
    rows = [row | {"place": f"{place:03d}"} for place, row in enumerate(rows)]
    data = pd.DataFrame(rows)
    order = list(data["place"])
    low = min(0.0, float(data[["from", "to"]].min().min()))
    top = float(data[["from", "to"]].max().max())
    scale = alt.Scale(domain=[low, top + 0.12 * (top - low or 1.0)], nice=False)
    names = {row["place"]: row["short"] for row in rows}
    label_of = "{" + ",".join(f"'{place}':{_quoted(name)}" for place, name in names.items()) + "}"
    base = alt.Chart(data).encode(
        y=alt.Y(
            "place:N",
            sort=order,
            title=None,
            axis=alt.Axis(
                grid=False,
                labelFontSize=CATEGORY_FONT_SIZE,
                labelLimit=190,
                labelExpr=f"{label_of}[datum.value]",
            ),
        )
    )
    chart = alt.layer(
        base.mark_bar(size=BAR_SIZE, cornerRadius=CORNER_RADIUS).encode(
            x=alt.X(
                "from:Q",
                title=None,
                scale=scale,
                axis=alt.Axis(
                    labelExpr=f"format(datum.value, ',.{_axis_digits(top)}f') + '{unit}'"
                ),
            ),
            x2="to:Q",
            color=alt.Color(
                "kind:N",
                legend=None,
                scale=alt.Scale(
                    domain=["total", "more", "fewer"],
                    range=[tokens.total, tokens.more, tokens.fewer],
                ),
            ),
            tooltip=[
                alt.Tooltip("label:N", title=style.say(msg("Reason"))),
                alt.Tooltip("words:N", title=style.say(msg("Adds or takes"))),
            ],
        ),
        base.mark_text(
            align="left", dx=6, fontSize=LABEL_FONT_SIZE, fontWeight=600, color=tokens.ink
        ).encode(x=alt.X("end:Q", scale=scale), text="words:N"),
    )
    return finish(chart, style, height=(HEIGHT_BAR_ROW + 2) * len(rows))


def group_bars(groups: pd.DataFrame, style: Style) -> alt.LayerChart:
    """How people are split: one bar a group with its share and count at the end.

    groups  columns group (personalised, random, usual, holdout), label, share (0 to 1), people
            (missing = not known yet: only the share is written)
    """
    data = groups.copy()
    data["words"] = [
        style.percent(row.share)
        if pd.isna(row.people)
        else f"{style.percent(row.share)} · {style.count(row.people)}"
        for row in rows_of(data)
    ]
    labels = list(data["label"])
    colours = [style.tokens.group(str(group)) for group in data["group"]]
    base = alt.Chart(data).encode(
        y=alt.Y(
            "label:N",
            sort=labels,
            title=None,
            axis=alt.Axis(grid=False, labelFontSize=CATEGORY_FONT_SIZE),
        )
    )
    widest = max(float(data["share"].max()), 0.01) if len(data) else 1.0
    scale = alt.Scale(domain=[0, widest * 1.75], nice=False)
    chart = alt.layer(
        base.mark_bar(size=BAR_SIZE - 2, cornerRadius=CORNER_RADIUS).encode(
            x=alt.X("share:Q", axis=None, scale=scale),
            color=alt.Color("label:N", legend=None, scale=alt.Scale(domain=labels, range=colours)),
            tooltip=[
                alt.Tooltip("label:N", title=style.say(msg("Group"))),
                alt.Tooltip("words:N", title=style.say(msg("People"))),
            ],
        ),
        base.mark_text(
            align="left", dx=6, fontSize=LABEL_FONT_SIZE, color=style.tokens.muted
        ).encode(x=alt.X("share:Q", scale=scale), text="words:N"),
    )
    return finish(chart, style, height=HEIGHT_BAR_ROW * max(len(data), 1))


def in_group_order(groups: pd.DataFrame) -> pd.DataFrame:
    """The rows of a table with a `group` column, in the order of every chart."""
    place = groups["group"].map({group: i for i, group in enumerate(GROUPS)})
    return groups.assign(_place=place).sort_values("_place").drop(columns="_place")


def _bar(label: str, start: float, end: float, kind: str, words: str) -> dict[str, Any]:
    return {
        "label": label,
        "short": shorten(label),
        "from": start,
        "to": end,
        "end": max(start, end),
        "kind": kind,
        "words": words,
    }


def _axis_digits(top: float) -> int:
    return 0 if top >= 4 else 1 if top >= 0.4 else 2


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
