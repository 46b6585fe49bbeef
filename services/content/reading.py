"""What can be said of a template by reading it, whoever it is rendered for."""

from __future__ import annotations

import re

from services.content.dialect import PROFILE
from services.content.rendered import Notice, NoticeKind
from services.content.scope import NAMESPACES
from services.messages import msg

# Text that shows raw Liquid or is left out is not read.
_QUIET = re.compile(r"\{%-?\s*(raw|comment)\s*-?%\}.*?\{%-?\s*end\1\s*-?%\}", re.DOTALL)
_MARKUP = re.compile(r"\{\{.*?\}\}+|\{%.*?%\}", re.DOTALL)
_NAMED = re.compile(r"(?P<space>[A-Za-z_]\w*)\s*\.\s*\$\{(?P<name>[^{}]*)\}")
# `{{${first_name}}} | default: 'friend'`: the filter comes too late and would be sent as text.
_TOO_LATE = re.compile(r"\s*(?P<filter>\|\s*[a-z_]+\s*:)\s*['\"]")

# Namespaces that carry the trigger's properties, and one used whole, whose names nobody can tell.
_CARRIED = r"(?:api_trigger_properties|canvas_entry_properties|context)"
_PROPERTY = re.compile(_CARRIED + r"\s*\.\s*\$\{\s*(?P<name>[^{}]*?)\s*\}")
_WHOLE = re.compile(_CARRIED + r"(?!\w)(?!\s*\.\s*\$\{)")


def named_properties(source: str) -> frozenset[str] | None:
    """Properties of the trigger that `source` names, each also by the first part of a dotted name.
    None where it names a namespace as a whole, so that any property may matter."""
    if _WHOLE.search(source):
        return None
    names = {found["name"] for found in _PROPERTY.finditer(source)}
    return frozenset(names | {name.split(".")[0] for name in names})


def read_notices(source: str) -> list[Notice]:
    """Namespaces that Braze does not have, and filters that stand outside the braces."""
    text = _QUIET.sub("", source)
    found: dict[str, Notice] = {}
    for markup in _MARKUP.finditer(text):
        for value in _NAMED.finditer(markup.group()):
            if value["space"] in NAMESPACES - {PROFILE}:
                continue
            name = f"{value['space']}.${{{value['name'].strip()}}}"
            found.setdefault(
                name,
                Notice(
                    NoticeKind.UNKNOWN,
                    name,
                    msg("Braze has no value {name}: it is empty for everybody.", name=name),
                ),
            )
        late = _TOO_LATE.match(text, markup.end()) if markup.group().startswith("{{") else None
        if late is not None:
            written = late["filter"]
            found.setdefault(
                written,
                Notice(
                    NoticeKind.UNKNOWN,
                    written,
                    msg("“{text}” stands outside the braces, so it is sent as text.", text=written),
                ),
            )
    return list(found.values())
