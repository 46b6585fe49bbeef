"""The numbers of an exhibit as people read them, and as other programs read them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

import pandas as pd

from services.insights.exhibits import Exhibit, Kind, readable
from services.messages import Message
from services.speech import Speech

DASH = "–"
SMALL_NUMBER = 10.0  # below this a plain number needs its decimals


@dataclass(frozen=True)
class Written:
    """A table of words. `numeric`: which columns stand on the right."""

    headings: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]


def written(exhibit: Exhibit, speech: Speech) -> Written:
    """The table as it stands in the report: every value in words of the language."""
    columns = exhibit.columns
    rows = [
        tuple(
            _words(value, column.kind, speech) for value, column in zip(row, columns, strict=True)
        )
        for row in exhibit.table[[column.key for column in columns]].itertuples(index=False)
    ]
    return Written(
        tuple(speech.say(column.heading) for column in columns),
        tuple(column.kind not in (Kind.DAY, Kind.TEXT) for column in columns),
        tuple(rows),
    )


def plain(exhibit: Exhibit, speech: Speech) -> pd.DataFrame:
    """The table for other programs: numbers and days as such, words in the language."""
    table = exhibit.table
    return pd.DataFrame(
        {
            speech.say(column.heading): pd.Series(
                [_plain(value, column.kind, speech) for value in table[column.key]], dtype=object
            )
            for column in exhibit.columns
        }
    )


def _words(value: object, kind: Kind, speech: Speech) -> str:
    if _missing(value):
        return DASH
    match kind:
        case Kind.TEXT:
            return _text(value, speech)
        case Kind.DAY:
            return speech.day(_day(value), year=True)
        case _:
            return _number(float(str(value)), kind, speech)


def _number(value: float, kind: Kind, speech: Speech) -> str:
    if math.isinf(value):
        return speech.text("no limit")
    match kind:
        case Kind.LIFT:
            return speech.percent(value, signed=True)
        case Kind.SHARE:
            return speech.percent(value)
        case Kind.COUNT:
            return speech.number(value)
        case _:
            return speech.number(value, digits=3 if abs(value) < SMALL_NUMBER else 1)


def _plain(value: object, kind: Kind, speech: Speech) -> object:
    if _missing(value):
        return None
    match kind:
        case Kind.TEXT:
            return _text(value, speech)
        case Kind.DAY:
            return _day(value)
        case Kind.COUNT:
            return round(float(str(value)))
        case _:
            number = float(str(value))
            return number if math.isfinite(number) else None


def _text(value: object, speech: Speech) -> str:
    return readable(speech.say(value) if isinstance(value, Message) else str(value))


def _day(value: object) -> date:
    stamp = pd.Timestamp(str(value))
    return date(stamp.year, stamp.month, stamp.day)


def _missing(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value)) or value is pd.NaT
