"""Render a text once for all combinations that differ only in what it does not name.

An experiment has hundreds of combinations, but a subject line names one property and a body two or
three: most of what would be rendered has been rendered already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from services.content.liquid import render
from services.content.reading import named_properties
from services.content.rendered import Rendered

KEPT_RENDERINGS = 128  # of at most liquid.MAX_OUTPUT_BYTES; an email has about 0.1 MB


@dataclass(frozen=True)
class _Asked:
    """What the text depends on, compared by how it is written; the values themselves beside it."""

    source: str
    canvas: bool
    written: str
    profile: Mapping[str, Any] = field(compare=False, hash=False)
    properties: Mapping[str, Any] = field(compare=False, hash=False)
    blocks: Mapping[str, str] | None = field(compare=False, hash=False)
    campaign: Mapping[str, Any] | None = field(compare=False, hash=False)


def rendered_once(
    source: str,
    *,
    profile: Mapping[str, Any],
    properties: Mapping[str, Any],
    canvas: bool = False,
    content_blocks: Mapping[str, str] | None = None,
    campaign: Mapping[str, Any] | None = None,
) -> Rendered:
    """As `liquid.render`, and from memory where nothing that the text names has changed."""
    names = None if content_blocks else named_properties(source)
    used = {name: value for name, value in properties.items() if names is None or name in names}
    written = repr((profile, used, content_blocks, campaign))
    return _rendered(_Asked(source, canvas, written, profile, used, content_blocks, campaign))


@lru_cache(maxsize=KEPT_RENDERINGS)
def _rendered(asked: _Asked) -> Rendered:
    return render(
        asked.source,
        profile=asked.profile,
        properties=asked.properties,
        canvas=asked.canvas,
        content_blocks=asked.blocks,
        campaign=asked.campaign,
    )
