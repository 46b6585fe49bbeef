"""Which path goes where."""

from __future__ import annotations

from services.sandbox.handling import (
    campaigns,
    canvases,
    segment_exports,
    segments,
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
    Operation("POST", "/export/segment/cancel", "segments.list", segment_exports.cancel_export),
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
