"""Make a copy of an email template in which texts are replaced by placeholders.

Pure text: the caller sends the result to Braze and tells the marketer where to select it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.errors import ContentError
from services.messages import msg


@dataclass(frozen=True)
class TemplateText:
    """The text of an email template, as `templates/email/create` takes it."""

    name: str
    subject: str
    body: str
    preheader: str = ""
    plaintext_body: str = ""


@dataclass(frozen=True)
class Placeholder:
    """Put the trigger property `property` where `text` stands. `fallback` (usually the text itself)
    is what people see when the property is missing."""

    text: str
    property: str
    fallback: str = ""


def placeholder_tag(property: str, fallback: str = "", *, canvas: bool = False) -> str:
    """The Liquid that prints a trigger property: `{{api_trigger_properties.${offer}}}`.

    Raises ContentError where the name or the fallback cannot stand in Liquid.
    """
    if not property or any(character in property for character in "{}\"'\\\n"):
        raise ContentError(
            msg("“{name}” cannot be the name of a trigger property.", name=property),
            hint=msg("Use letters, digits and underscores."),
        )
    if any(mark in fallback for mark in ("{{", "}}", "{%", "%}")):
        raise ContentError(
            msg("The fallback for “{name}” contains Liquid itself.", name=property),
            hint=msg("Use plain text there."),
        )
    space = "canvas_entry_properties" if canvas else "api_trigger_properties"
    # Liquid texts know no escapes, and a double quote would end the HTML attribute around it.
    default = f" | default: '{fallback.replace(chr(39), '’').replace(chr(34), '”')}'"
    return f"{{{{{space}.${{{property}}}{default if fallback else ''}}}}}"


def with_placeholders(
    base: TemplateText, placeholders: Sequence[Placeholder], *, name: str, canvas: bool = False
) -> TemplateText:
    """A copy of `base` called `name`, with every occurrence of each text replaced.

    Longer texts are replaced first, so that one may contain another. Raises ContentError where a
    text occurs nowhere, because the property would then never be seen.
    """
    parts = [base.subject, base.preheader, base.body, base.plaintext_body]
    marks: dict[str, str] = {}
    ordered = sorted(enumerate(placeholders), key=lambda pair: -len(pair[1].text))
    for number, placeholder in ordered:
        if not placeholder.text or not any(placeholder.text in part for part in parts):
            raise ContentError(
                msg("“{text}” does not occur in the template.", text=placeholder.text),
                hint=msg("Copy the text exactly as it stands there, then try again."),
            )
        # A mark first and the tag at the end: a replaced text must not be searched again.
        mark = f"\x00{number}\x00"
        marks[mark] = placeholder_tag(placeholder.property, placeholder.fallback, canvas=canvas)
        parts = [part.replace(placeholder.text, mark) for part in parts]
    for mark, tag in marks.items():
        parts = [part.replace(mark, tag) for part in parts]
    subject, preheader, body, plaintext_body = parts
    return replace(
        base,
        name=name,
        subject=subject,
        preheader=preheader,
        body=body,
        plaintext_body=plaintext_body,
    )
