"""Nouns of Braze, as its answers give them. Every documented field may be absent; new ones are
ignored.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from services.braze.opaque import bare
from services.errors import BrazeBroken
from services.messages import msg

JSON_SCALAR = (str, int, float, bool)


def _text(value: object) -> str:
    """Names can be null, and ids are sometimes numbers."""
    if value is None:
        return ""
    return str(value) if isinstance(value, JSON_SCALAR) else ""


def _texts(value: object) -> tuple[str, ...]:
    """Lists of tags can hold nulls, and can be null themselves."""
    if not isinstance(value, list | tuple):
        return ()
    return tuple(v for v in value if isinstance(v, str))


def _flag(value: object) -> bool:
    return value is True


def _objects(value: object) -> dict[str, dict[str, Any]]:
    if not isinstance(value, dict):
        return {}
    return {k: v for k, v in value.items() if isinstance(v, dict)}


def _rows(value: object) -> tuple[dict[str, Any], ...]:
    if not isinstance(value, list | tuple):
        return ()
    return tuple(v for v in value if isinstance(v, dict))


def _listed(value: object) -> object:
    """A list can be null; what stands in it is looked at by its own kind."""
    return () if value is None else value


Text = Annotated[str, BeforeValidator(_text)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Objects = Annotated[dict[str, dict[str, Any]], BeforeValidator(_objects)]
Rows = Annotated[tuple[dict[str, Any], ...], BeforeValidator(_rows)]
Absent = BeforeValidator(_listed)
Id = Annotated[str, Field(min_length=1, max_length=120)]


class Answer(BaseModel):
    """Part of an answer. Times stay as Braze wrote them; it writes them in three ways."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class Segment(Answer):
    """One line of the list of segments. Sizes exist only where analytics tracking is on."""

    id: Id
    name: Text = ""
    analytics_tracking_enabled: Flag = False
    tags: Texts = ()


class SegmentDetails(Answer):
    """`description` is made by Braze from the filters, `text_description` is what people wrote."""

    name: Text = ""
    description: Text = ""
    text_description: Text = ""
    created_at: Text = ""
    updated_at: Text = ""
    tags: Texts = ()
    teams: Texts = ()


class SegmentDay(Answer):
    """Estimated number of people in a segment on one day."""

    day: date = Field(alias="time")
    size: int = Field(ge=0)


class Campaign(Answer):
    """One line of the list of campaigns. `is_api_campaign` is false for API-triggered ones."""

    id: Id
    name: Text = ""
    is_api_campaign: Flag = False
    tags: Texts = ()
    last_edited: Text = ""


class Details(Answer):
    """What details of campaigns and of Canvases have in common."""

    name: Text = ""
    description: Text = ""
    archived: Flag = False
    draft: Flag = False
    enabled: Flag = False
    has_post_launch_draft: Flag = False
    schedule_type: Text = ""
    channels: Texts = ()
    created_at: Text = ""
    updated_at: Text = ""
    tags: Texts = ()
    teams: Texts = ()

    @property
    def live(self) -> bool:
        """Whether a trigger reaches anybody."""
        return self.enabled and not self.archived and not self.draft


class CampaignDetails(Details):
    """`messages`: message variation id → message; a Braze control group has `type: control`."""

    first_sent: Text = ""
    last_sent: Text = ""
    messages: Objects = {}
    conversion_behaviors: Rows = ()

    @property
    def variations(self) -> dict[str, dict[str, Any]]:
        """Message variations with content, without Braze's own control group."""
        return {k: m for k, m in self.messages.items() if m.get("type") != "control"}

    @property
    def has_control_group(self) -> bool:
        """Whether Braze holds people back itself, which an experiment does not allow."""
        return len(self.variations) < len(self.messages)


class Canvas(Answer):
    """One line of the list of Canvases."""

    id: Id
    name: Text = ""
    tags: Texts = ()
    last_edited: Text = ""


class CanvasStep(Answer):
    """One step. Follow `next_paths`: `next_step_ids` of message steps can be empty."""

    id: Text = ""
    name: Text = ""
    type: Text = ""
    channels: Texts = ()
    messages: Objects = {}
    next_step_ids: Texts = ()
    next_paths: Rows = ()


class CanvasVariant(Answer):
    """One branch people enter by."""

    id: Text = ""
    name: Text = ""
    first_step_ids: Texts = ()


class CanvasDetails(Details):
    """Branches and steps of a Canvas, with the messages of each step."""

    first_entry: Text = ""
    last_entry: Text = ""
    variants: Annotated[tuple[CanvasVariant, ...], Absent] = ()
    steps: Annotated[tuple[CanvasStep, ...], Absent] = ()


class Template(Answer):
    """One line of the list of email templates."""

    id: Id = Field(alias="email_template_id")
    name: Text = Field(default="", alias="template_name")
    created_at: Text = ""
    updated_at: Text = ""
    tags: Texts = ()


class TemplateInfo(Template):
    """An email template with its content."""

    id: Text = Field(default="", alias="email_template_id")
    description: Text = ""
    subject: Text = ""
    preheader: Text = ""
    body: Text = ""
    plaintext_body: Text = ""
    should_inline_css: Flag = False


class SendId(Answer):
    """What `sends/id/create` answers."""

    id: Id = Field(alias="send_id")


class ScheduleMade(Answer):
    """What making a schedule answers. Without the id it can be neither changed nor taken back."""

    schedule_id: Id
    dispatch_id: Text = ""


A = TypeVar("A", bound=Answer)


def understood(kind: type[A], data: object, endpoint: str) -> A:
    """`data` as a noun. Raises BrazeBroken where an id is missing or a value is of another kind."""
    try:
        return kind.model_validate(data)
    except ValidationError as problem:
        where = ".".join(str(p) for p in problem.errors(include_input=False)[0]["loc"])
        raise BrazeBroken(
            msg(
                "Braze's answer to {endpoint} is not what its documentation says: {field}.",
                endpoint=endpoint,
                field=where,
            ),
            hint=msg("Nothing was changed. If it stays, please report this."),
            endpoint=endpoint,
            status=200,
        ) from None


def listed(kind: type[A], data: dict[str, Any], name: str, endpoint: str) -> list[A]:
    """The list `name` of an answer, each as a noun. Raises BrazeBroken where it is not a list."""
    found = data.get(name)
    if found is None:
        return []
    if not isinstance(found, list):
        found = [None]  # refused below, with the sentence for it
    try:
        return [understood(kind, item, endpoint) for item in found]
    except BrazeBroken as problem:
        raise bare(problem) from None
