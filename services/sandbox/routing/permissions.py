"""Every permission a REST API key can have, and which of them the console uses.

Braze docs, "REST API key permissions". Cancelling a segment export needs `segments.list`.
"""

from __future__ import annotations

# what Anneal calls: its own key holds these and no others
OF_THE_CONSOLE = frozenset(
    {
        "users.export.ids",
        "users.export.segment",
        "users.track",
        "messages.send",
        "campaigns.trigger.send",
        "campaigns.list",
        "campaigns.data_series",
        "campaigns.details",
        "canvas.trigger.send",
        "canvas.list",
        "canvas.data_series",
        "canvas.details",
        "segments.list",
        "segments.data_series",
        "segments.details",
        "templates.email.create",
        "templates.email.update",
        "templates.email.info",
        "templates.email.list",
    }
)
ALL = OF_THE_CONSOLE | {
    "users.delete",
    "users.export.global_control_group",
    "campaigns.trigger.schedule.create",
    "campaigns.trigger.schedule.update",
    "campaigns.trigger.schedule.delete",
    "canvas.data_summary",
    "canvas.trigger.schedule.create",
    "canvas.trigger.schedule.update",
    "canvas.trigger.schedule.delete",
    "sends.id.create",
    "sends.data_series",
    "kpi.new_users.data_series",
    "kpi.dau.data_series",
    "kpi.mau.data_series",
    "kpi.uninstalls.data_series",
}
