"""Braze's own tags. None of them ever calls out: what would come from elsewhere is left empty."""

from __future__ import annotations

import re
from contextvars import ContextVar
from typing import TextIO

from liquid import RenderContext
from liquid.ast import Node
from liquid.stream import TokenStream
from liquid.tag import Tag
from liquid.token import TOKEN_EXPRESSION, TOKEN_TAG, Token

DEFAULT_REASON = "{% abort_message %} called"  # the text Braze logs where none is given

_SAVED_AS = re.compile(r":save\s+(\w+)")
_REASON = re.compile(r"""\(\s*(?:"([^"]*)"|'([^']*)')\s*\)""")

# What one rendering left out, by tag: filled while a template renders, read when it is done.
left_out: ContextVar[set[str] | None] = ContextVar("left_out", default=None)


class Aborted(Exception):
    """The template stopped this person's message. `reason` is the marketer's own text."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Bare(Node):  # type: ignore[misc]
    """A tag whose expression is Braze's own and not parsed as Liquid."""

    def __init__(self, token: Token, tag: str, expression: str) -> None:
        super().__init__(token)
        self.tag_name = tag
        self.expression = expression
        self.blank = False

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        if self.tag_name == "abort_message":
            reason = _REASON.search(self.expression)
            raise Aborted((reason[1] or reason[2] or "") if reason else DEFAULT_REASON)
        names = left_out.get()
        if names is not None:
            names.add(self.tag_name)
        if self.tag_name == "connected_content":
            saved = _SAVED_AS.search(self.expression)
            if saved is not None:
                context.assign(saved[1], {})
        else:
            context.assign("items", [])
        return 0


class _BareTag(Tag):  # type: ignore[misc]
    block = False

    def parse(self, stream: TokenStream) -> Node:
        """Take the expression as it stands."""
        token = stream.current
        stream.expect(TOKEN_TAG)
        expression = ""
        if stream.peek.kind == TOKEN_EXPRESSION:
            next(stream)
            expression = stream.current.value
        return _Bare(token, self.name, expression)


class AbortMessage(_BareTag):
    """Stops this person's message."""

    name = "abort_message"


class ConnectedContent(_BareTag):
    """Would fetch a web page at send time; here it saves an empty answer."""

    name = "connected_content"


class CatalogItems(_BareTag):
    """Would read items of a Braze catalogue; here the list `items` is empty."""

    name = "catalog_items"


class CatalogSelectionItems(_BareTag):
    """Would read a selection of a Braze catalogue; here the list `items` is empty."""

    name = "catalog_selection_items"
