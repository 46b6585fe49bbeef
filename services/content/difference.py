"""What changed between the content that was approved and the one that stands now."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

CONTEXT_LINES = 1
MAX_LINE_LENGTH = 160  # a line of a minified email is cut here; the mark stays
MAX_LINES = 400
# An email's HTML often is one line: it is compared tag by tag.
_BETWEEN_TAGS = re.compile(r">\s*<")


@dataclass(frozen=True)
class Change:
    """One field that differs: `field` as in Braze's details, and its lines.

    lines  each with "+" (now), "-" (approved) or " " (both) in front, cut to MAX_LINE_LENGTH
    """

    field: str
    lines: tuple[str, ...]


def differences(approved: Mapping[str, Any], now: Mapping[str, Any]) -> list[Change]:
    """Fields that differ, in alphabetical order. Null and absent are the same, as in the digest."""
    before, after = dict(_fields(approved)), dict(_fields(now))
    found = []
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name, ""), after.get(name, "")
        if old != new:
            found.append(Change(_spoken(name), tuple(_lines(old, new))))
    return found


def _fields(
    content: Mapping[str, Any], at: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], str]]:
    for name, value in content.items():
        here = (*at, str(name))
        if isinstance(value, Mapping):
            yield from _fields(value, here)
        elif isinstance(value, str):
            yield here, value
        elif value is not None:
            yield here, json.dumps(value, ensure_ascii=False, sort_keys=True)


def _spoken(name: tuple[str, ...]) -> str:
    """The field without the ids of the message or step it belongs to."""
    return name[-1]


def _lines(old: str, new: str) -> Iterator[str]:
    before, after = (_BETWEEN_TAGS.sub(">\n<", text).splitlines() for text in (old, new))
    shown = difflib.unified_diff(before, after, n=CONTEXT_LINES, lineterm="")
    for n, line in enumerate(list(shown)[2:]):  # the first two name files
        if n >= MAX_LINES:
            yield " …"
            return
        if line.startswith("@@"):
            if n:
                yield " …"
            continue
        yield line if len(line) <= MAX_LINE_LENGTH else line[:MAX_LINE_LENGTH] + "…"
