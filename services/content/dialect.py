"""Braze's way of writing Liquid, put into plain Liquid.

Braze names its values `${name}`, alone or behind a namespace, and lets an output stand inside a
tag: `{% if {{custom_attribute.${plan}}} == 'pro' %}`. Plain Liquid knows neither. Here each value
becomes a look-up by quoted name, so that whatever stands between the braces stays a name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from services.messages import Message, msg

PROFILE = "braze_profile"  # where values without a namespace are looked up
MAX_BLOCK_DEPTH = 2  # a Content Block may hold another; a third level vanishes, as in Braze

_OPENING = re.compile(r"\{\{-?|\{%-?")
_RAW = re.compile(r"\{%-?\s*(raw|comment)\s*-?%\}.*?\{%-?\s*end\1\s*-?%\}", re.DOTALL)
_PIECE = re.compile(
    r"""(?:(?P<space>[A-Za-z_]\w*)\s*\.\s*)?\$\{(?P<name>[^{}]*)\}   # a value
      | (?P<text>"(?:(?!\}\}|%\})[^"])*"|'(?:(?!\}\}|%\})[^'])*')    # a text in quotes
      | (?P<end>-?\}\}|-?%\})
      | (?P<inner>\{\{-?)                                            # an output inside a tag
    """,
    re.VERBOSE,
)
_BLOCK = re.compile(r"\{\{-?\s*content_blocks\.\$\{\s*(?P<name>[^{}]*?)\s*\}[^{}]*-?\}\}")


EXCERPT_LENGTH = 48  # characters of the marketer's own text that a sentence quotes


class DialectError(Exception):
    """Something that Braze's Liquid cannot mean. `what` quotes it as it is written."""

    def __init__(self, what: Message) -> None:
        super().__init__(str(what))
        self.what = what


def translate(source: str) -> str:
    """Plain Liquid with the same meaning. Raises DialectError for what has no end."""
    pieces: list[str] = []
    at = 0
    while True:
        opening = _OPENING.search(source, at)
        if opening is None:
            pieces.append(source[at:])
            return "".join(pieces)
        pieces.append(source[at : opening.start()])
        whole = _RAW.match(source, opening.start())
        if whole is not None:
            pieces.append(whole.group())
            at = whole.end()
            continue
        text, at = _markup(source, opening)
        pieces.append(text)


def with_blocks(source: str, blocks: Mapping[str, str]) -> tuple[str, list[str]]:
    """The source with Content Blocks put in, and the names of those that are not in `blocks`."""
    unknown: list[str] = []

    def put_in(text: str, depth: int) -> str:
        def one(match: re.Match[str]) -> str:
            name = match["name"]
            if name not in blocks:
                unknown.append(name)
                return ""
            return put_in(blocks[name], depth + 1) if depth < MAX_BLOCK_DEPTH else ""

        return _BLOCK.sub(one, text)

    return put_in(source, 0), unknown


def _markup(source: str, opening: re.Match[str]) -> tuple[str, int]:
    """One output or tag from its opening, and where the text after it starts."""
    is_tag = opening.group().startswith("{%")
    pieces = [opening.group()]
    at = opening.end()
    depth = 0  # outputs inside the tag that are still open
    n_values = 0
    while True:
        found = _PIECE.search(source, at)
        if found is None:
            raise _never_closed(source, opening)
        pieces.append(source[at : found.start()])
        at = found.end()
        if found["name"] is not None:
            n_values += 1
            if n_values > 1 and not is_tag:
                raise DialectError(
                    msg(
                        "In “{text}” there are two values in one output. Assign one of them first.",
                        text=_excerpt(source, opening),
                    )
                )
            pieces.append(_look_up(found))
        elif found["text"] is not None:
            pieces.append(found["text"])
        elif found["inner"] is not None:
            if not is_tag:
                raise _never_closed(source, opening)
            depth += 1
            pieces.append(" ")
        elif found["end"].endswith("%}") == is_tag and depth == 0:
            pieces.append(found["end"])
            return "".join(pieces), at
        elif depth and found["end"].endswith("}}"):
            depth -= 1
            pieces.append(" ")
        else:
            raise _never_closed(source, opening)


def _look_up(found: re.Match[str]) -> str:
    name = found["name"].strip()
    quote = '"' if '"' not in name else "'"
    if not name or quote in name or "\\" in name:
        raise DialectError(msg("“{name}” cannot be the name of a value.", name=found.group()))
    return f"{found['space'] or PROFILE}[{quote}{name}{quote}]"


def _never_closed(source: str, opening: re.Match[str]) -> DialectError:
    text = _excerpt(source, opening)
    return DialectError(msg("“{text}” is opened and not closed where it should be.", text=text))


def _excerpt(source: str, opening: re.Match[str]) -> str:
    start = opening.start()
    return source[start : start + EXCERPT_LENGTH].split("\n")[0]
