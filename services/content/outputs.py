"""What `{{ … }}` and `{% echo … %}` print.

Braze prints objects as JSON-like text. And a value that is not there is remembered even where a
filter has made an empty text of it, so that no gap goes unnoticed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TextIO

from liquid import RenderContext
from liquid.builtin.expressions import FilteredExpression
from liquid.builtin.output import Output, OutputNode
from liquid.builtin.tags.echo_tag import EchoTag
from liquid.stringify import to_liquid_string
from liquid.undefined import is_undefined


class _Printed(OutputNode):  # type: ignore[misc]
    """An output whose gaps are remembered and whose objects are JSON."""

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        text = printed(self.expression.evaluate(context))
        if not text and isinstance(self.expression, FilteredExpression):
            value = self.expression.left.evaluate(context)
            if is_undefined(value):
                str(value)  # a missing value notes that it was printed
        return buffer.write(text)


class BrazeOutput(Output):  # type: ignore[misc]
    """`{{ … }}` as Braze prints it."""

    node_class = _Printed


class BrazeEcho(EchoTag):  # type: ignore[misc]
    """`{% echo … %}` likewise."""

    node_class = _Printed


def printed(value: Any) -> str:
    """The text of a value: objects as JSON, a list as its entries one after the other."""
    if isinstance(value, list | tuple):
        return "".join(printed(entry) for entry in value)
    if isinstance(value, Mapping) and not is_undefined(value):
        return json.dumps(dict(value), ensure_ascii=False, separators=(",", ":"), default=_plain)
    return str(to_liquid_string(value, autoescape=False))


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else str(value)
