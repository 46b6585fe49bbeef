"""Paths under /_sandbox/: the clock, the faults and the truth. Real Braze has none of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.sandbox.handling import truth
from services.sandbox.handling.calls import iso
from services.sandbox.handling.exports import Exports
from services.sandbox.handling.world import world_json
from services.sandbox.remembering.tracking import moment_s
from services.sandbox.remembering.workspace import Workspace
from services.sandbox.routing.faults import Script
from services.sandbox.routing.keys import Keys
from services.sandbox.routing.permissions import OF_THE_CONSOLE
from services.sandbox.routing.rate_limits import Buckets, Limit
from services.sandbox.routing.refusals import Refused, refused

RATES = (0, 1)


@dataclass
class Control:
    """Everything the control paths may touch."""

    space: Workspace
    exports: Exports
    keys: Keys
    faults: Script
    buckets: Buckets

    def routes(self) -> list[Route]:
        """The routes under /_sandbox/."""
        table: list[tuple[str, str, Callable[[Request, dict[str, Any]], Any]]] = [
            ("GET", "clock", self._clock),
            ("POST", "clock", self._set_clock),
            ("GET", "world", lambda r, _: world_json(self.space, str(r.base_url).rstrip("/"))),
            ("GET", "outbox", self._outbox),
            ("GET", "truth", self._truth),
            ("POST", "truth/values", lambda _, body: truth.values(self.space, body)),
            ("POST", "truth/duplicates", self._duplicates),
            ("POST", "truth/people", self._people),
            ("GET", "faults", lambda *_: {"faults": [f.as_json() for f in self.faults.faults]}),
            ("POST", "faults", self._set_faults),
            ("GET", "keys", lambda *_: {"keys": self.keys.as_json()}),
            ("POST", "keys", self._make_key),
            ("POST", "limits", self._set_limit),
            ("POST", "exports", self._set_exports),
        ]
        return [
            Route(f"/_sandbox/{path}", _answering(handle, self.space), methods=[method])
            for method, path, handle in table
        ]

    def _clock(self, _request: Request, _body: dict[str, Any]) -> dict[str, Any]:
        return {"now": iso(self.space.now_s), "now_s": self.space.now_s} | {
            "rate": self.space.clock.rate
        }

    def _set_clock(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        """`to` (ISO) or `advance_s` jump forward and simulate; `rate` 0 freezes, 1 runs."""
        to_s = None
        try:
            if "to" in body:
                to_s = moment_s(body["to"])
            elif "advance_s" in body:
                to_s = self.space.now_s + float(body["advance_s"])
        except (TypeError, ValueError) as problem:
            raise refused(400, "to must be an ISO 8601 time") from problem
        if to_s is not None and to_s < self.space.now_s:
            raise refused(400, "the clock moves only forward")
        rate = body.get("rate")
        if rate is not None and rate not in RATES:
            raise refused(400, "rate must be 0 or 1")
        if to_s is not None:
            self.space.jump(to_s)
        if rate is not None:
            self.space.clock.set_rate(float(rate))
        return self._clock(request, body)

    def _outbox(self, request: Request, _body: dict[str, Any]) -> dict[str, Any]:
        try:
            after = max(0, int(request.query_params.get("after", "0")))
            limit = max(1, int(request.query_params.get("limit", "1000")))
        except ValueError as problem:
            raise refused(400, "after and limit must be integers") from problem
        return truth.outbox(self.space, after, limit)

    def _truth(self, request: Request, _body: dict[str, Any]) -> dict[str, Any]:
        answer = truth.summary(self.space, self.exports.keys_received)
        wanted = request.query_params.getlist("external_id")
        return answer | truth.of_people(self.space, wanted) if wanted else answer

    def _duplicates(self, _request: Request, body: dict[str, Any]) -> dict[str, Any]:
        return truth.duplicates(self.space, sent_only=body.get("asked") is not True)

    def _people(self, _request: Request, body: dict[str, Any]) -> dict[str, Any]:
        ids = body.get("external_ids")
        if not isinstance(ids, list):
            raise refused(400, "external_ids must be a list")
        return truth.of_people(self.space, [str(name) for name in ids])

    def _set_faults(self, _request: Request, body: dict[str, Any]) -> dict[str, Any]:
        self.faults.replace(body.get("faults"))
        return {"faults": [f.as_json() for f in self.faults.faults]}

    def _make_key(self, _request: Request, body: dict[str, Any]) -> dict[str, Any]:
        """A key with `permissions`, or with the console's: plus those in `with`, but for those in
        `without`. `addresses` are the callers it works for.
        """
        lists = {name: body.get(name, []) for name in ("with", "without", "addresses")}
        wanted = body.get("permissions", sorted(OF_THE_CONSOLE))
        if not all(isinstance(given, list) for given in (wanted, *lists.values())):
            raise refused(400, "permissions, with, without and addresses must be lists")
        permissions = ({*map(str, wanted)} | {*map(str, lists["with"])}) - {
            *map(str, lists["without"])
        }
        key, grant = self.keys.create(permissions, map(str, lists["addresses"]))
        return {"key": key, **grant.as_json()}

    def _set_limit(self, _request: Request, body: dict[str, Any]) -> dict[str, Any]:
        """Change the allowance of a family of requests: {"family": …, "allowance": n}."""
        held = self.buckets.limits.get(str(body.get("family")))
        if held is None or not isinstance(body.get("allowance"), int):
            raise refused(400, f"family must be one of {', '.join(self.buckets.limits)}")
        self.buckets.limits[str(body["family"])] = Limit(body["allowance"], held.window_s)
        return {name: limit.allowance for name, limit in self.buckets.limits.items()}

    def _set_exports(self, _request: Request, body: dict[str, Any]) -> dict[str, Any]:
        """Change how long an export takes at least: {"delay_s": seconds}."""
        delay_s = body.get("delay_s")
        if not isinstance(delay_s, int | float) or delay_s < 0:
            raise refused(400, "delay_s must be a number of seconds")
        self.exports.delay_s = float(delay_s)
        return {"delay_s": self.exports.delay_s}


def _answering(handle: Callable[[Request, dict[str, Any]], Any], space: Workspace) -> Any:
    async def endpoint(request: Request) -> Response:
        try:
            space.catch_up()
            blob = await request.body()
            try:
                body = orjson.loads(blob) if blob else {}
            except orjson.JSONDecodeError as problem:
                raise refused(400, "the body is not JSON") from problem
            if not isinstance(body, dict):
                raise refused(400, "the body must be a JSON object")
            answer, status = handle(request, body), 200
        except Refused as no:
            answer, status = no.body, no.status
        return Response(orjson.dumps(answer), status, media_type="application/json")

    return endpoint
