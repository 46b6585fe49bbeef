"""Read a ZIP nobody vouches for: as a stream of bytes, never to disk, and never more than agreed.

Names of members are ignored. Python's own `zipfile` accepts members that overlap, by which 48 KB
become a gigabyte, so offsets are compared here before anything is read.
"""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from services.errors import DataError
from services.messages import Message, msg

MAX_MEMBERS = 5_000  # 5,000 people each: Braze docs, "Export user profile by segment"
MAX_TOTAL_BYTES = 2 * 1024**3
MAX_RATIO = 200  # of unpacked to packed; lists of profiles reach 10 to 60
RATIO_FREE_BYTES = 1024 * 1024  # tiny members may compress as they like
CHUNK_BYTES = 256 * 1024  # counted after each; smaller ones cost a tenth more time
LOCAL_HEADER_BYTES = 30  # fixed part of the header before each member: ZIP specification 4.3.7
ENCRYPTED = 0x1
NAME_IN_UTF8 = 0x800
BROKEN = (  # what zipfile raises on files that are not as they should be
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    EOFError,
    ValueError,
    OverflowError,
    NotImplementedError,
)
METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
NESTED = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b")


def members(file: IO[bytes]) -> Iterator[Iterator[bytes]]:
    """The content of each member, in chunks of `CHUNK_BYTES`. Read each to its end before the next.

    Raises DataError where the archive is broken, cut off, or built to hurt.
    """
    with _broken_is_refused(), zipfile.ZipFile(file) as archive:
        budget = _Budget()
        for info in _checked(archive):
            yield _content(archive, info, budget)


class _Budget:
    def __init__(self) -> None:
        self.left = MAX_TOTAL_BYTES

    def take(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise _refused(msg("The export file is not used: it unpacks to more than it may."))


def _checked(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    found = archive.infolist()
    if len(found) > MAX_MEMBERS:
        raise _refused(msg("The export file is not used: it has too many files."))
    if sum(i.file_size for i in found) > MAX_TOTAL_BYTES:
        raise _refused(msg("The export file is not used: it unpacks to more than it may."))
    by_place = sorted(found, key=lambda i: i.header_offset)
    ends = [i.header_offset for i in by_place[1:]] + [archive.start_dir]
    for info, end in zip(by_place, ends, strict=True):
        coding = "utf-8" if info.flag_bits & NAME_IN_UTF8 else "cp437"
        head = LOCAL_HEADER_BYTES + len(info.orig_filename.encode(coding))
        if info.header_offset + head + info.compress_size > end:
            raise _refused(msg("The export file is not used: its files overlap."))
        if info.flag_bits & ENCRYPTED or info.compress_type not in METHODS:
            raise _refused(
                msg("The export file is not used: it is encrypted or packed in an unusual way.")
            )
        if stat.S_ISLNK(info.external_attr >> 16):
            raise _refused(msg("The export file is not used: it holds a link."))
        if info.file_size > RATIO_FREE_BYTES and info.file_size > MAX_RATIO * max(
            info.compress_size, 1
        ):
            raise _refused(
                msg("The export file is not used: it unpacks to far more than its size.")
            )
    return [i for i in found if not i.is_dir()]


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: _Budget) -> Iterator[bytes]:
    """Counted while reading: what the directory of the archive says may be a lie."""
    size = 0
    with _broken_is_refused(), archive.open(info) as member:
        while chunk := member.read(CHUNK_BYTES):
            if size == 0 and chunk.startswith(NESTED):
                raise _refused(msg("The export file is not used: it holds another archive."))
            size += len(chunk)
            budget.take(len(chunk))
            if size > RATIO_FREE_BYTES and size > MAX_RATIO * max(info.compress_size, 1):
                raise _refused(
                    msg("The export file is not used: it unpacks to far more than its size.")
                )
            yield chunk


@contextmanager
def _broken_is_refused() -> Iterator[None]:
    try:
        yield
    except BROKEN as bad:
        raise _refused(msg("The export file is not used: it is broken or cut off.")) from bad


def _refused(what: Message) -> DataError:
    return DataError(
        what,
        hint=msg("Nothing of it was kept, and the last complete export still counts. Try again."),
    )
