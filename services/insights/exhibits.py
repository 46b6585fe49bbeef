"""A finding with its picture and the numbers behind it: what the page, the report and files share.

Defined once, shown in many ways: the page draws the chart, the report embeds it with its table, a
download writes either alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pandas as pd

from services.insights.chart_style import Style
from services.insights.definitions import Definition
from services.messages import Message


class Kind(StrEnum):
    """How the values of a column are written. A missing value is a dash in every kind."""

    DAY = "day"
    TEXT = "text"  # also a `Message`
    COUNT = "count"
    NUMBER = "number"
    SHARE = "share"
    LIFT = "lift"  # a share with its sign; an infinite one is an end that was not found


@dataclass(frozen=True)
class Column:
    """One column of an exhibit's table: its key in the frame, its heading, how it is written."""

    key: str
    heading: Message
    kind: Kind


@dataclass(frozen=True)
class Exhibit:
    """`key` never changes and names files; `finding` is the text alternative of the chart.

    table    the numbers behind it, with at least the keys of `columns`
    draw     makes the chart; None where the table is all there is
    wide     whether the chart needs a desktop's width and scrolls on a phone
    """

    key: str
    title: Message
    finding: Message
    columns: tuple[Column, ...]
    table: pd.DataFrame
    draw: Callable[[Style], Any] | None = None
    definition: Definition | None = None
    note: Message | None = None
    wide: bool = False


def readable(label: str) -> str:
    """A name at the beginning of a row: `tier: gold` as people write it, `Tier: gold`."""
    return label[:1].upper() + label[1:]
