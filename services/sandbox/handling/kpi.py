"""GET /kpi/…/data_series: the workspace as a whole, day by day.

Every world has one app, so `app_id` makes no difference.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.sandbox.handling.calls import Call, day, iso_day, whole
from services.sandbox.remembering.series import day_of

MAX_DAYS = 100


def new_users(call: Call) -> dict[str, Any]:
    """GET /kpi/new_users/data_series: profiles made on each day."""
    first, last = _span(call)
    found = call.space.activity.new_people(first, last, call.space.now_s)
    return _answer("new_users", first, last, found.__getitem__)


def daily_active(call: Call) -> dict[str, Any]:
    """GET /kpi/dau/data_series: people with a session on each day."""
    first, last = _watched(call)
    return _answer("dau", first, last, call.space.activity.active)


def monthly_active(call: Call) -> dict[str, Any]:
    """GET /kpi/mau/data_series: people with a session in the 30 days up to each day."""
    first, last = _watched(call)
    return _answer("mau", first, last, call.space.activity.active_in_month)


def uninstalls(call: Call) -> dict[str, Any]:
    """GET /kpi/uninstalls/data_series: people who removed the app on each day."""
    first, last = _watched(call)
    space = call.space
    return _answer("uninstalls", first, last, lambda d: space.activity.uninstalls(d, space.now_s))


def _answer(name: str, first: int, last: int, value: Callable[[int], int]) -> dict[str, Any]:
    data = [{"time": iso_day(d), name: value(d)} for d in range(first, last + 1)]
    return {"data": data, "message": "success"}


def _span(call: Call) -> tuple[int, int]:
    """First and last day asked for; days that have not begun have no numbers."""
    length = whole(call, "length", low=1, high=MAX_DAYS)
    today = day_of(call.space.now_s)
    last = day(call, "ending_at")
    last = today if last is None else last
    return last - length + 1, min(last, today)


def _watched(call: Call) -> tuple[int, int]:
    """As _span, from the day on which the workspace began to count sessions."""
    first, last = _span(call)
    return max(first, call.space.activity.first_day), last
