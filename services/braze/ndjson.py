"""One JSON object a line, as strictly as JSON is meant: what is read twice differently is
refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from services.errors import DataError
from services.messages import msg

MAX_LINE_BYTES = 1_000_000
MAX_DEPTH = 40  # of nesting; profiles have four levels
BLOCK_BYTES = 4 * 1024 * 1024  # some 3,000 profiles

_BLANK_BEFORE_COLON = re.compile(rb'"\s+:')


def lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Cut chunks into lines without their ends; empty ones are left out.

    Raises DataError for a line longer than `MAX_LINE_BYTES`.
    """
    rest = b""
    for chunk in chunks:
        parts = (rest + chunk).split(b"\n") if rest else chunk.split(b"\n")
        rest = parts.pop()
        for line in parts:
            if len(line) > MAX_LINE_BYTES:
                raise _too_long()
            if line.strip():
                yield line
        if len(rest) > MAX_LINE_BYTES:
            raise _too_long()
    if rest.strip():
        yield rest


def blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Cut chunks into pieces of about `BLOCK_BYTES` that end where a line ends.

    Raises DataError for a line longer than `MAX_LINE_BYTES`, at the latest in the piece it is in.
    """
    held: list[bytes] = []
    size = 0
    for chunk in chunks:
        held.append(chunk)
        size += len(chunk)
        if size < BLOCK_BYTES:
            continue
        whole = b"".join(held)
        cut = whole.rfind(b"\n") + 1
        if len(whole) - cut > MAX_LINE_BYTES:
            raise _too_long()
        if cut:
            yield whole[:cut]
        held, size = [whole[cut:]], len(whole) - cut
    if size:
        yield b"".join(held)


def strict_object(line: bytes) -> dict[str, Any] | None:
    """The JSON object on one line; None where it is not exactly one.

    None too for NaN and Infinity, for a name that stands twice in one object and for nesting
    beyond `MAX_DEPTH`.
    """
    try:
        data = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(data, dict):
        return None
    n_keys, depth = _extent(data)
    if depth > MAX_DEPTH:
        return None
    # Every name ends in `":`. Fewer names kept than such ends seen: perhaps one stood twice.
    # Escapes and blanks make the count inexact; the slow way settles those.
    if n_keys == line.count(b'":') and b'\\":' not in line and not _BLANK_BEFORE_COLON.search(line):
        return data
    return data if _has_unique_names(line) else None


def _extent(data: dict[str, Any]) -> tuple[int, int]:
    """Number of names in all objects, and levels of nesting (never more than one beyond the
    limit).
    """
    n_keys, depth = 0, 0
    level: list[Any] = [data]
    while level and depth <= MAX_DEPTH:
        depth += 1
        below: list[Any] = []
        for item in level:
            if type(item) is dict:
                n_keys += len(item)
                below += [v for v in item.values() if type(v) is dict or type(v) is list]
            else:
                below += [v for v in item if type(v) is dict or type(v) is list]
        level = below
    return n_keys, depth


def _has_unique_names(line: bytes) -> bool:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            raise ValueError("a name stands twice")
        return found

    try:
        json.loads(line, object_pairs_hook=unique)
    except (ValueError, RecursionError):
        return False
    return True


def _too_long() -> DataError:
    return DataError(
        msg("A line of the export is longer than {n} bytes.", n=MAX_LINE_BYTES),
        hint=msg("Nothing of it was kept. Export fewer fields, or ask Braze's support."),
    )
