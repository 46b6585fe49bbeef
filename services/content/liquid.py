"""Render one piece of a message as Braze would, approximately and without ever calling out.

Templates are foreign text: loops, output, values and nesting are bounded, there is no loader, no
clock and no network, and whatever goes wrong becomes a notice instead of an exception.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from liquid import BoundTemplate, Environment, Mode
from liquid.exceptions import LiquidError, UnknownFilterError

from services.content.conditions import BrazeIf, BrazeUnless
from services.content.dialect import DialectError, translate, with_blocks
from services.content.filters import add_filters
from services.content.outputs import BrazeEcho, BrazeOutput
from services.content.reading import read_notices
from services.content.rendered import (
    Notice,
    Rendered,
    aborted_notice,
    block_notice,
    failure_notice,
    missing_notice,
    skipped_notice,
)
from services.content.scope import Missing, printed_blanks, scope
from services.content.tags import (
    Aborted,
    AbortMessage,
    CatalogItems,
    CatalogSelectionItems,
    ConnectedContent,
    left_out,
)

MAX_SOURCE_LENGTH = 1_000_000  # characters; Braze's own limit on a template is far below
MAX_LOOPS = 10_000
MAX_OUTPUT_BYTES = 2_000_000
MAX_NAMESPACE_BYTES = 200_000
MAX_DEPTH = 20
KEPT_TEMPLATES = 64  # parsed ones: many people see the same few templates
# Braze has Content Blocks instead of the first two; the third came after Liquid 5.
NOT_IN_BRAZE = ("include", "render", "doc")


def render(
    source: str,
    *,
    profile: Mapping[str, Any],
    properties: Mapping[str, Any],
    canvas: bool = False,
    content_blocks: Mapping[str, str] | None = None,
    campaign: Mapping[str, Any] | None = None,
) -> Rendered:
    """Render `source` for one person.

    `profile` is an export object of a person (fields and `custom_attributes`), `properties` what
    the trigger carries: for a campaign `api_trigger_properties`, for a Canvas
    `canvas_entry_properties` and `context`. Nothing is raised: see the notices.
    """
    text, unknown_blocks = with_blocks(source[:MAX_SOURCE_LENGTH], content_blocks or {})
    notices = [block_notice(name) for name in dict.fromkeys(unknown_blocks)]
    notices += _read(text)
    printed: set[str] = set()
    skipped: set[str] = set()
    tokens = printed_blanks.set(printed), left_out.set(skipped)
    try:
        output = _template(text).render(**scope(profile, properties, canvas, campaign or {}))
    except Aborted as stop:
        notices.append(aborted_notice(stop.reason))
        output = ""
    except (DialectError, LiquidError, ArithmeticError, ValueError, TypeError) as problem:
        # Foreign text meets the filters of a library: what they trip over is a fault of the text.
        return Rendered(source, (*notices, failure_notice(problem)))
    except (AttributeError, LookupError, RecursionError, MemoryError) as problem:
        return Rendered(source, (*notices, failure_notice(problem)))
    finally:
        printed_blanks.reset(tokens[0])
        left_out.reset(tokens[1])
    notices += [missing_notice(name) for name in sorted(printed)]
    notices += [skipped_notice(name) for name in sorted(skipped)]
    return Rendered(output, tuple(notices))


class _BrazeEnvironment(Environment):  # type: ignore[misc]
    loop_iteration_limit = MAX_LOOPS
    output_stream_limit = MAX_OUTPUT_BYTES
    local_namespace_limit = MAX_NAMESPACE_BYTES
    context_depth_limit = MAX_DEPTH
    block_nesting_limit = MAX_DEPTH


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = _BrazeEnvironment(tolerance=Mode.STRICT, undefined=Missing, strict_filters=True)
    for tag in (
        *(BrazeIf, BrazeUnless, BrazeOutput, BrazeEcho),
        *(AbortMessage, ConnectedContent, CatalogItems, CatalogSelectionItems),
    ):
        environment.add_tag(tag)
    for foreign in NOT_IN_BRAZE:
        environment.tags.pop(foreign, None)
    add_filters(environment)
    return environment


@lru_cache(maxsize=KEPT_TEMPLATES)
def _template(source: str) -> BoundTemplate:
    """Parsed once. A filter Braze lacks is refused even where nobody reaches it."""
    template = _environment().from_string(translate(source))
    for name in template.analyze(include_partials=False).filters:
        if name not in _environment().filters:
            raise UnknownFilterError(f"unknown filter '{name}'", token=None)
    return template


@lru_cache(maxsize=KEPT_TEMPLATES)
def _read(source: str) -> tuple[Notice, ...]:
    return tuple(read_notices(source))
