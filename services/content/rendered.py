"""What became of a template: its text, and what there is to know about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from liquid.exceptions import LiquidError, ResourceLimitError, UnknownFilterError

from services.content.dialect import EXCERPT_LENGTH, PROFILE, DialectError
from services.messages import Message, msg

NOW = ("now", "today")  # what templates call the moment of sending
_LOOK_UP = re.compile(r"""(?P<space>\w+)\[(?P<quote>["'])(?P<name>.*?)(?P=quote)\]""")
_UNEXPECTED = re.compile(r"unexpected '([“”‘’])'")


class NoticeKind(StrEnum):
    """What a notice is about."""

    SYNTAX = "syntax"
    TOO_MUCH = "too_much"
    MISSING = "missing"
    ABORTED = "aborted"
    NOT_FETCHED = "not_fetched"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Notice:
    """Something to know about a rendering. `name` is the property, tag or block it is about."""

    kind: NoticeKind
    name: str
    what: Message


@dataclass(frozen=True)
class Rendered:
    """The text, and what to know about it. Where rendering failed, the text is the source."""

    text: str
    notices: tuple[Notice, ...] = ()

    @property
    def failed(self) -> bool:
        """True where Braze would send nothing because the template is broken."""
        return any(n.kind in (NoticeKind.SYNTAX, NoticeKind.TOO_MUCH) for n in self.notices)

    @property
    def aborted(self) -> bool:
        """True where the template itself stops this person's message."""
        return any(n.kind is NoticeKind.ABORTED for n in self.notices)

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of values that were printed although there is none, in alphabetical order."""
        return tuple(sorted(n.name for n in self.notices if n.kind is NoticeKind.MISSING))


def aborted_notice(reason: str) -> Notice:
    """The template stopped the message itself."""
    return Notice(
        NoticeKind.ABORTED,
        "",
        msg("The template stops this person's message: {reason}", reason=reason),
    )


def missing_notice(name: str) -> Notice:
    """A value was printed and there is none."""
    return Notice(
        NoticeKind.MISSING, name, msg("{name} has no value here, so its place is empty.", name=name)
    )


def skipped_notice(tag: str) -> Notice:
    """A tag was left out that Braze fills in, or the moment of sending."""
    if tag in NOW:
        return Notice(
            NoticeKind.NOT_FETCHED,
            tag,
            msg("“{word}” is the moment of sending, so its place is empty here.", word=tag),
        )
    return Notice(
        NoticeKind.NOT_FETCHED,
        tag,
        msg("{tag} is filled in by Braze at send time. Anneal never fetches it.", tag=tag),
    )


def block_notice(name: str) -> Notice:
    """A Content Block was left out: no endpoint that Anneal may call reads them."""
    return Notice(
        NoticeKind.NOT_FETCHED,
        name,
        msg("The Content Block “{name}” is filled in by Braze.", name=name),
    )


def failure_notice(problem: Exception) -> Notice:
    """The template is broken, or was stopped."""
    if isinstance(problem, ResourceLimitError | RecursionError | MemoryError):
        return Notice(
            NoticeKind.TOO_MUCH, "", msg("The template does too much: it was stopped half-way.")
        )
    if isinstance(problem, UnknownFilterError):
        name = str(problem.message).split("'")[1] if "'" in str(problem.message) else ""
        return Notice(
            NoticeKind.SYNTAX, name, msg("Braze does not know the filter “{name}”.", name=name)
        )
    if isinstance(problem, DialectError):
        return Notice(NoticeKind.SYNTAX, "", problem.what)
    if isinstance(problem, LiquidError):
        return Notice(NoticeKind.SYNTAX, "", _unreadable(problem))
    return Notice(NoticeKind.SYNTAX, "", msg("The Liquid cannot be read: a value does not fit."))


def _unreadable(problem: LiquidError) -> Message:
    """The library's own words, and in ours what marketers most often get wrong."""
    said = str(problem.message)
    curly = _UNEXPECTED.search(said)
    if curly is not None:
        return msg("Liquid needs straight quotes, not “{quote}”.", quote=curly[1])
    if "found '|'" in said:
        return msg("A filter cannot stand in a condition: first assign it, then compare.")
    near = _near(problem)
    if near:
        return msg("The Liquid cannot be read at “{text}”: {problem}.", text=near, problem=said)
    return msg("The Liquid cannot be read: {problem}.", problem=said)


def _near(problem: LiquidError) -> str:
    """The tag the library stumbled over, in Braze's spelling; empty where it does not say."""
    token = problem.token
    if token is None or not token.source:
        return ""
    start = max(token.source.rfind(mark, 0, token.start_index + 2) for mark in ("{{", "{%"))
    line = token.source[start : start + EXCERPT_LENGTH].split("\n")[0] if start >= 0 else ""
    written = _LOOK_UP.sub(lambda found: f"{_space(found)}${{{found['name']}}}", line)
    closed = re.match(r"\{[{%].*?[}%]\}", written)
    return closed.group() if closed else written


def _space(found: re.Match[str]) -> str:
    return "" if found["space"] == PROFILE else f"{found['space']}."
