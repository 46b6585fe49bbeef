"""POST /users/export/global_control_group: everybody no campaign may reach."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from services.sandbox.handling.calls import Call
from services.sandbox.handling.segment_exports import accepted
from services.sandbox.world.hashing import uuid_of

NOT_OFFERED = frozenset({"push_subscribe", "email_subscribe", "push_tokens"})  # Braze docs


def export_control_group(call: Call) -> dict[str, Any]:
    """POST /users/export/global_control_group: as for a segment, without single attributes.

    A world has no such group until /_sandbox/plan sets one up; then the file is empty.
    """
    space, fields = call.space, call.body.get("fields_to_export")
    if isinstance(fields, list):
        offered = [str(name) for name in fields if str(name) not in NOT_OFFERED]
        call = replace(call, body={**call.body, "fields_to_export": offered})
    group = uuid_of(space.world.key, space.seed, "global control group")
    return accepted(call, group, space.people.held_back(space.now_s), [])
