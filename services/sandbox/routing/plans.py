"""GET and POST /_sandbox/plan: what the workspace's contract with Braze allows."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.sandbox.remembering.plan import TrackModel
from services.sandbox.remembering.workspace import Workspace
from services.sandbox.routing.refusals import Refused, refused
from services.sandbox.world.people import BUCKETS

FIELDS = ("track", "write_delay_s", "fields_required", "control_group_share")
LONGEST_DELAY_S = 3600
MOST_HELD_SHARE = 0.5


def plan_routes(space: Workspace) -> list[Route]:
    """The two routes of /_sandbox/plan."""

    async def look(_request: Request) -> Response:
        return _json(200, as_json(space))

    async def change(request: Request) -> Response:
        try:
            space.catch_up()
            change_plan(space, orjson.loads(await request.body()))
        except orjson.JSONDecodeError:
            return _json(400, {"message": "the body is not JSON"})
        except Refused as no:
            return _json(no.status, no.body)
        return _json(200, as_json(space))

    path = "/_sandbox/plan"
    return [Route(path, look, methods=["GET"]), Route(path, change, methods=["POST"])]


def as_json(space: Workspace) -> dict[str, Any]:
    """The plan and the share of people in the global control group."""
    return {**space.plan.as_json(), "control_group_share": space.people.held_buckets / BUCKETS}


def change_plan(space: Workspace, body: object) -> None:
    """Take what `body` names; the control group is remembered, the rest lasts until a restart.

    body  {"track"?: a TrackModel, "write_delay_s"?: 0 to 3600, "fields_required"?: bool,
          "control_group_share"?: 0 to 0.5}

    Raises Refused where something cannot be read.
    """
    if not isinstance(body, dict) or not set(body) <= set(FIELDS):
        raise refused(400, f"the body may hold {', '.join(FIELDS)}")
    plan = space.plan
    model = body.get("track", plan.track.value)
    if model not in list(TrackModel):
        raise refused(400, f"track must be one of {', '.join(TrackModel)}")
    required = body.get("fields_required", plan.fields_required)
    if not isinstance(required, bool):
        raise refused(400, "fields_required must be true or false")
    delay_s = _number(body, "write_delay_s", LONGEST_DELAY_S)
    share = _number(body, "control_group_share", MOST_HELD_SHARE)
    plan.track, plan.fields_required = TrackModel(model), required
    if delay_s is not None:
        plan.write_delay_s = delay_s
    if share is not None:
        space.record("control_group", {"buckets": round(share * BUCKETS)})


def _number(body: dict[str, Any], name: str, most: float) -> float | None:
    """A number from 0 to `most`, None where it is not given. Raises Refused."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise refused(400, f"{name} must be between 0 and {most}")
    return float(value)


def _json(status: int, body: dict[str, Any]) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")
