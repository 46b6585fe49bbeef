"""One harmless call for each permission, and why it is harmless.

Reads. They change nothing, ask for no personal field and keep nothing of the answer:

    campaigns.list, canvas.list, segments.list,
    templates.email.list                          the first page of a list of names
    campaigns.details, canvas.details,
    segments.details, templates.email.info        the first thing on that list, or a made-up id
    campaigns.data_series, canvas.data_series,
    segments.data_series, canvas.data_summary     one day of its counts, long past
    sends.data_series                             the same, of a send that never was
    kpi.new_users.data_series, kpi.dau.data_series,
    kpi.mau.data_series, kpi.uninstalls.data_series
                                                  one day's count of the whole workspace
    users.export.ids                              nobody: an id that no profile has, and of it only
                                                  the id

Writes. The body lacks what the call cannot do without, twice over where more than one thing can
be left out, so that Braze has nothing to carry out even if it were lenient in one of them:

    users.track                                   an empty list: no person, no value
    users.delete                                  no id of any kind: nobody to delete
    users.export.segment                          no segment and no fields: nothing to export
    users.export.global_control_group             an empty list of fields; were it accepted, it
                                                  would be a file of nothing that nobody fetches
    messages.send                                 no people, no message, and not a broadcast
    campaigns.trigger.send, canvas.trigger.send   nobody, not a broadcast, and a campaign or Canvas
                                                  that does not exist
    campaigns.trigger.schedule.create,
    canvas.trigger.schedule.create                the same, and no time
    campaigns.trigger.schedule.update,
    canvas.trigger.schedule.update                a schedule that does not exist, and no time
    campaigns.trigger.schedule.delete,
    canvas.trigger.schedule.delete                a schedule that does not exist
    sends.id.create                               no campaign: no id is used up
    templates.email.create                        no name, no subject, no body
    templates.email.update                        no template and no change

A write is asked once, as every write; a 403 says that the permission is missing, a 400 that the
request got further. Which comes first is not published, so a 400 means "probably".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from services.braze.client import BrazeClient
from services.braze.endpoints import PERMISSIONS
from services.errors import BrazeError, Rejected

NOBODY = "anneal-permission-check"  # an id that nobody has
NOTHING = "00000000-0000-0000-0000-000000000000"  # and one that nothing has
ONE_DAY: Mapping[str, object] = {"length": 1, "ending_at": "2020-01-01T00:00:00Z"}

Probe = Callable[[], bool]  # True: Braze did as asked; False: it refused the values (400, 404)

EMPTY_BODIES: Mapping[str, Mapping[str, object]] = {
    "/users/track": {"attributes": []},
    "/users/delete": {},
    "/users/export/segment": {},
    "/users/export/global_control_group": {"fields_to_export": []},
    "/messages/send": {"broadcast": False, "external_user_ids": [], "messages": {}},
    "/campaigns/trigger/send": {"campaign_id": NOTHING, "broadcast": False, "recipients": []},
    "/canvas/trigger/send": {"canvas_id": NOTHING, "broadcast": False, "recipients": []},
    "/campaigns/trigger/schedule/create": {
        "campaign_id": NOTHING,
        "broadcast": False,
        "recipients": [],
    },
    "/campaigns/trigger/schedule/update": {"campaign_id": NOTHING, "schedule_id": NOTHING},
    "/campaigns/trigger/schedule/delete": {"campaign_id": NOTHING, "schedule_id": NOTHING},
    "/canvas/trigger/schedule/create": {
        "canvas_id": NOTHING,
        "broadcast": False,
        "recipients": [],
    },
    "/canvas/trigger/schedule/update": {"canvas_id": NOTHING, "schedule_id": NOTHING},
    "/canvas/trigger/schedule/delete": {"canvas_id": NOTHING, "schedule_id": NOTHING},
    "/sends/id/create": {},
    "/templates/email/create": {},
    "/templates/email/update": {},
}


def probes(client: BrazeClient) -> dict[str, Probe]:
    """The call of each permission, by name, in an order in which lists come before details.

    A call raises Rejected (403) where the permission is missing, BrazeError where nothing is
    learnt.
    """
    campaign = _Listed(client, "/campaigns/list", "campaigns", "id")
    canvas = _Listed(client, "/canvas/list", "canvases", "id")
    segment = _Listed(client, "/segments/list", "segments", "id")
    template = _Listed(client, "/templates/email/list", "templates", "email_template_id")
    calls: dict[str, Probe] = {
        "/segments/list": segment.listed,
        "/segments/details": lambda: segment.read("/segments/details", "segment_id"),
        "/segments/data_series": lambda: segment.read(
            "/segments/data_series", "segment_id", **ONE_DAY
        ),
        "/campaigns/list": campaign.listed,
        "/campaigns/details": lambda: campaign.read("/campaigns/details", "campaign_id"),
        "/campaigns/data_series": lambda: campaign.read(
            "/campaigns/data_series", "campaign_id", **ONE_DAY
        ),
        "/canvas/list": canvas.listed,
        "/canvas/details": lambda: canvas.read("/canvas/details", "canvas_id"),
        "/canvas/data_series": lambda: canvas.read("/canvas/data_series", "canvas_id", **ONE_DAY),
        "/canvas/data_summary": lambda: canvas.read("/canvas/data_summary", "canvas_id", **ONE_DAY),
        "/templates/email/list": template.listed,
        "/templates/email/info": lambda: template.read(
            "/templates/email/info", "email_template_id"
        ),
        "/sends/data_series": lambda: _got(
            client, "/sends/data_series", campaign_id=NOTHING, send_id=NOBODY, **ONE_DAY
        ),
        "/users/export/ids": lambda: _nobody(client),
    }
    for name in ("new_users", "dau", "mau", "uninstalls"):
        calls[f"/kpi/{name}/data_series"] = _kpi(client, f"/kpi/{name}/data_series")
    for path, body in EMPTY_BODIES.items():
        calls[path] = _write(client, path, body)
    return {PERMISSIONS[path]: call for path, call in calls.items()}


class _Listed:
    """A list, and the first thing on it, whose details can be read."""

    def __init__(self, client: BrazeClient, path: str, name: str, key: str) -> None:
        self._client, self._path, self._name, self._key = client, path, name, key
        self._id: str | None = None

    def listed(self) -> bool:
        found = self._client.get(self._path).get(self._name)
        first = found[0] if isinstance(found, list) and found else {}
        self._id = str(first.get(self._key, NOTHING)) if isinstance(first, dict) else NOTHING
        return True

    def read(self, path: str, parameter: str, **more: object) -> bool:
        if self._id is None:  # the list was not asked, or may not be read
            try:
                self.listed()
            except BrazeError:
                self._id = NOTHING
        return _got(self._client, path, **{parameter: self._id}, **more)


def _kpi(client: BrazeClient, path: str) -> Probe:
    return lambda: _got(client, path, **ONE_DAY)


def _write(client: BrazeClient, path: str, body: Mapping[str, object]) -> Probe:
    def refused() -> bool:
        return _accepted(lambda: client.write(path, body))

    return refused


def _got(client: BrazeClient, path: str, **parameters: object) -> bool:
    return _accepted(lambda: client.get(path, **parameters))


def _nobody(client: BrazeClient) -> bool:
    body = {"external_ids": [NOBODY], "fields_to_export": ["external_id"]}
    return _accepted(lambda: client.read("/users/export/ids", body))


def _accepted(call: Callable[[], dict[str, Any]]) -> bool:
    """Whether Braze did as asked. Raises all that is not about the values."""
    try:
        call()
    except Rejected as refusal:
        if refusal.status != 400:
            raise
        return False
    return True
