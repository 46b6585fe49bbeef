"""The body of an answer piece by piece, never more than agreed.

We ask for answers as they are. A server that packs them nevertheless is understood where it does
so once, with gzip; packed several times over, a few bytes can become terabytes before anybody has
counted them.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from services.braze.silence import too_large, unreadable

GZIP = 16 + zlib.MAX_WBITS
PIECE_BYTES = 64 * 1024


def body(raw: Iterable[bytes], encoding: str, endpoint: str, max_bytes: int) -> Iterator[bytes]:
    """Yield what `raw` unpacks to. `encoding` is the header Content-Encoding.

    Raises BrazeBroken for more than `max_bytes`, and for what is packed in another way.
    """
    match encoding.strip().lower():
        case "" | "identity":
            pieces: Iterable[bytes] = raw
        case "gzip" | "x-gzip":
            pieces = _unpacked(raw, endpoint)
        case _:
            raise unreadable(endpoint)
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > max_bytes:
            raise too_large(endpoint, max_bytes)
        yield piece


def _unpacked(raw: Iterable[bytes], endpoint: str) -> Iterator[bytes]:
    packer = zlib.decompressobj(GZIP)
    try:
        for chunk in raw:
            rest = chunk
            while rest and not packer.eof:
                yield packer.decompress(rest, PIECE_BYTES)
                rest = packer.unconsumed_tail
    except zlib.error:
        raise unreadable(endpoint) from None
    if not packer.eof:
        raise unreadable(endpoint)
