"""Which permission each path needs. Source: Braze docs, "API overview", table of permissions."""

from __future__ import annotations

# The nineteen of the daily work. A key should hold these and no others.
NEEDED = {
    "/users/export/ids": "users.export.ids",
    "/users/export/segment": "users.export.segment",
    "/users/track": "users.track",
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

# All else that a key may hold and that can be tried. Some have a function in this folder, for
# whoever builds on it; the console calls none of them but users/delete, for its test profiles.
OTHERS = {
    "/users/delete": "users.delete",
    "/users/export/global_control_group": "users.export.global_control_group",
    "/campaigns/trigger/schedule/create": "campaigns.trigger.schedule.create",
    "/campaigns/trigger/schedule/update": "campaigns.trigger.schedule.update",
    "/campaigns/trigger/schedule/delete": "campaigns.trigger.schedule.delete",
    "/canvas/trigger/schedule/create": "canvas.trigger.schedule.create",
    "/canvas/trigger/schedule/update": "canvas.trigger.schedule.update",
    "/canvas/trigger/schedule/delete": "canvas.trigger.schedule.delete",
    "/canvas/data_summary": "canvas.data_summary",
    "/sends/id/create": "sends.id.create",
    "/sends/data_series": "sends.data_series",
    "/kpi/new_users/data_series": "kpi.new_users.data_series",
    "/kpi/dau/data_series": "kpi.dau.data_series",
    "/kpi/mau/data_series": "kpi.mau.data_series",
    "/kpi/uninstalls/data_series": "kpi.uninstalls.data_series",
}
PERMISSIONS = {**NEEDED, **OTHERS}
