"""Which path goes where."""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from services.sandbox.handling import (
    campaigns,
    canvases,
    segments,
    sending,
    templates,
    users,
)
from services.sandbox.handling.exports import ACCESS_DENIED, Exports
from services.sandbox.remembering.workspace import Workspace
from services.sandbox.routing.control import Control
from services.sandbox.routing.faults import Script
from services.sandbox.routing.gate import Gate, Operation
from services.sandbox.routing.keys import Keys
from services.sandbox.routing.rate_limits import Buckets

OPERATIONS = (
    Operation("POST", "/users/export/ids", "users.export.ids", users.export_ids),
    Operation("POST", "/users/export/segment", "users.export.segment", users.export_segment),
    Operation("POST", "/users/track", "users.track", users.track),
    Operation("POST", "/messages/send", "messages.send", sending.send_messages),
    Operation(
        "POST", "/campaigns/trigger/send", "campaigns.trigger.send", sending.trigger_campaign
    ),
    Operation("POST", "/canvas/trigger/send", "canvas.trigger.send", sending.trigger_canvas),
    Operation("GET", "/campaigns/list", "campaigns.list", campaigns.list_campaigns),
    Operation("GET", "/campaigns/details", "campaigns.details", campaigns.campaign_details),
    Operation("GET", "/campaigns/data_series", "campaigns.data_series", campaigns.campaign_series),
    Operation("GET", "/canvas/list", "canvas.list", canvases.list_canvases),
    Operation("GET", "/canvas/details", "canvas.details", canvases.canvas_details),
    Operation("GET", "/canvas/data_series", "canvas.data_series", canvases.canvas_series),
    Operation("GET", "/segments/list", "segments.list", segments.list_segments),
    Operation("GET", "/segments/details", "segments.details", segments.segment_details),
    Operation("GET", "/segments/data_series", "segments.data_series", segments.segment_series),
    Operation(
        "POST", "/templates/email/create", "templates.email.create", templates.create_template
    ),
    Operation(
        "POST", "/templates/email/update", "templates.email.update", templates.update_template
    ),
    Operation("GET", "/templates/email/info", "templates.email.info", templates.template_info),
    Operation("GET", "/templates/email/list", "templates.email.list", templates.list_templates),
)


def application(space: Workspace, keys: Keys, export_delay_s: float) -> Starlette:
    """The sandbox as an ASGI application."""
    exports = Exports(space, export_delay_s)
    faults, buckets = Script(), Buckets()
    gate = Gate(space, exports, keys, faults, buckets)
    control = Control(space, exports, keys, faults, buckets)

    def route(operation: Operation) -> Route:
        async def endpoint(request: Request) -> Response:
            return await gate.pass_through(request, operation)

        return Route(operation.path, endpoint, methods=[operation.method])

    async def download(request: Request) -> Response:
        space.catch_up()
        if "authorization" in request.headers:
            exports.keys_received += 1
        path = exports.fetch(request.path_params["token"])
        if path is None:
            return Response(ACCESS_DENIED, 403, media_type="application/xml")
        return FileResponse(path, media_type="application/zip")

    async def unknown_path(request: Request, _problem: Any) -> Response:
        return await gate.pass_through(request, None)

    app = Starlette(
        routes=[
            *(route(operation) for operation in OPERATIONS),
            Route("/exports/{token}.zip", download),
            *control.routes(),
        ],
        # Braze documents no 405: a wrong method is answered like a wrong path
        exception_handlers={404: unknown_path, 405: unknown_path},
    )
    app.router.redirect_slashes = False  # a trailing slash is another path
    return app
