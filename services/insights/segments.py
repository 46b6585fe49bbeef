"""Who differs from whom: segments as they were at entry, and which of their lifts are clear.

Segments are cut by what was known at entry, never by what people did afterwards, and their limits
are fixed with the first people who entered. Each keeps a sequential p-value, the smallest error
level whose boundary its path has crossed so far; it never rises, so Benjamini-Hochberg on them may
be looked at every day (STATISTICS 7).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from services.experiment.spending import critical_table, critical_values
from services.messages import Message, msg
from services.outcomes.differences import ATTRIBUTE_PREFIX
from services.outcomes.entering import PROFILE_COLUMNS

FALSE_DISCOVERY_SHARE = 0.10  # of the segments called clear, at most this share is luck
LEVELS = tuple(np.geomspace(2e-6, 0.5, 40))  # error levels between which a p-value is read off
MAX_CATEGORIES = 6
MAX_SEGMENTS = 24
MIN_SEGMENT_SHARE = 0.02  # smaller ones would say "not yet" for ever

Booleans = NDArray[np.bool_]


@dataclass(frozen=True)
class Segment:
    """One cut of one attribute: a value, or a range `low <= x < high` (None = open)."""

    attribute: str
    value: str | None = None
    low: float | None = None
    high: float | None = None

    @property
    def key(self) -> str:
        """Stands in the facts; readable, and stable as long as the definition is."""
        if self.value is not None:
            return f"{self.attribute}={self.value}"
        low = "" if self.low is None else f"{self.low:g}"
        high = "" if self.high is None else f"{self.high:g}"
        return f"{self.attribute}:{low}..{high}"

    @property
    def label(self) -> Message:
        """What a person reads."""
        name = self.attribute.replace("_", " ")
        if self.value is not None:
            return msg("{attribute}: {value}", attribute=name, value=self.value)
        if self.low is None:
            return msg("{attribute} under {high}", attribute=name, high=_plain(self.high))
        if self.high is None:
            return msg("{attribute} from {low}", attribute=name, low=_plain(self.low))
        return msg(
            "{attribute} {low} to {high}",
            attribute=name,
            low=_plain(self.low),
            high=_plain(self.high),
        )


def segment_of(key: str) -> Segment:
    """The segment a key of the facts stands for."""
    name, equals, value = key.partition("=")
    if equals:
        return Segment(name, value=value)
    name, _, ends = key.rpartition(":")
    low, _, high = ends.partition("..")
    return Segment(name, low=float(low) if low else None, high=float(high) if high else None)


def define_segments(entries: pa.Table) -> tuple[Segment, ...]:
    """Segments from the people of the first entry day: columns country, language, attr:<name>.

    Words and yes/no: each common value. Numbers: three parts of about equal size, at round limits.
    """
    found: list[Segment] = []
    for column in entries.column_names:
        if column not in PROFILE_COLUMNS and not column.startswith(ATTRIBUTE_PREFIX):
            continue
        name = column.removeprefix(ATTRIBUTE_PREFIX)
        values = entries[column]
        if pa.types.is_floating(values.type) or pa.types.is_integer(values.type):
            found += _ranges(name, values.drop_null().to_numpy().astype(float))
        else:
            found += _categories(name, values)
    return tuple(found[:MAX_SEGMENTS])


def members(segments: Sequence[Segment], entries: pa.Table) -> Booleans:
    """Who is in which segment, bool (n_people, n_segments). Unknown values are in none."""
    inside = np.zeros((entries.num_rows, len(segments)), dtype=bool)
    columns: dict[str, NDArray[np.float64] | NDArray[np.object_]] = {}
    for place, segment in enumerate(segments):
        column = next(
            (
                c
                for c in (ATTRIBUTE_PREFIX + segment.attribute, segment.attribute)
                if c in entries.column_names
            ),
            None,
        )
        if column is None:
            continue
        wants_words = segment.value is not None
        cached = f"{column}/{wants_words}"
        if cached not in columns:
            kind = pa.string() if wants_words else pa.float64()
            columns[cached] = entries[column].cast(kind).to_numpy(zero_copy_only=False)
        values = columns[cached]
        if wants_words:
            inside[:, place] = values == segment.value
        else:
            low = -math.inf if segment.low is None else segment.low
            high = math.inf if segment.high is None else segment.high
            inside[:, place] = (values >= low) & (values < high)
    return inside


def sequential_p(
    score: float, correlations: Sequence[float], planned_days: int, first_day: int, before: float
) -> float:
    """p-value after today's look, never above `before` (1 at the start); 2e-6 is the smallest.

    Above FALSE_DISCOVERY_SHARE it is not read off and `before` stays.

    score         today's statistic at "no difference"
    correlations  r of every look so far, today's last
    """
    reached = abs(score)
    # a p-value above that share can never be called clear: spare the forty levels
    least = critical_values(
        correlations, planned_days, alpha=FALSE_DISCOVERY_SHARE, first_day=first_day
    )
    if reached < least[-1]:
        return before
    critical = critical_table(correlations, planned_days, LEVELS, first_day=first_day)[:, -1]
    # c falls as the level rises: read the level off where c equals the statistic
    level = math.exp(float(np.interp(-reached, -critical, np.log(LEVELS))))
    return min(before, level)


def clear_ones(p_values: Sequence[float], share: float = FALSE_DISCOVERY_SHARE) -> Booleans:
    """Benjamini-Hochberg: which of the family are clear, bool (n,). Give the whole family."""
    p = np.asarray(p_values, dtype=float)
    if len(p) == 0:
        return np.zeros(0, dtype=bool)
    order = np.argsort(p, kind="stable")
    passes = p[order] <= share * np.arange(1, len(p) + 1) / len(p)
    clear = np.zeros(len(p), dtype=bool)
    if passes.any():
        clear[order[: int(np.flatnonzero(passes)[-1]) + 1]] = True
    return clear


def _ranges(name: str, values: NDArray[np.float64]) -> list[Segment]:
    if len(values) == 0 or np.ptp(values) == 0:
        return []
    limits = sorted({_round(float(np.quantile(values, part / 3))) for part in (1, 2)})
    limits = [limit for limit in limits if values.min() < limit <= values.max()]
    ends = [None, *limits, None]
    if len(ends) < 3:
        return []
    return [Segment(name, low=ends[i], high=ends[i + 1]) for i in range(len(ends) - 1)]


def _categories(name: str, values: pa.ChunkedArray) -> list[Segment]:
    words = values.cast(pa.string()).drop_null()
    if len(words) == 0:
        return []
    counts = sorted(
        ((row["counts"], row["values"]) for row in pc.value_counts(words).to_pylist()),
        key=lambda pair: (-pair[0], pair[1]),
    )
    common = [word for n, word in counts if n >= MIN_SEGMENT_SHARE * len(values)]
    if len(counts) < 2:
        return []
    return [Segment(name, value=word) for word in common[:MAX_CATEGORIES]]


def _round(limit: float) -> float:
    """Two significant digits: "under 12", not "under 11.87"."""
    return float(f"{limit:.2g}")


def _plain(number: float | None) -> str:
    return "" if number is None else f"{number:g}"
