"""GET /canvas/data_series and /canvas/data_summary."""

from __future__ import annotations

from typing import Any

from services.sandbox.handling.calls import Call, day, flag, iso_day, text, whole
from services.sandbox.handling.canvases import canvas_of, message_id
from services.sandbox.handling.messages import counters
from services.sandbox.remembering.catalogue import Stream, Target
from services.sandbox.remembering.series import COUNTERS, Series, day_of
from services.sandbox.routing.refusals import refused

MAX_DAYS = 14
Counts = dict[str, int]


def canvas_series(call: Call) -> dict[str, Any]:
    """GET /canvas/data_series: at most 14 days, broken down only where asked."""
    target = canvas_of(call)
    first, length = _span(call)
    windows = _windows(call.space.series, target, first, length)
    stats = [
        {
            "time": iso_day(first + n),
            **_block(call, target, {index: window[n] for index, window in windows.items()}),
        }
        for n in range(length)
    ]
    return {"data": {"name": target.spec.name, "stats": stats}, "message": "success"}


def canvas_summary(call: Call) -> dict[str, Any]:
    """GET /canvas/data_summary: the same, rolled up over the span."""
    target = canvas_of(call)
    first, length = _span(call)
    sums = {
        index: {name: sum(counts[name] for counts in window) for name in COUNTERS}
        for index, window in _windows(call.space.series, target, first, length).items()
    }
    block = _block(call, target, sums)
    for variant in block.get("variant_stats", {}).values():
        del variant["conversions_by_entry_time"]  # not documented for the summary
    return {"data": {"name": target.spec.name, **block}, "message": "success"}


def _span(call: Call) -> tuple[int, int]:
    """First day (since 1970) and number of days of a query. Raises Refused."""
    last = day(call, "ending_at")
    last = day_of(call.space.now_s) if last is None else last
    first = day(call, "starting_at")
    if first is None:
        if text(call, "length") is None:
            raise refused(400, "starting_at or length is required")
        first = last - whole(call, "length", low=1, high=MAX_DAYS) + 1
    length = last - first + 1
    if not 1 <= length <= MAX_DAYS:
        raise refused(400, f"length must be an integer between 1 and {MAX_DAYS}")
    return first, length


def _entered(target: Target) -> list[Stream]:
    return [*target.variants, *([target.control] if target.control is not None else [])]


def _windows(series: Series, target: Target, first: int, length: int) -> dict[int, list[Counts]]:
    """Daily counters by stream of everything a Canvas has."""
    streams = [*_entered(target), *target.streams]
    return {s.index: series.window(s.index, first, length) for s in streams}


def _block(call: Call, target: Target, counts: dict[int, Counts]) -> dict[str, Any]:
    """total_stats, and the breakdowns the query asks for."""
    entered = _entered(target)
    total = {name: sum(counts[s.index][name] for s in entered) for name in COUNTERS}
    block: dict[str, Any] = {"total_stats": _outcomes(total)}
    if flag(call, "include_variant_breakdown"):
        block["variant_stats"] = {
            s.id: {"name": s.name, **_outcomes(counts[s.index])} for s in entered
        }
    if flag(call, "include_step_breakdown"):
        block["step_stats"] = {s.id: _step(s, counts[s.index]) for s in target.streams}
    return block


def _outcomes(counts: Counts) -> dict[str, Any]:
    return {
        "revenue": counts["revenue_cents"] / 100,
        "conversions": counts["conversions"],
        "conversions_by_entry_time": counts["conversions_by_send_time"],
        "entries": counts["entries"],
    }


def _step(step: Stream, counts: Counts) -> dict[str, Any]:
    """Conversions belong to the Canvas as a whole; a step shows its messages."""
    shown = {"variation_name": step.name, "variation_api_id": message_id(step)}
    return {
        "name": step.name,
        "revenue": 0.0,
        "conversions": 0,
        "conversions_by_entry_time": 0,
        "messages": {step.service: [{**shown, **counters(step, counts)}]},
    }
