"""POST /campaigns/trigger/schedule/* and /canvas/trigger/schedule/*."""

from __future__ import annotations

from typing import Any

from services.sandbox.handling.calls import Call
from services.sandbox.handling.sending import (
    CAMPAIGN_PROPERTIES,
    CANVAS_PROPERTIES,
    send_body,
    triggered_campaign,
    triggered_canvas,
)
from services.sandbox.remembering.catalogue import Target
from services.sandbox.routing.refusals import refused

FLAGS = ("in_local_time", "at_optimal_time")


def create_campaign_schedule(call: Call) -> dict[str, Any]:
    """POST /campaigns/trigger/schedule/create."""
    return _create(call, triggered_campaign(call), CAMPAIGN_PROPERTIES)


def create_canvas_schedule(call: Call) -> dict[str, Any]:
    """POST /canvas/trigger/schedule/create."""
    return _create(call, triggered_canvas(call), CANVAS_PROPERTIES)


def update_campaign_schedule(call: Call) -> dict[str, Any]:
    """POST /campaigns/trigger/schedule/update: the schedule is replaced as a whole."""
    return _update(call, triggered_campaign(call))


def update_canvas_schedule(call: Call) -> dict[str, Any]:
    """POST /canvas/trigger/schedule/update."""
    return _update(call, triggered_canvas(call))


def delete_campaign_schedule(call: Call) -> dict[str, Any]:
    """POST /campaigns/trigger/schedule/delete."""
    return _delete(call, triggered_campaign(call))


def delete_canvas_schedule(call: Call) -> dict[str, Any]:
    """POST /canvas/trigger/schedule/delete."""
    return _delete(call, triggered_canvas(call))


def _create(call: Call, target: Target, names: tuple[str, ...]) -> dict[str, Any]:
    accepted, errors = send_body(call, target, names)
    dispatch_id = call.space.record("schedule", accepted | {"schedule": _schedule(call)})
    answer: dict[str, Any] = {
        "dispatch_id": dispatch_id,
        "schedule_id": call.space.schedule_id(dispatch_id),
    }
    if errors:
        answer["errors"] = errors
    return {**answer, "message": "success"}


def _update(call: Call, target: Target) -> dict[str, Any]:
    schedule_id = _waiting(call, target)
    change = {"schedule_id": schedule_id, "schedule": _schedule(call)}
    call.space.record("reschedule", change)
    return {"message": "success"}


def _delete(call: Call, target: Target) -> dict[str, Any]:
    call.space.record("unschedule", {"schedule_id": _waiting(call, target)})
    return {"message": "success"}


def _waiting(call: Call, target: Target) -> str:
    wanted = call.body.get("schedule_id")
    if not isinstance(wanted, str) or not wanted:
        raise refused(400, "schedule_id is required")
    if call.space.schedules.find(target.id, wanted) is None:
        raise refused(400, "Invalid schedule_id")
    return wanted


def _schedule(call: Call) -> dict[str, Any]:
    """The schedule of a request. Raises Refused: `Bad Request` where its time is no use."""
    given = call.body.get("schedule")
    if not isinstance(given, dict):
        raise refused(400, "schedule is required")
    if given.get("time") is None:
        raise refused(400, "schedule.time is required")
    schedule: dict[str, Any] = {"time": given["time"]}
    for name in FLAGS:
        value = given.get(name)
        if value is not None and not isinstance(value, bool):
            raise refused(400, f"{name} must be a boolean")
        schedule[name] = value is True
    try:
        parts = call.space.schedules.parts(schedule, call.space.now_s)
    except ValueError as problem:
        raise refused(400, "Bad Request") from problem
    if not parts:
        raise refused(400, "Bad Request")
    return schedule
