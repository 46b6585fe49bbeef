"""POST /users/export/ids and /users/track."""

from __future__ import annotations

from typing import Any

import numpy as np

from services.sandbox.handling.calls import Call
from services.sandbox.handling.export_objects import export_objects
from services.sandbox.handling.tracked_objects import problem_of
from services.sandbox.remembering.tracking import row_of_braze_id
from services.sandbox.routing.refusals import refused

MAX_IDS = 50
MAX_TRACKED = 75
ARRAYS = ("attributes", "events", "purchases")


def export_ids(call: Call) -> dict[str, Any]:
    """POST /users/export/ids: whole profiles by id; unknown ids are named, not refused."""
    body, space = call.body, call.space
    ids = _strings(body, "external_ids")
    aliases = body.get("user_aliases") or []
    if len(ids) + len(aliases) > MAX_IDS:
        raise refused(400, "The max number of ids per request was exceeded")
    single = [n for n in ("braze_id", "device_id", "email_address", "phone") if body.get(n)]
    if not ids and not aliases and not single:
        raise refused(400, "external_ids is required")
    if not isinstance(body.get("fields_to_export"), list):
        raise refused(400, "fields_to_export is required")
    rows: dict[int, None] = {}
    unknown: list[str] = []
    for name in ids:
        row = space.people.row_of.get(name)
        if row is None or space.people.created_s[row] > space.now_s:
            unknown.append(name)
        else:
            rows[row] = None
    by_braze_id = row_of_braze_id(space.people, body.get("braze_id"))
    if by_braze_id is not None:
        rows[by_braze_id] = None
    users = export_objects(
        space, np.array(list(rows), dtype=np.int64), _strings(body, "fields_to_export"), []
    )
    answer: dict[str, Any] = {"users": users, "message": "success"}
    if unknown:
        answer["invalid_user_ids"] = unknown
    return answer


def track(call: Call) -> dict[str, Any]:
    """POST /users/track: queue what can be used, name what cannot."""
    given = {name: call.body[name] for name in ARRAYS if isinstance(call.body.get(name), list)}
    if sum(len(items) for items in given.values()) > MAX_TRACKED:
        raise refused(400, "Max Input Length Exceeded")
    errors: list[dict[str, Any]] = []
    usable: dict[str, list[dict[str, Any]]] = {}
    for name, items in given.items():
        usable[name] = []
        for index, item in enumerate(items):
            problem = problem_of(name, item)
            if problem is None:
                usable[name].append(item)
            else:
                errors.append({"type": problem, "input_array": name, "index": index})
    if not any(usable.values()):
        more = {"errors": errors} if errors else {}
        text = "Valid data must be provided in the 'attributes', 'events', or 'purchases' fields."
        raise refused(400, text, **more)
    call.space.record("track", usable)
    answer: dict[str, Any] = {f"{name}_processed": len(items) for name, items in usable.items()}
    if errors:
        answer["errors"] = errors
    return {**answer, "message": "success"}


def _strings(body: dict[str, Any], name: str) -> list[str]:
    values = body.get(name)
    return [str(value) for value in values] if isinstance(values, list) else []
