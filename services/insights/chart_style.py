"""What every chart has in common: axes, day and number formats, words in the reader's language.

A `Style` is handed to each drawing function. It carries the colours, the language and the
translator, so that the same function draws for the console (light, dark, English, Korean) and for
the report.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

import altair as alt
import pandas as pd
from babel.dates import format_date
from babel.numbers import format_decimal

from services.insights.tokens import LIGHT, Tokens
from services.messages import Message

HEIGHT_MAIN = 290
HEIGHT_HALF = 240
HEIGHT_SMALL = 110
HEIGHT_SPARKLINE = 72
HEIGHT_HEAT_ROW = 56
HEIGHT_BAR_ROW = 30
LABEL_FONT_SIZE = 12
CATEGORY_FONT_SIZE = 13
LABEL_PADDING = 8
MAX_LABEL_CHARACTERS = 22  # longer labels left of bars squeeze the plot on a phone
GRID_TICKS = 5
LINE_WIDTH = 2.5
LINE_WIDTH_SMALL = 2
REFERENCE_WIDTH = 1.2
BAND_OPACITY = 0.16
CORNER_RADIUS = 3

DAY_PATTERNS = {"en": "d MMM", "ko": "M월 d일"}  # Babel
AXIS_DAY_FORMATS = {"en": "%-d %b", "ko": "%-m월 %-d일"}  # Vega: its month names stay English

SIGNED_PERCENT = "datum.value == 0 ? '0%' : format(datum.value, '+.0%')"
SIGNED_PERCENT_FINE = "datum.value == 0 ? '0%' : format(datum.value, '+.1%')"


def in_english(message: Message) -> str:
    """The source text with its values: what a chart says when nobody translates."""
    return str(message)


@dataclass(frozen=True)
class Style:
    """Colours, language and translator of one drawing."""

    tokens: Tokens = LIGHT
    language: str = "en"
    say: Callable[[Message], str] = in_english

    @property
    def known_language(self) -> str:
        """`"ko"` or `"en"`: the languages with their own day formats."""
        return "ko" if self.language.startswith("ko") else "en"

    def day(self, day: date) -> str:
        """A day as said in a sentence: `29 Oct`, `10월 29일`."""
        language = self.known_language
        return str(format_date(day, DAY_PATTERNS[language], locale=language))

    def percent(self, share: float, *, digits: int = 0) -> str:
        """`0.048` as `4.8%`, with a true minus."""
        return _number(100 * share, digits, self.known_language) + "%"

    def signed_percent(self, share: float, *, digits: int = 1) -> str:
        """`0.048` as `+4.8%`, `-0.02` as `−2.0%`; what rounds to zero has no sign."""
        return signed(100 * share, digits, self.known_language) + "%"

    def count(self, number: float) -> str:
        """A whole number with thousands separators."""
        return _number(number, 0, self.known_language)

    def number(self, number: float, *, digits: int = 1) -> str:
        """A number with a fixed count of decimals and a true minus."""
        return _number(number, digits, self.known_language)


def signed(number: float, digits: int, language: str) -> str:
    """A number with its sign, plus or true minus; what rounds to zero has none."""
    if round(number, digits) == 0:
        return _number(0, digits, language)
    text = _number(abs(number), digits, language)
    return ("+" if number > 0 else "\N{MINUS SIGN}") + text


def day_axis(style: Style, days: Iterable[date], *, ticks: int = GRID_TICKS) -> alt.X:
    """Shared time axis: no grid, few labels, days in the reader's order.

    Days are UTC moments for Vega, so that a browser in another zone shows the same day.
    """
    first_to_last = sorted(set(days))
    values = [iso(day) for day in spread(first_to_last, ticks)]
    return alt.X(
        "day:T",
        title=None,
        scale=alt.Scale(type="utc"),
        axis=alt.Axis(
            format=AXIS_DAY_FORMATS[style.known_language],
            values=values,
            grid=False,
            labelFlush=True,
            labelOverlap=True,
        ),
    )


def spread(days: list[date], count: int) -> list[date]:
    """At most `count` of these days, the same number of days apart."""
    if len(days) <= count:
        return days
    step = math.ceil(len(days) / count)
    return days[(len(days) - 1) % step // 2 :: step]


def iso(day: date) -> str:
    """Midnight of a day, UTC, as Vega reads it."""
    return f"{day.isoformat()}T00:00:00Z"


def rows_of(frame: pd.DataFrame) -> Iterable[Any]:
    """Rows of a table as records with an attribute for each column."""
    return cast("Iterable[Any]", frame.itertuples(index=False))


def moments(days: pd.Series) -> pd.Series:
    """A column of days as UTC moments: unambiguous in any browser."""
    return pd.to_datetime(days, utc=True)


def finish(
    chart: Any, style: Style, *, height: int | None = None, padding: dict[str, int] | None = None
) -> Any:
    """Give a finished chart the axes, legends and fonts all of them share."""
    tokens = style.tokens
    if height is not None:
        chart = chart.properties(height=height)
    if padding is not None:
        chart = chart.properties(padding=padding)
    return (
        chart.properties(width="container")
        .configure_view(strokeWidth=0)
        .configure_axis(
            domain=False,
            ticks=False,
            gridColor=tokens.grid,
            labelColor=tokens.muted,
            labelFontSize=LABEL_FONT_SIZE,
            labelPadding=LABEL_PADDING,
            tickCount=GRID_TICKS,
            titleColor=tokens.muted,
            titleFontSize=LABEL_FONT_SIZE,
            titleFontWeight=500,
            titlePadding=10,
        )
        .configure_legend(labelColor=tokens.muted, titleColor=tokens.muted)
    )


def shorten(label: str) -> str:
    """A label that fits left of a bar on a phone."""
    if len(label) <= MAX_LABEL_CHARACTERS:
        return label
    return label[: MAX_LABEL_CHARACTERS - 1].rstrip() + "…"


def _number(number: float, digits: int, language: str) -> str:
    pattern = "#,##0" if digits == 0 else "#,##0." + "0" * digits
    text = str(format_decimal(round(number, digits) + 0.0, format=pattern, locale=language))
    return text.replace("-", "\N{MINUS SIGN}")
