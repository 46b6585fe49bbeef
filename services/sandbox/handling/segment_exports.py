"""POST /users/export/segment and /export/segment/cancel."""

from __future__ import annotations

import math
import secrets
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.sandbox.handling.calls import Call
from services.sandbox.handling.exports import Wish
from services.sandbox.routing.refusals import refused
from services.sandbox.world.hashing import uuid_of

MAX_ATTRIBUTES = 500  # Braze docs, "Export user profile by segment"
FORMATS = ("zip", "gzip")


def export_segment(call: Call) -> dict[str, Any]:
    """POST /users/export/segment: accept an export; the address works once it is written."""
    segment_id, segment = _segment(call)
    attributes = _texts(call.body, "custom_attributes_to_export")
    if len(attributes) > MAX_ATTRIBUTES:
        raise refused(400, "The max number of custom attributes per request was exceeded")
    rows = call.space.membership.members(segment, call.space.now_s)
    return accepted(call, segment_id, rows, attributes)


def accepted(
    call: Call, source: str, rows: NDArray[np.int64], attributes: list[str]
) -> dict[str, Any]:
    """Start an export of these people under the id `source` and say where it will be."""
    body = call.body
    if not isinstance(body.get("fields_to_export"), list):
        raise refused(400, "fields_to_export is required")
    form, callback = body.get("output_format", FORMATS[0]), body.get("callback_endpoint")
    if form not in FORMATS:
        raise refused(400, f"output_format must be one of {', '.join(FORMATS)}")
    if callback is not None and not isinstance(callback, str):
        raise refused(400, "callback_endpoint must be a string")
    wish = Wish(
        source,
        rows,
        _texts(body, "fields_to_export"),
        attributes,
        gzip=form == "gzip",
        callback=callback,
    )
    prefix = f"{uuid_of('export', secrets.token_hex(16))}-{math.floor(call.space.now_s)}"
    return {**call.exports.start(wish, prefix, call.base_url), "message": "success"}


def cancel_export(call: Call) -> dict[str, Any]:
    """POST /export/segment/cancel: stop what runs; nothing running is no error."""
    segment_id, _ = _segment(call)
    call.exports.cancel(segment_id)
    return {"message": "success"}


def _segment(call: Call) -> tuple[str, Any]:
    segment_id = call.body.get("segment_id")
    segments = call.space.catalogue.segments
    if not isinstance(segment_id, str) or segment_id not in segments:
        raise refused(400, "segment_id must be a string of the segment api identifier")
    return segment_id, segments[segment_id]


def _texts(body: dict[str, Any], name: str) -> list[str]:
    values = body.get(name, [])
    if not isinstance(values, list):
        raise refused(400, f"{name} must be an array")
    return [str(value) for value in values]
