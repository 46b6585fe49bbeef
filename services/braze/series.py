"""Braze's nested daily statistics as flat rows: one number each.

Counters differ by channel and new ones appear without notice, so every number is kept under the
name Braze gives it. Texts, nulls and numbers that are not finite are left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.errors import BrazeBroken
from services.messages import msg


@dataclass(frozen=True)
class SeriesRow:
    """One counter of one day. Empty text = over all: a row without channel is a total.

    `step` is the Canvas step's name (its id where it has none). `value` is a count, or US dollars
    for the counter `revenue`.
    """

    day: date
    counter: str
    value: float
    channel: str = ""
    variation_id: str = ""
    variation_name: str = ""
    step: str = ""


@dataclass(frozen=True)
class Count:
    """One counter over a whole span of days; else as `SeriesRow`."""

    counter: str
    value: float
    channel: str = ""
    variation_id: str = ""
    variation_name: str = ""
    step: str = ""

    def on(self, day: date) -> SeriesRow:
        """The same counter as that of one day."""
        return SeriesRow(
            day,
            self.counter,
            self.value,
            self.channel,
            self.variation_id,
            self.variation_name,
            self.step,
        )


def campaign_rows(entry: Mapping[str, Any], endpoint: str) -> Iterator[SeriesRow]:
    """Rows of one entry of `data` of a campaign's series, or of a send's. Raises BrazeBroken
    without a date.
    """
    day = day_of(entry, endpoint)
    for counter, value in numbers(entry):
        yield SeriesRow(day, counter, value)
    for count in _channels(entry.get("messages"), step=""):
        yield count.on(day)


def canvas_rows(entry: Mapping[str, Any], endpoint: str) -> Iterator[SeriesRow]:
    """Rows of one entry of `stats` of a Canvas's series. Raises BrazeBroken without a date."""
    day = day_of(entry, endpoint)
    for count in canvas_counts(entry):
        yield count.on(day)


def canvas_counts(stats: Mapping[str, Any]) -> Iterator[Count]:
    """All counters of a Canvas: in total, by variant, by step, by channel of a step."""
    for counter, value in numbers(_mapping(stats.get("total_stats"))):
        yield Count(counter, value)
    for variant_id, variant in _mapping(stats.get("variant_stats")).items():
        name = str(_mapping(variant).get("name") or "")
        for counter, value in numbers(_mapping(variant)):
            yield Count(counter, value, variation_id=variant_id, variation_name=name)
    for step_id, step in _mapping(stats.get("step_stats")).items():
        name = str(_mapping(step).get("name") or step_id)
        for counter, value in numbers(_mapping(step)):
            yield Count(counter, value, step=name)
        yield from _channels(_mapping(step).get("messages"), step=name)


def numbers(entry: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Names and values of what is a finite number in `entry`."""
    for name, value in entry.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        if math.isfinite(value):
            yield name, float(value)


def day_of(entry: object, endpoint: str) -> date:
    """The day of an entry: a date, or a time whose date counts. Raises BrazeBroken without one."""
    try:
        return date.fromisoformat(str(_mapping(entry).get("time"))[:10])
    except ValueError:
        raise BrazeBroken(
            msg("Braze's answer to {endpoint} has an entry without a date.", endpoint=endpoint),
            hint=msg("Nothing was changed. If it stays, please report this."),
            endpoint=endpoint,
            status=200,
        ) from None


def _channels(messages: object, *, step: str) -> Iterator[Count]:
    for channel, variations in _mapping(messages).items():
        for variation in variations if isinstance(variations, list) else ():
            found = _mapping(variation)
            for counter, value in numbers(found):
                yield Count(
                    counter,
                    value,
                    channel=channel,
                    variation_id=str(found.get("variation_api_id") or ""),
                    variation_name=str(found.get("variation_name") or ""),
                    step=step,
                )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
