"""Is a block of lines certainly as JSON is meant? Millions of profiles are asked that in a second.

The answer is either "certainly" or "look closer": whoever asks then reads the block line by line
with `ndjson.strict_object`, which decides. So everything unusual may be called doubtful here, and
nothing that could be read in two ways may be called certain: a name that stands twice, two values
on a line, nesting without end, bytes that are not UTF-8.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba
import numpy as np

from services.braze.ndjson import MAX_LINE_BYTES

F = TypeVar("F", bound=Callable[..., object])

DEEPEST = 16  # levels; profiles have four, and deeper ones are read the careful way
MOST_NAMES = 64  # in one object: names are compared with one another
DOUBTFUL = -1

_NEW_LINE, _QUOTE, _BACKSLASH, _COLON = 10, 34, 92, 58
_OPEN_OBJECT, _CLOSE_OBJECT, _OPEN_LIST, _CLOSE_LIST = 123, 125, 91, 93
_N, _I = 78, 73  # capitals that start no JSON value
_FIRST_PRINTABLE = 32
_FNV_START, _FNV_PRIME = np.uint64(14695981039346656037), np.uint64(1099511628211)


def _compiled(function: F) -> F:
    return cast(F, numba.njit(cache=True, nogil=True)(function))


def certain_lines(block: bytes) -> int | None:
    """How many objects `block` holds, one a line and no empty lines; None where it is doubtful.

    Values are not looked at: whether `01` is a number is the parser's to say.
    """
    if not block.isascii():
        try:
            block.decode()
        except UnicodeDecodeError:
            return None
    found = int(_scan(np.frombuffer(block, np.uint8)))
    return None if found == DOUBTFUL else found


@_compiled
def _scan(text: np.ndarray) -> int:
    """Lines of `text` (uint8), or DOUBTFUL. Names are compared by a 64-bit hash of their bytes:
    equal names have equal hashes, so that none that stands twice is missed.
    """
    names = np.zeros((DEEPEST, MOST_NAMES), np.uint64)
    n_names = np.zeros(DEEPEST, np.int64)
    is_object = np.zeros(DEEPEST, np.bool_)
    depth, n_lines, line_start, i, size = 0, 0, 0, 0, len(text)
    line_done = False
    while i < size:
        c = text[i]
        if c == _QUOTE:
            if depth == 0:
                return DOUBTFUL
            i += 1
            hashed = _FNV_START
            escaped = False
            while i < size and text[i] != _QUOTE:
                c = text[i]
                if c < _FIRST_PRINTABLE:
                    return DOUBTFUL
                if c == _BACKSLASH:
                    escaped = True
                    i += 1
                hashed = (hashed ^ np.uint64(c)) * _FNV_PRIME
                i += 1
            i += 1
            if i < size and text[i] == _COLON:
                if escaped or not is_object[depth - 1] or n_names[depth - 1] == MOST_NAMES:
                    return DOUBTFUL
                for k in range(n_names[depth - 1]):
                    if names[depth - 1, k] == hashed:
                        return DOUBTFUL
                names[depth - 1, n_names[depth - 1]] = hashed
                n_names[depth - 1] += 1
                i += 1
            continue
        if c in (_OPEN_OBJECT, _OPEN_LIST):
            if depth == DEEPEST or (depth == 0 and (line_done or c == _OPEN_LIST)):
                return DOUBTFUL
            is_object[depth] = c == _OPEN_OBJECT
            n_names[depth] = 0
            depth += 1
        elif c in (_CLOSE_OBJECT, _CLOSE_LIST):
            if depth == 0 or is_object[depth - 1] != (c == _CLOSE_OBJECT):
                return DOUBTFUL
            depth -= 1
            if depth == 0:
                line_done = True
        elif c == _NEW_LINE:
            if depth or not line_done or i - line_start > MAX_LINE_BYTES:
                return DOUBTFUL
            line_done = False
            line_start = i + 1
            n_lines += 1
        elif depth == 0 or c in (_COLON, _N, _I):
            # Something beside the object, a blank before a colon, NaN and Infinity.
            return DOUBTFUL
        i += 1
    if depth or size - line_start > MAX_LINE_BYTES:
        return DOUBTFUL
    return n_lines + 1 if line_done else n_lines
