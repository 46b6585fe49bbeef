"""What Insights shows of the groups: the headline, its history, the other comparisons, segments.

Everything is read from the looks the worker wrote; nothing is estimated here. A number that may
not be shown yet is None, and the row then says what is missing and when it is expected.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
import pyarrow as pa

from services.experiment.model import Experiment, Group, MetricKind
from services.insights.look_rows import SHOWN
from services.insights.phases import first_day_of
from services.insights.segments import clear_ones, segment_of
from services.lake import Lake
from services.messages import Message
from services.outcomes.model import OutcomeMetric

LOOKS = "looks"
PRIMARY = OutcomeMetric.PRIMARY.value
BAND_MIN = 2  # one point is no line
COUNTED_KINDS = (MetricKind.CONVERSION, MetricKind.CUSTOM)
"""Metrics whose total is a number of things; the others are money or a score."""


@dataclass(frozen=True)
class Look:
    """One comparison on one day. Shares: 0.048 is 4.8 %. None: may not be said yet.

    `n` are people by group (first, second); `absolute` is per person, in the metric's unit.
    """

    day: date
    day_number: int
    planned_days: int
    first: Group
    second: Group
    metric: str
    segment: str
    n: tuple[int, int]
    converters: tuple[int, int]
    means: tuple[float | None, float | None]
    estimate: float | None
    low: float | None
    high: float | None
    absolute: float | None
    absolute_low: float | None
    absolute_high: float | None
    critical: float
    gain: float
    p: float
    provable: float | None
    expected_on: date | None
    proved_on: date | None
    missing_events: int
    missing_days: int
    missing_people: int
    events: float
    uneven: bool

    @property
    def shown(self) -> bool:
        """Whether there is an estimate that may be said."""
        return self.estimate is not None and self.low is not None and self.high is not None

    @property
    def verdict(self) -> str:
        """`"better"`, `"worse"`, `"undecided"` or `"not_yet"`, by the interval alone."""
        if self.low is None or self.high is None or not self.shown:
            return "not_yet"
        return "better" if self.low > 0 else "worse" if self.high < 0 else "undecided"

    @property
    def over_planned(self) -> bool:
        """Whether the experiment runs beyond the length it was planned for."""
        return self.day_number > self.planned_days


@dataclass(frozen=True)
class SegmentLift:
    """The lift in one segment; coloured as better or worse only where `clear` after correction."""

    label: Message
    look: Look
    clear: bool


@dataclass(frozen=True)
class Amount:
    """A total over all people with its interval, in the metric's unit."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Insights:
    """The newest looks, and the history of the primary one.

    band  day, estimate, low, high, n: the days on which the primary comparison was shown
    """

    experiment: Experiment
    primary: Look | None
    band: pd.DataFrame
    others: tuple[Look, ...]
    unsubscribes: Look | None
    segments: tuple[SegmentLift, ...]

    @property
    def extra(self) -> Amount | None:
        """What the personalised group brought beyond the control, over all its people so far."""
        if self.primary is None:
            return None
        return _total(self.primary, self.primary.n[0])

    @property
    def cost_of_learning(self) -> Amount | None:
        """What the random group would have brought with personalised messages, so far.

        Positive: outcomes lost. None before that comparison may be shown, or without the group.
        """
        over_random = next((look for look in self.others if look.second is Group.RANDOM), None)
        return None if over_random is None else _total(over_random, over_random.n[1])

    @property
    def in_money(self) -> bool:
        """Whether totals are amounts of the experiment's currency."""
        return self.experiment.metric.kind in (MetricKind.REVENUE, MetricKind.ARPU)


