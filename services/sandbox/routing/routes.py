"""Which path goes where."""

from __future__ import annotations

from services.sandbox.handling import (
    campaigns,
    canvas_series,
    canvases,
    control_group,
    deleting,
    direct_sends,
    kpi,
    schedules,
    segment_exports,
    segments,
    send_ids,
    sending,
    templates,
    users,
)
from services.sandbox.routing.gate import Operation

OPERATIONS = (
    Operation("POST", "/users/export/ids", "users.export.ids", users.export_ids),
    Operation(
        "POST", "/users/export/segment", "users.export.segment", segment_exports.export_segment
    ),
    Operation(
        "POST",
        "/users/export/global_control_group",
        "users.export.global_control_group",
        control_group.export_control_group,
    ),
    Operation("POST", "/export/segment/cancel", "segments.list", segment_exports.cancel_export),
    Operation("POST", "/users/track", "users.track", users.track),
    Operation("POST", "/users/delete", "users.delete", deleting.delete),
    Operation("GET", "/kpi/new_users/data_series", "kpi.new_users.data_series", kpi.new_users),
    Operation("GET", "/kpi/dau/data_series", "kpi.dau.data_series", kpi.daily_active),
    Operation("GET", "/kpi/mau/data_series", "kpi.mau.data_series", kpi.monthly_active),
    Operation("GET", "/kpi/uninstalls/data_series", "kpi.uninstalls.data_series", kpi.uninstalls),
    Operation("POST", "/messages/send", "messages.send", direct_sends.send_messages),
    Operation(
        "POST", "/campaigns/trigger/send", "campaigns.trigger.send", sending.trigger_campaign
    ),
    Operation("POST", "/canvas/trigger/send", "canvas.trigger.send", sending.trigger_canvas),
    Operation(
        "POST",
        "/campaigns/trigger/schedule/create",
        "campaigns.trigger.schedule.create",
        schedules.create_campaign_schedule,
    ),
    Operation(
        "POST",
        "/campaigns/trigger/schedule/update",
        "campaigns.trigger.schedule.update",
        schedules.update_campaign_schedule,
    ),
    Operation(
        "POST",
        "/campaigns/trigger/schedule/delete",
        "campaigns.trigger.schedule.delete",
        schedules.delete_campaign_schedule,
    ),
    Operation(
        "POST",
        "/canvas/trigger/schedule/create",
        "canvas.trigger.schedule.create",
        schedules.create_canvas_schedule,
    ),
    Operation(
        "POST",
        "/canvas/trigger/schedule/update",
        "canvas.trigger.schedule.update",
        schedules.update_canvas_schedule,
    ),
    Operation(
        "POST",
        "/canvas/trigger/schedule/delete",
        "canvas.trigger.schedule.delete",
        schedules.delete_canvas_schedule,
    ),
    Operation("POST", "/sends/id/create", "sends.id.create", send_ids.create_send_id),
    Operation("GET", "/sends/data_series", "sends.data_series", send_ids.send_series),
    Operation("GET", "/campaigns/list", "campaigns.list", campaigns.list_campaigns),
    Operation("GET", "/campaigns/details", "campaigns.details", campaigns.campaign_details),
    Operation("GET", "/campaigns/data_series", "campaigns.data_series", campaigns.campaign_series),
    Operation("GET", "/canvas/list", "canvas.list", canvases.list_canvases),
    Operation("GET", "/canvas/details", "canvas.details", canvases.canvas_details),
    Operation("GET", "/canvas/data_series", "canvas.data_series", canvas_series.canvas_series),
    Operation("GET", "/canvas/data_summary", "canvas.data_summary", canvas_series.canvas_summary),
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
