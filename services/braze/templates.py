"""Email templates: find, read, make, change. Braze docs: "Template endpoints".

Only templates of the HTML editor: those made by drag and drop are neither listed nor readable.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from services.braze.client import BrazeClient
from services.braze.model import Template, TemplateInfo, listed, understood
from services.errors import BrazeBroken
from services.messages import msg

PAGE_SIZE = 1_000  # `limit` of one request: Braze docs, "List available email templates"
MAX_PAGES = 100


def list_templates(client: BrazeClient) -> Iterator[Template]:
    """GET /templates/email/list, by offset. Raises BrazeError."""
    path = "/templates/email/list"
    for page in range(MAX_PAGES):
        data = client.get(path, limit=PAGE_SIZE, offset=page * PAGE_SIZE)
        found = listed(Template, data, "templates", path)
        yield from found
        if len(found) < PAGE_SIZE:
            return
    raise BrazeBroken(
        msg("Braze's list {endpoint} does not end.", endpoint=path),
        hint=msg("Nothing was changed. If it stays, please report this."),
        endpoint=path,
        status=200,
    )


def template_info(client: BrazeClient, template_id: str) -> TemplateInfo:
    """GET /templates/email/info. Raises Rejected where there is no such template."""
    path = "/templates/email/info"
    return understood(TemplateInfo, client.get(path, email_template_id=template_id), path)


def create_template(
    client: BrazeClient,
    name: str,
    subject: str,
    body: str,
    *,
    preheader: str | None = None,
    plaintext_body: str | None = None,
    tags: Sequence[str] = (),
) -> str:
    """POST /templates/email/create: once, and the new template's id. Tags must exist in Braze.

    Raises BrazeError; after a doubtful one, look for the name in the list before asking again.
    """
    path = "/templates/email/create"
    wanted = {
        "template_name": name,
        "subject": subject,
        "body": body,
        "preheader": preheader,
        "plaintext_body": plaintext_body,
        "tags": list(tags) or None,
    }
    data = client.write(path, {k: v for k, v in wanted.items() if v is not None})
    return understood(TemplateInfo, data, path).id


def update_template(
    client: BrazeClient,
    template_id: str,
    *,
    name: str | None = None,
    subject: str | None = None,
    body: str | None = None,
    preheader: str | None = None,
    plaintext_body: str | None = None,
) -> None:
    """POST /templates/email/update: change what is given, leave the rest. Raises BrazeError."""
    wanted = {
        "email_template_id": template_id,
        "template_name": name,
        "subject": subject,
        "body": body,
        "preheader": preheader,
        "plaintext_body": plaintext_body,
    }
    client.write("/templates/email/update", {k: v for k, v in wanted.items() if v is not None})
