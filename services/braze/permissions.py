"""The permission doctor: what the key may do, each permission tried with a harmless call.

Reads are done. What would send, write or start something is asked with a body that cannot be
carried out: 403 means that the permission is missing; 400 that the request got further, so the
permission is probably there. "Probably", because Braze does not publish in which order it checks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from services.braze.client import BrazeClient
from services.braze.endpoints import PERMISSIONS
from services.errors import BrazeError, NeverConnected, Rejected
from services.messages import Message, msg

NOBODY = "anneal-permission-check"  # an id that nobody has
NOTHING = "00000000-0000-0000-0000-000000000000"  # and one that nothing has


class Result(StrEnum):
    """What a try says about one permission."""

    WORKS = "works"
    PROBABLY = "probably"
    MISSING = "missing"
    EXCESS = "excess"
    NOT_TRIED = "not_tried"


@dataclass(frozen=True)
class PermissionResult:
    """One permission: what came of the try, the step that needs it, and what Braze said."""

    name: str
    result: Result
    step: Message
    detail: Message | None = None


STEPS: dict[str, Message] = {
    "users.export.ids": msg(
        "Settling doubtful messages, and outcomes of people who left the segment"
    ),
    "users.export.segment": msg("Reading the audience every day"),
    "users.track": msg("Writing recommendations to custom attributes"),
    "messages.send": msg("Sending through an API campaign"),
    "campaigns.trigger.send": msg("Sending through a campaign"),
    "campaigns.list": msg("Choosing a campaign"),
    "campaigns.data_series": msg("Braze's own numbers of a campaign in the report"),
    "campaigns.details": msg("Previewing and locking the content of a campaign"),
    "canvas.trigger.send": msg("Sending through a Canvas"),
    "canvas.list": msg("Choosing a Canvas"),
    "canvas.data_series": msg("Braze's own numbers of a Canvas in the report"),
    "canvas.details": msg("Previewing and locking the content of a Canvas"),
    "segments.list": msg("Choosing the audience"),
    "segments.data_series": msg("Size of a segment over time"),
    "segments.details": msg("Showing what a segment is made of"),
    "templates.email.create": msg("Copying a template with placeholders"),
    "templates.email.update": msg("Changing such a copy"),
    "templates.email.info": msg("Previewing an email template"),
    "templates.email.list": msg("Choosing an email template"),
}
EXCESS_ADVICE: dict[str, Message] = {
    "users.delete": msg("Anneal never deletes people. Take this permission off the key."),
}


def check_permissions(
    client: BrazeClient, send_client: BrazeClient | None = None
) -> list[PermissionResult]:
    """Try the nineteen permissions, and those a key should not have.

    `send_client` is the client with the sending key where two keys are used: a permission then
    counts where the key that uses it has it, and each key is asked for what it should not have.

    Raises Rejected where Braze does not know the key, NeverConnected where nothing answers: then
    nothing is known about any permission.
    """
    reads = client
    sends = send_client or client
    segment = _Listed(reads, "/segments/list", "segments", "id")
    campaign = _Listed(reads, "/campaigns/list", "campaigns", "id")
    canvas = _Listed(reads, "/canvas/list", "canvases", "id")
    template = _Listed(reads, "/templates/email/list", "templates", "email_template_id")
    series = {"length": 1, "ending_at": "2020-01-01T00:00:00Z"}
    tries: list[tuple[str, Callable[[], Result]]] = [
        ("/users/export/ids", lambda: _works(_nobody, reads)),
        ("/users/export/segment", lambda: _refused(reads, "/users/export/segment", {})),
        ("/users/track", lambda: _refused(sends, "/users/track", {"attributes": []})),
        ("/messages/send", lambda: _refused(sends, "/messages/send", _no_message())),
        (
            "/campaigns/trigger/send",
            lambda: _refused(sends, "/campaigns/trigger/send", _no_target("campaign_id")),
        ),
        ("/campaigns/list", campaign.listed),
        (
            "/campaigns/data_series",
            lambda: campaign.read("/campaigns/data_series", "campaign_id", **series),
        ),
        ("/campaigns/details", lambda: campaign.read("/campaigns/details", "campaign_id")),
        (
            "/canvas/trigger/send",
            lambda: _refused(sends, "/canvas/trigger/send", _no_target("canvas_id")),
        ),
        ("/canvas/list", canvas.listed),
        ("/canvas/data_series", lambda: canvas.read("/canvas/data_series", "canvas_id", **series)),
        ("/canvas/details", lambda: canvas.read("/canvas/details", "canvas_id")),
        ("/segments/list", segment.listed),
        (
            "/segments/data_series",
            lambda: segment.read("/segments/data_series", "segment_id", **series),
        ),
        ("/segments/details", lambda: segment.read("/segments/details", "segment_id")),
        ("/templates/email/create", lambda: _refused(sends, "/templates/email/create", {})),
        ("/templates/email/update", lambda: _refused(sends, "/templates/email/update", {})),
        (
            "/templates/email/info",
            lambda: template.read("/templates/email/info", "email_template_id"),
        ),
        ("/templates/email/list", template.listed),
    ]
    found = [_tried(PERMISSIONS[path], attempt) for path, attempt in tries]
    for one in {id(c): c for c in (reads, sends)}.values():
        found += _excess(one)
    return list({(r.name, r.result): r for r in found}.values())


class _Listed:
    """A list, and something on it whose details can be read."""

    def __init__(self, client: BrazeClient, path: str, name: str, key: str) -> None:
        self._client, self._path, self._name, self._key = client, path, name, key
        self._id: str | None = None

    def listed(self) -> Result:
        self._first()
        return Result.WORKS

    def read(self, path: str, parameter: str, **more: object) -> Result:
        if self._id is None:
            try:
                self._first()
            except BrazeError:
                self._id = NOTHING
        try:
            self._client.get(path, **{parameter: self._id}, **more)
        except Rejected as refusal:
            if refusal.status not in (400, 404):
                raise
            return Result.PROBABLY
        return Result.WORKS

    def _first(self) -> None:
        found = self._client.get(self._path).get(self._name)
        first = found[0] if isinstance(found, list) and found else {}
        self._id = str(first.get(self._key, NOTHING)) if isinstance(first, dict) else NOTHING


def _tried(name: str, attempt: Callable[[], Result]) -> PermissionResult:
    step = STEPS[name]
    try:
        return PermissionResult(name, attempt(), step)
    except NeverConnected:
        raise
    except Rejected as refusal:
        if refusal.status == 401:
            raise
        missing = refusal.status == 403
        return PermissionResult(
            name, Result.MISSING if missing else Result.NOT_TRIED, step, refusal.what
        )
    except BrazeError as problem:
        return PermissionResult(name, Result.NOT_TRIED, step, problem.what)


def _nobody(client: BrazeClient) -> dict[str, Any]:
    body = {"external_ids": [NOBODY], "fields_to_export": ["external_id"]}
    return client.read("/users/export/ids", body)


def _works(call: Callable[[BrazeClient], object], client: BrazeClient) -> Result:
    call(client)
    return Result.WORKS


def _refused(client: BrazeClient, path: str, body: dict[str, object]) -> Result:
    try:
        client.write(path, body)
    except Rejected as refusal:
        if refusal.status != 400:
            raise
        return Result.PROBABLY
    return Result.WORKS


def _no_target(name: str) -> dict[str, object]:
    """A trigger without a campaign and without people: refused twice over."""
    return {name: NOTHING, "broadcast": False, "recipients": []}


def _no_message() -> dict[str, object]:
    return {"broadcast": False, "external_user_ids": [], "messages": {}}


def _excess(client: BrazeClient) -> list[PermissionResult]:
    """Permissions the key has and should not have. A body without anybody deletes nobody."""
    try:
        _refused(client, "/users/delete", {})
    except BrazeError:
        return []
    name = PERMISSIONS["/users/delete"]
    return [PermissionResult(name, Result.EXCESS, EXCESS_ADVICE[name])]
