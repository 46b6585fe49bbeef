"""Comparisons as Braze makes them: they never fail, and a missing value is blank.

Plain Liquid in Python raises where text is compared with a number, and says that a missing value
is not `blank`; marketers write `{% if ${x} == blank %}` to catch just that.
"""

from __future__ import annotations

from typing import Any

from liquid import RenderContext
from liquid.ast import Node
from liquid.builtin.expressions.logical import (
    ContainsExpression,
    EqExpression,
    GeExpression,
    GtExpression,
    LeExpression,
    LtExpression,
    NeExpression,
)
from liquid.builtin.expressions.primitive import Blank
from liquid.builtin.tags.if_tag import IfTag
from liquid.builtin.tags.unless_tag import UnlessTag
from liquid.exceptions import LiquidTypeError
from liquid.expression import Expression
from liquid.stream import TokenStream
from liquid.undefined import is_undefined

_ORDERS = (LtExpression, LeExpression, GtExpression, GeExpression, ContainsExpression)


class _IsBlank(Expression):  # type: ignore[misc]
    """`value == blank`, or with `wanted` False `value != blank`."""

    def __init__(self, value: Expression, wanted: bool) -> None:
        super().__init__(value.token)
        self.value = value
        self.wanted = wanted

    def evaluate(self, context: RenderContext) -> object:
        value = self.value.evaluate(context)
        empty = isinstance(value, str | list | dict) and not value
        spaces = isinstance(value, str) and value.isspace()
        blank = value is None or value is False or is_undefined(value) or empty or spaces
        return blank == self.wanted

    def children(self) -> list[Expression]:
        return [self.value]


class _Tolerant(Expression):  # type: ignore[misc]
    """A comparison of order that is false where the two sides cannot be compared."""

    def __init__(self, comparison: Expression) -> None:
        super().__init__(comparison.token)
        self.comparison = comparison

    def evaluate(self, context: RenderContext) -> object:
        try:
            return self.comparison.evaluate(context)
        except LiquidTypeError:
            return False

    def children(self) -> list[Expression]:
        return [self.comparison]


class BrazeIf(IfTag):  # type: ignore[misc]
    """`if` with Braze's comparisons."""

    def parse(self, stream: TokenStream) -> Node:
        """Parse as usual, then put the comparisons in."""
        return _mended(super().parse(stream))


class BrazeUnless(UnlessTag):  # type: ignore[misc]
    """`unless` with Braze's comparisons."""

    def parse(self, stream: TokenStream) -> Node:
        """Parse as usual, then put the comparisons in."""
        return _mended(super().parse(stream))


def _mended(node: Any) -> Any:
    conditions = [getattr(node, "condition", None)]
    conditions += [alternative.expression for alternative in getattr(node, "alternatives", ())]
    for condition in conditions:
        if condition is not None:  # an illegal node has none
            condition.expression = _mend(condition.expression)
    return node


def _mend(expression: Any) -> Any:
    if isinstance(expression, EqExpression | NeExpression):
        wanted = isinstance(expression, EqExpression)
        if isinstance(expression.right, Blank):
            return _IsBlank(expression.left, wanted)
        if isinstance(expression.left, Blank):
            return _IsBlank(expression.right, wanted)
        return expression
    if isinstance(expression, _ORDERS):
        return _Tolerant(expression)
    for part in ("left", "right", "expression"):
        if hasattr(expression, part):
            setattr(expression, part, _mend(getattr(expression, part)))
    return expression
