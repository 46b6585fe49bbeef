"""Drawing of what works for whom: segment by option.

Colour appears only where a difference is clear after correction; five classes, never a gradient,
because a gradient invites reading noise.
"""

from __future__ import annotations

import altair as alt
import pandas as pd

from services.insights.chart_style import (
    CATEGORY_FONT_SIZE,
    CORNER_RADIUS,
    HEIGHT_HEAT_ROW,
    Style,
    finish,
    rows_of,
    signed,
)
from services.messages import msg

STRONG_FROM_SHARE = 1 / 3
"""A clear cell is strong when its interval's nearer end is at least this part of the estimate."""

CLASSES = ("strong fewer", "fewer", "none", "more", "strong more")


def cell_class(estimate: float, low: float, high: float, *, clear: bool) -> str:
    """Which of the five classes a cell of the heat map has; never coloured unless `clear`."""
    if not clear or low <= 0 <= high:
        return "none"
    nearer = low if estimate > 0 else high
    strength = "strong " if abs(nearer) >= STRONG_FROM_SHARE * abs(estimate) else ""
    return strength + ("more" if estimate > 0 else "fewer")


def heat_map(cells: pd.DataFrame, style: Style) -> alt.LayerChart:
    """Segment by option: the effect, its interval under it, colour only where it is clear.

    cells  columns segment, option (labels, in the order to be shown), estimate, low, high (shares),
           clear (bool, after correction), missing (people missing before it can be said; 0 = shown)
    """
    tokens = style.tokens
    data = cells.reset_index(drop=True).copy()
    data["waiting"] = data["missing"].fillna(0) > 0
    data["kind"] = [
        "none"
        if row.waiting
        else cell_class(row.estimate, row.low, row.high, clear=bool(row.clear))
        for row in rows_of(data)
    ]
    language = style.known_language
    data["number"] = [
        style.say(msg("not yet")) if row.waiting else signed(100 * row.estimate, 0, language)
        for row in rows_of(data)
    ]
    data["range"] = [
        style.say(msg("{people} more people", people=int(row.missing)))
        if row.waiting
        else style.say(
            msg(
                "{low} to {high}",
                low=signed(100 * row.low, 0, language),
                high=signed(100 * row.high, 0, language),
            )
        )
        for row in rows_of(data)
    ]
    verdicts = {
        "none": style.say(msg("no clear difference")),
        "more": style.say(msg("more than the average option")),
        "fewer": style.say(msg("fewer than the average option")),
    }
    data["verdict"] = [
        style.say(msg("not yet")) if row.waiting else verdicts[row.kind.removeprefix("strong ")]
        for row in rows_of(data)
    ]
    segments, options = list(dict.fromkeys(data["segment"])), list(dict.fromkeys(data["option"]))
    fill = alt.Scale(
        domain=list(CLASSES),
        range=[tokens.fewer, tokens.fewer_weak, tokens.unclear, tokens.more_weak, tokens.more],
    )
    text_colour = (
        alt.when(alt.FieldOneOfPredicate(field="kind", oneOf=["strong fewer", "strong more"]))
        .then(alt.value(tokens.on_strong))
        .otherwise(alt.value(tokens.on_weak))
    )
    base = alt.Chart(data).encode(
        x=alt.X(
            "option:N",
            sort=options,
            title=None,
            axis=alt.Axis(orient="top", labelAngle=0, labelFontSize=CATEGORY_FONT_SIZE),
            scale=alt.Scale(paddingInner=0.015, paddingOuter=0),
        ),
        y=alt.Y(
            "segment:N",
            sort=segments,
            title=None,
            axis=alt.Axis(grid=False, labelFontSize=CATEGORY_FONT_SIZE, labelLimit=180),
            scale=alt.Scale(paddingInner=0.06, paddingOuter=0),
        ),
    )
    tooltip = [
        alt.Tooltip("segment:N", title=style.say(msg("Segment"))),
        alt.Tooltip("option:N", title=style.say(msg("Option"))),
        alt.Tooltip("number:N", title=style.say(msg("Difference, per cent"))),
        alt.Tooltip("range:N", title=style.say(msg("Interval"))),
        alt.Tooltip("verdict:N", title=style.say(msg("Verdict"))),
    ]
    chart = alt.layer(
        base.mark_rect(cornerRadius=CORNER_RADIUS).encode(
            color=alt.Color("kind:N", scale=fill, legend=None), tooltip=tooltip
        ),
        base.mark_text(dy=-7, fontSize=CATEGORY_FONT_SIZE, fontWeight=600).encode(
            text="number:N", color=text_colour
        ),
        base.mark_text(dy=11, fontSize=11).encode(text="range:N", color=text_colour),
    )
    return finish(chart, style, height=HEIGHT_HEAT_ROW * len(segments))
