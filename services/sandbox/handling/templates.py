"""POST /templates/email/create and /update, GET /templates/email/info and /list."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from services.sandbox.handling.calls import Call, text, whole
from services.sandbox.remembering.moments import moment_s
from services.sandbox.remembering.templates import FIELDS, StoredTemplate
from services.sandbox.routing.refusals import refused
from services.sandbox.world.other_messages import CONTENT_BLOCKS

MAX_LIMIT = 1_000
REQUIRED = {"template_name": "Template name is required"}
REQUIRED |= {"subject": "subject is required", "body": "body is required"}
TEXTS = (*REQUIRED, "preheader", "plaintext_body")
# {{content_blocks.${Name}}}, also with blanks inside and with a filter behind the name
CONTENT_BLOCK = re.compile(r"content_blocks\s*\.\s*\$\{([^}]*)\}")
WRONG_INLINE = "Invalid value for `should_inline_css`. One of `true` or `false` was expected"
WRONG_BLOCK = "Email must have valid Content Block names"


def create_template(call: Call) -> dict[str, Any]:
    """POST /templates/email/create."""
    for name, problem in REQUIRED.items():
        if not isinstance(call.body.get(name), str) or not call.body[name]:
            raise refused(400, problem)
    body = {k: v for k, v in _checked(call).items() if k != "email_template_id"}
    # an update does not look: a block may be made later, and Braze checks only on create
    for name in ("subject", "preheader", "body", "plaintext_body"):
        for block in CONTENT_BLOCK.findall(body.get(name, "")):
            if block.strip() not in CONTENT_BLOCKS:
                raise refused(400, WRONG_BLOCK)
    return {"email_template_id": call.space.record("template", body), "message": "success"}


def update_template(call: Call) -> dict[str, Any]:
    """POST /templates/email/update: fields left out stay."""
    wanted = call.body.get("email_template_id")
    if not isinstance(wanted, str) or wanted not in call.space.templates.by_id:
        raise refused(400, "email_template_id is required")
    body = _checked(call)
    if len(body) < 2:
        raise refused(400, "Nothing to update")
    call.space.record("template", body)
    return {"message": "success"}


def template_info(call: Call) -> dict[str, Any]:
    """GET /templates/email/info."""
    template = call.space.templates.by_id.get(text(call, "email_template_id") or "")
    if template is None:
        raise refused(400, "email_template_id is required")
    return {
        **_summary(template),
        "description": template.description,
        "subject": template.subject,
        "preheader": template.preheader,
        "body": template.body,
        "plaintext_body": template.plaintext,
        "should_inline_css": template.inline_css,
        "message": "success",
    }


def list_templates(call: Call) -> dict[str, Any]:
    """GET /templates/email/list: paged by limit and offset, unlike the other lists."""
    limit = whole(call, "limit", low=1, high=MAX_LIMIT, default=100)
    offset = whole(call, "offset", low=0, high=10**9, default=0)
    after, before = _moment(call, "modified_after"), _moment(call, "modified_before")
    found = [
        _summary(t)
        for t in call.space.templates.by_id.values()
        if (after is None or t.updated_s >= after) and (before is None or t.updated_s <= before)
    ]
    page = found[offset : offset + limit]
    return {"count": len(page), "templates": page, "message": "success"}


def _checked(call: Call) -> dict[str, Any]:
    """The known fields of a body. Raises Refused with Braze's texts."""
    body = call.body
    for name in TEXTS:
        if body.get(name) is not None and not isinstance(body[name], str):
            raise refused(400, REQUIRED.get(name, f"{name} must be a string"))
    if body.get("template_name") == "":
        raise refused(400, REQUIRED["template_name"])
    tags = body.get("tags")
    if tags is not None:
        if not isinstance(tags, list):
            raise refused(400, "Tags must be an array")
        if not all(isinstance(tag, str) for tag in tags):
            raise refused(400, "All tags must be strings")
        if not set(tags) <= call.space.templates.known_tags:
            raise refused(400, "Some tags could not be found")
    inline = body.get("should_inline_css")
    if inline is not None and not isinstance(inline, bool):
        raise refused(400, WRONG_INLINE)
    known = {*FIELDS, "tags", "email_template_id"}
    return {k: v for k, v in body.items() if k in known and v is not None}


def _summary(template: StoredTemplate) -> dict[str, Any]:
    return {
        "email_template_id": template.id,
        "template_name": template.name,
        "created_at": _time(template.created_s),
        "updated_at": _time(template.updated_s),
        "tags": list(template.tags),
    }


def _time(at_s: float) -> str:
    moment = datetime.fromtimestamp(at_s, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _moment(call: Call, name: str) -> float | None:
    given = text(call, name)
    if given is None:
        return None
    try:
        return moment_s(given.replace(" ", "+"))
    except ValueError as problem:
        raise refused(400, "Bad Request") from problem
