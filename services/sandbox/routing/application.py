"""The sandbox as an ASGI application: Braze's paths, the downloads, and /_sandbox/."""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.sandbox.handling.exports import Exports
from services.sandbox.remembering.workspace import Workspace
from services.sandbox.routing.control import Control
from services.sandbox.routing.dates import Dated
from services.sandbox.routing.faults import Script
from services.sandbox.routing.gate import Gate, Operation
from services.sandbox.routing.keys import Keys
from services.sandbox.routing.plans import plan_routes
from services.sandbox.routing.rate_limits import Buckets
from services.sandbox.routing.routes import OPERATIONS
from services.sandbox.routing.spoiling import json_answer


def application(space: Workspace, keys: Keys, export_delay_s: float) -> Starlette:
    """Everything a sandbox answers.

    export_delay_s  real seconds a segment export takes at least
    """
    exports = Exports(space, export_delay_s)
    faults, buckets = Script(), Buckets()
    gate = Gate(space, exports, keys, faults, buckets)
    control = Control(space, exports, keys, faults, buckets, gate.maintenance)

    def route(operation: Operation) -> Route:
        async def endpoint(request: Request) -> Response:
            return await gate.pass_through(request, operation)

        return Route(operation.path, endpoint, methods=[operation.method])

    async def download(request: Request) -> Response:
        return await gate.download(request, request.path_params["token"])

    async def unknown_path(request: Request, _problem: Any) -> Response:
        return await gate.pass_through(request, None)

    async def broken(_request: Request, _problem: Any) -> Response:
        return json_answer(500, {"message": "Internal Server Error"}, {}).response()

    app = Starlette(
        routes=[
            *(route(operation) for operation in OPERATIONS),
            Route("/exports/{token}.zip", download),
            *control.routes(),
            *plan_routes(space),
        ],
        # Braze documents no 405: a wrong method is answered like a wrong path
        exception_handlers={404: unknown_path, 405: unknown_path, 500: broken},
        middleware=[Middleware(Dated)],
    )
    app.router.redirect_slashes = False  # a trailing slash is another path
    return app
