"""Which permission each path needs. Source: Braze docs, "API overview", table of permissions."""

from __future__ import annotations

PERMISSIONS = {
    "/users/export/ids": "users.export.ids",
    "/users/export/segment": "users.export.segment",
    "/users/track": "users.track",
    "/users/delete": "users.delete",
    "/messages/send": "messages.send",
    "/campaigns/trigger/send": "campaigns.trigger.send",
    "/campaigns/list": "campaigns.list",
    "/campaigns/data_series": "campaigns.data_series",
    "/campaigns/details": "campaigns.details",
    "/canvas/trigger/send": "canvas.trigger.send",
    "/canvas/list": "canvas.list",
    "/canvas/data_series": "canvas.data_series",
    "/canvas/details": "canvas.details",
    "/segments/list": "segments.list",
    "/segments/data_series": "segments.data_series",
    "/segments/details": "segments.details",
    "/templates/email/create": "templates.email.create",
    "/templates/email/update": "templates.email.update",
    "/templates/email/info": "templates.email.info",
    "/templates/email/list": "templates.email.list",
}
