"""Paths under /_sandbox/: the clock, the faults and the truth. Real Braze has none of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
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
from services.sandbox.routing.maintenance import Maintenance
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
    maintenance: Maintenance

    def routes(self) -> list[Route]:
        """The routes under /_sandbox/."""
        table: list[tuple[str, str, Callable[[Request, dict[str, Any]], Any]]] = [
            ("GET", "clock", self._clock),
            ("POST", "clock", self._set_clock),
            ("GET", "world", lambda r, _: world_json(self.space, str(r.base_url).rstrip("/"))),
            ("GET", "outbox", self._outbox),
            ("GET", "truth", self._truth),
            ("POST", "truth/values", self._values),
            ("POST", "truth/duplicates", self._duplicates),
            ("POST", "truth/people", self._people),
            ("GET", "faults", lambda *_: self.faults.as_json()),
            ("POST", "faults", self._set_faults),
            ("GET", "keys", lambda *_: {"keys": self.keys.as_json()}),
            ("POST", "keys", self._make_key),
            ("GET", "limits", lambda *_: self.buckets.as_json(self.space.clock.window_s())),
            ("POST", "limits", self._set_limit),
            ("GET", "exports", lambda *_: self.exports.as_json()),
            ("POST", "exports", self._set_exports),
        ]
        return [
            Route(f"/_sandbox/{path}", self._answering(handle), methods=[method])
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
        answer |= {
            "sent_by_others": self.space.n_by_others,
            "market_changes": self.space.market.as_json(),
        }
        wanted = request.query_params.getlist("external_id")
        return answer | truth.of_people(self.space, wanted) if wanted else answer

    def _values(self, _request: Request, body: dict[str, Any]) -> dict[str, Any]:
        """As truth.values; `day` (ISO) asks for the market of another day than today."""
        try:
            day = None if body.get("day") is None else date.fromisoformat(str(body["day"]))
        except ValueError as problem:
            raise refused(400, "day must be an ISO 8601 date") from problem
        with self.space.market.seen_on(day):
            return truth.values(self.space, body)

    def _duplicates(self, _request: Request, body: dict[str, Any]) -> dict[str, Any]:
        return truth.duplicates(self.space, sent_only=body.get("asked") is not True)

    def _people(self, _request: Request, body: dict[str, Any]) -> dict[str, Any]:
        ids = body.get("external_ids")
        if not isinstance(ids, list):
            raise refused(400, "external_ids must be a list")
        return truth.of_people(self.space, [str(name) for name in ids])

    def _set_faults(self, _request: Request, body: dict[str, Any]) -> dict[str, Any]:
        self.faults.replace(body.get("faults"))
        self.maintenance.carry_out(over=True)
        return self.faults.as_json()

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
        """Change the limit of a family: {"family": …, "allowance"?: requests, "window_s"?: …}."""
        name = str(body.get("family"))
        held = self.buckets.limits.get(name)
        if held is None:
            raise refused(400, f"family must be one of {', '.join(self.buckets.limits)}")
        allowance = body.get("allowance", held.allowance)
        window_s = body.get("window_s", held.window_s)
        if type(allowance) is not int or type(window_s) is not int or allowance < 0 or window_s < 1:
            raise refused(400, "allowance and window_s must be whole numbers")
        self.buckets.change(name, Limit(allowance, window_s))
        return self.buckets.as_json(self.space.clock.window_s())

    def _set_exports(self, _request: Request, body: dict[str, Any]) -> dict[str, Any]:
        """How exports go: {"delay_s"?: at least, "own_bucket"?: files go there, not to a url}."""
        delay_s = body.get("delay_s", self.exports.delay_s)
        if not isinstance(delay_s, int | float) or not 0 <= delay_s < math.inf:
            raise refused(400, "delay_s must be a number of seconds")
        own_bucket = body.get("own_bucket", self.exports.own_bucket)
        if not isinstance(own_bucket, bool):
            raise refused(400, "own_bucket must be true or false")
        self.exports.delay_s, self.exports.own_bucket = float(delay_s), own_bucket
        return self.exports.as_json()

    def _answering(self, handle: Callable[[Request, dict[str, Any]], Any]) -> Any:
        async def endpoint(request: Request) -> Response:
            try:
                self.maintenance.carry_out()
                self.space.catch_up()
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
