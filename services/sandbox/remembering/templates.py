"""E-mail templates of the workspace: those it came with and those made through the API."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.resources import files

from services.sandbox.world.model import World


@dataclass(frozen=True)
class StoredTemplate:
    """One e-mail template. Times are virtual epoch seconds."""

    id: str
    name: str
    subject: str
    body: str
    preheader: str
    created_s: float
    updated_s: float
    plaintext: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    inline_css: bool = False


FIELDS = {
    "template_name": "name",
    "subject": "subject",
    "body": "body",
    "preheader": "preheader",
    "plaintext_body": "plaintext",
    "should_inline_css": "inline_css",
}


class Templates:
    """Templates by id, oldest first."""

    def __init__(self, world: World, ids: dict[str, str], created_s: float) -> None:
        specs = {t.key: t for t in world.templates}
        self.by_id = {
            template_id: StoredTemplate(
                id=template_id,
                name=specs[key].name,
                subject=specs[key].subject,
                body=html(specs[key].file),
                preheader=specs[key].preheader,
                created_s=created_s,
                updated_s=created_s,
                tags=specs[key].tags,
            )
            for template_id, key in ids.items()
        }
        self.known_tags = {tag for t in world.templates for tag in t.tags}
        self.known_tags |= {tag for s in world.segments for tag in s.tags}
        self.known_tags |= {tag for c in world.campaigns for tag in c.tags}
        self.known_tags |= {tag for c in world.canvases for tag in c.tags}

    def write(self, template_id: str, body: dict[str, object], at_s: float) -> None:
        """Create a template, or change the fields given of one that exists."""
        held = self.by_id.get(template_id) or StoredTemplate(
            template_id, "", "", "", "", created_s=at_s, updated_s=at_s
        )
        changes: dict[str, object] = {
            field: body[name] for name, field in FIELDS.items() if name in body
        }
        if "tags" in body and isinstance(body["tags"], list):
            changes["tags"] = tuple(str(tag) for tag in body["tags"])
        self.by_id[template_id] = replace(held, updated_s=at_s, **changes)  # type: ignore[arg-type]


def html(file: str) -> str:
    """The HTML of a template that comes with a world."""
    return files("services.sandbox").joinpath("templates", file).read_text(encoding="utf-8")
