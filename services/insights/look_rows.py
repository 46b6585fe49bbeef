"""The table of looks: its columns, how one row is made, and what earlier rows say."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from services.insights.lift import Lift, Moments, Readiness

SHOWN, NOT_YET = "shown", "not_yet"

_NUMBERS = (
    *("mean_a", "mean_b", "var_a", "var_b", "third_a", "third_b", "theta", "gain", "r", "c", "p"),
    *("estimate", "low", "high", "abs_estimate", "abs_low", "abs_high", "score", "provable"),
    *("events", "error"),
)
_COUNTS = (
    *("day_number", "planned_days", "n_a", "n_b", "converters_a", "converters_b"),
    *("missing_events", "missing_days", "missing_people"),
)

# A missing number (null) is one that may not be shown yet; an end that was not found is ±inf.
LOOKS = pa.schema(
    [
        ("day", pa.date32()),
        ("comparison", pa.string()),
        ("metric", pa.string()),
        ("segment", pa.string()),
        *((name, pa.int64()) for name in _COUNTS),
        *((name, pa.float64()) for name in _NUMBERS),
        ("uneven", pa.bool_()),
        ("expected_on", pa.date32()),
        ("proved_on", pa.date32()),
        ("verdict", pa.string()),
        ("state", pa.string()),
    ]
)


@dataclass(frozen=True)
class Earlier:
    """What the earlier looks of one comparison, metric and segment leave behind."""

    correlations: tuple[float, ...] = ()
    p: float = 1.0
    proved_on: date | None = None
    errors: tuple[float | None, ...] = ()

    def error_at_half(self, n_looks: int) -> float | None:
        """Relative standard error when half of `n_looks` had been taken; None before there is."""
        half = n_looks // 2 - 1
        return self.errors[half] if 0 <= half < len(self.errors) else None


class Past:
    """Earlier looks by (comparison, metric, segment), in order of day."""

    def __init__(self, looks: pa.Table) -> None:
        self._found: dict[tuple[str, str, str], Earlier] = {}
        if looks.num_rows == 0:
            return
        columns = ["comparison", "metric", "segment", "r", "p", "proved_on", "error"]
        for row in looks.sort_by("day").select(columns).to_pylist():
            key = (row["comparison"], row["metric"], row["segment"])
            before = self._found.get(key, Earlier())
            self._found[key] = Earlier(
                (*before.correlations, row["r"]),
                row["p"],
                row["proved_on"] or before.proved_on,
                (*before.errors, row["error"]),
            )

    def of(self, comparison: str, metric: str, segment: str) -> Earlier:
        """Nothing yet: no correlations, p 1."""
        return self._found.get((comparison, metric, segment), Earlier())


def look_row(
    *,
    day: date,
    day_number: int,
    planned_days: int,
    comparison: str,
    metric: str,
    segment: str,
    a: Moments,
    b: Moments,
    theta: float,
    gain: float,
    r: float,
    c: float,
    p: float,
    readiness: Readiness,
    lift: Lift | None,
    proved_on: date | None,
    error: float,
    provable: float,
    uneven: bool,
) -> dict[str, object]:
    """One row of LOOKS. Without a lift the row says what is missing and shows no number."""
    return {
        "day": day,
        "comparison": comparison,
        "metric": metric,
        "segment": segment,
        "day_number": day_number,
        "planned_days": planned_days,
        "n_a": a.n,
        "n_b": b.n,
        "converters_a": a.n_active,
        "converters_b": b.n_active,
        "missing_events": readiness.missing_events,
        "missing_days": readiness.missing_days,
        "missing_people": readiness.missing_people,
        "mean_a": _number(a.mean),
        "mean_b": _number(b.mean),
        "var_a": _number(a.variance),
        "var_b": _number(b.variance),
        "third_a": _number(a.third),
        "third_b": _number(b.third),
        "theta": theta,
        "gain": gain,
        "r": r,
        "c": c,
        "p": p,
        "estimate": None if lift is None else _number(lift.estimate),
        "low": None if lift is None else lift.low,
        "high": None if lift is None else lift.high,
        "abs_estimate": None if lift is None else lift.difference,
        "abs_low": None if lift is None else lift.difference_low,
        "abs_high": None if lift is None else lift.difference_high,
        "score": None if lift is None else lift.score,
        "error": None if math.isinf(error) else error,
        "provable": None if math.isinf(provable) else provable,
        "events": readiness.events,
        "uneven": uneven,
        "expected_on": readiness.expected_on,
        "proved_on": proved_on,
        "verdict": None if lift is None else lift.direction.value,
        "state": NOT_YET if lift is None else SHOWN,
    }


def _number(value: object) -> float | None:
    number = float(value)  # type: ignore[arg-type]
    return None if math.isnan(number) else number
