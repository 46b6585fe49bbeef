"""POST /users/export/ids and /users/track."""

from __future__ import annotations

from typing import Any

import numpy as np

from services.sandbox.handling.calls import Call
from services.sandbox.handling.export_objects import FIELDS, export_objects
from services.sandbox.handling.tracked_objects import problem_of
from services.sandbox.remembering.identifiers import alias_of, external_id_of
from services.sandbox.routing.refusals import refused

MAX_IDS = 50
ARRAYS = ("attributes", "events", "purchases")
SINGLE = ("braze_id", "device_id", "email_address", "phone")
NOTHING_USABLE = "Valid data must be provided in the 'attributes', 'events', or 'purchases' fields."


def export_ids(call: Call) -> dict[str, Any]:
    """POST /users/export/ids: profiles by any identifier, each once; unknown ids are no error."""
    body, space = call.body, call.space
    ids = [external_id_of(value) for value in _array(body, "external_ids")]
    aliases = [alias_of(value) for value in _array(body, "user_aliases")]
    if len(ids) + len(aliases) > MAX_IDS:
        raise refused(400, "The max number of ids per request was exceeded")
    for name in SINGLE:
        if not isinstance(body.get(name, ""), str):
            raise refused(400, f"{name} must be a string")
    if not ids and not aliases and not any(body.get(name) for name in SINGLE):
        raise refused(400, "external_ids is required")
    if None in ids:
        raise refused(400, "external_ids must be an array of strings")
    if None in aliases:
        raise refused(400, "user_aliases must be an array of alias objects")
    fields = _fields(call)
    rows: dict[int, None] = {}
    unknown: dict[str, None] = {}
    for name in filter(None, ids):
        row = space.directory.of_external_id(name, space.now_s)
        if row is None:
            unknown[name] = None
        else:
            rows[row] = None
    for alias in filter(None, aliases):
        row = space.directory.of_alias(*alias, space.now_s)
        if row is not None:
            rows[row] = None
    rows.update(dict.fromkeys(_by_single(call)))
    users = export_objects(space, np.array(list(rows), dtype=np.int64), fields, [])
    answer: dict[str, Any] = {"users": users, "message": "success"}
    if unknown:
        answer["invalid_user_ids"] = list(unknown)
    return answer


def track(call: Call) -> dict[str, Any]:
    """POST /users/track: queue what can be used, name what cannot."""
    given = {name: call.body[name] for name in ARRAYS if isinstance(call.body.get(name), list)}
    if call.space.plan.too_many([len(items) for items in given.values()]):
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
        raise refused(400, NOTHING_USABLE, **more)
    delay_s = call.space.plan.write_delay_s
    call.space.record("track", {**usable, "delay_s": delay_s} if delay_s else usable)
    answer: dict[str, Any] = {f"{name}_processed": len(items) for name, items in usable.items()}
    if errors:
        answer["errors"] = errors
    return {**answer, "message": "success"}


def _by_single(call: Call) -> list[int]:
    """Rows found by the identifiers that come alone. Several people may share an address."""
    body, directory, now_s = call.body, call.space.directory, call.space.now_s
    found: list[int | None] = []
    if body.get("braze_id"):
        found.append(directory.of_braze_id(body["braze_id"], now_s))
    if body.get("device_id"):
        found.append(directory.of_device(body["device_id"], now_s))
    if body.get("email_address"):
        found += directory.of_email(body["email_address"], now_s)
    if body.get("phone"):
        found += directory.of_phone(body["phone"], now_s)
    return [row for row in found if row is not None]


def _fields(call: Call) -> list[str]:
    """Names to export. Unknown ones are ignored; older customers get everything by default."""
    fields = call.body.get("fields_to_export")
    if fields is None and not call.space.plan.fields_required:
        return sorted(FIELDS)
    if not isinstance(fields, list):
        raise refused(400, "fields_to_export is required")
    return [str(field) for field in fields]


def _array(body: dict[str, Any], name: str) -> list[Any]:
    values = body.get(name, [])
    if not isinstance(values, list):
        raise refused(400, f"{name} must be an array")
    return values