def insights(lake: Lake, experiment: Experiment, *, until: date | None = None) -> Insights:
    """Read all looks of an experiment, as they stood on `until` where that is given.

    Of the newest comparison: one that a new version has ended stays in the facts as it was.
    Without any look `primary` is None and the tables are empty.
    """
    looks = read_looks(lake, experiment.id, until=until)
    second = Group(experiment.primary_comparison.value)
    newest = max((look.day for look in looks), default=None)
    today = [look for look in looks if look.day == newest]
    begin = min((first_day_of(look.day, look.day_number) for look in today), default=None)
    history = [look for look in looks if begin and look.day >= begin and _is_primary(look, second)]
    whole = [look for look in today if look.segment == ""]
    return Insights(
        experiment=experiment,
        primary=next((look for look in whole if _is_primary(look, second)), None),
        band=_band(look for look in history if look.shown),
        others=tuple(
            look for look in whole if look.metric == PRIMARY and not _is_primary(look, second)
        ),
        unsubscribes=next(
            (look for look in whole if look.metric == OutcomeMetric.UNSUBSCRIBES.value), None
        ),
        segments=_segments([look for look in today if look.segment]),
    )


def read_looks(lake: Lake, experiment_id: str, *, until: date | None = None) -> list[Look]:
    """Every look row of an experiment in order of day, up to `until`."""
    table = lake.read(LOOKS, experiment_id, until=until)
    if table.num_rows == 0:
        return []
    return [_look(row) for row in table.sort_by("day").to_pylist()]


def looks_table(lake: Lake, experiment_id: str, *, until: date | None = None) -> pa.Table:
    """The look rows as stored, up to `until`."""
    return lake.read(LOOKS, experiment_id, until=until)


def _is_primary(look: Look, second: Group) -> bool:
    return (
        look.metric == PRIMARY
        and look.segment == ""
        and look.first is Group.PERSONALISED
        and look.second is second
    )


def _band(looks: Iterable[Look]) -> pd.DataFrame:
    rows = [(look.day, look.estimate, look.low, look.high, sum(look.n)) for look in looks]
    return pd.DataFrame(rows, columns=["day", "estimate", "low", "high", "n"])


def _segments(looks: list[Look]) -> tuple[SegmentLift, ...]:
    clear = clear_ones([look.p for look in looks])
    found = [
        SegmentLift(segment_of(look.segment).label, look, bool(is_clear) and look.shown)
        for look, is_clear in zip(looks, clear, strict=True)
    ]
    return tuple(found)


def _total(look: Look, people: int) -> Amount | None:
    ends = (look.absolute, look.absolute_low, look.absolute_high)
    if any(end is None or not math.isfinite(end) for end in ends):
        return None
    value, low, high = (people * float(str(end)) for end in ends)
    return Amount(value, low, high)


def _look(row: dict[str, Any]) -> Look:
    first, _, second = row["comparison"].partition("/")
    shown = row["state"] == SHOWN
    return Look(
        day=row["day"],
        day_number=row["day_number"],
        planned_days=row["planned_days"],
        first=Group(first),
        second=Group(second),
        metric=row["metric"],
        segment=row["segment"] or "",
        n=(row["n_a"], row["n_b"]),
        converters=(row["converters_a"], row["converters_b"]),
        means=(row["mean_a"], row["mean_b"]),
        estimate=row["estimate"] if shown else None,
        low=row["low"] if shown else None,
        high=row["high"] if shown else None,
        absolute=row["abs_estimate"] if shown else None,
        absolute_low=row["abs_low"] if shown else None,
        absolute_high=row["abs_high"] if shown else None,
        critical=row["c"],
        gain=row["gain"],
        p=row["p"],
        provable=row["provable"],
        expected_on=row["expected_on"],
        proved_on=row["proved_on"],
        missing_events=row["missing_events"] or 0,
        missing_days=row["missing_days"] or 0,
        missing_people=row["missing_people"] or 0,
        events=row["events"] or 0.0,
        uneven=bool(row["uneven"]),
    )


def true_lift(lake: Lake, experiment_id: str) -> pd.DataFrame | None:
    """The simulator's true lift so far: columns day, lift; None where it is not known."""
    table = lake.read("truth", experiment_id, columns=["day", "lift"])
    if table.num_rows < BAND_MIN or {"day", "lift"} - set(table.column_names):
        return None
    rows: pd.DataFrame = table.sort_by("day").to_pandas()
    return rows
