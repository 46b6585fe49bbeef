"""Answers that do not show themselves: what Braze sends may name people and must not reach a log.

Reporters of errors print the local variables of every function an error came through. What an
answer holds would be among them, so its objects and lists say how many they hold and not what.
"""

from __future__ import annotations

from typing import Any

from services.errors import ConsoleError

DEEPEST = 100  # levels; Braze's answers have ten


class Fields(dict[str, Any]):
    """A JSON object of an answer."""

    def __repr__(self) -> str:
        return f"<{len(self)} fields>"


class Entries(list[Any]):
    """A JSON list of an answer."""

    def __repr__(self) -> str:
        return f"<{len(self)} entries>"


def opaque(value: Any, *, deepest: int = DEEPEST) -> Any:
    """The same JSON value, whose objects and lists do not show themselves.

    Raises ValueError for one that is nested deeper than `deepest` levels.
    """
    if not isinstance(value, dict | list):
        return value
    if not deepest:
        raise ValueError("nested too deeply")
    if isinstance(value, dict):
        return Fields((n, opaque(inner, deepest=deepest - 1)) for n, inner in value.items())
    return Entries(opaque(inner, deepest=deepest - 1) for inner in value)


def bare(problem: ConsoleError) -> ConsoleError:
    """The error without the functions it came through, whose variables hold bytes of an answer."""
    problem.__traceback__ = None
    problem.__context__ = None
    return problem
