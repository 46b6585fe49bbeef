"""Sixty files that call themselves an export and are built to hurt."""

from __future__ import annotations

import io
import json
import stat
import struct
import zipfile
from collections.abc import Callable

GOOD = b"".join(json.dumps({"external_id": f"p{i}"}).encode() + b"\n" for i in range(50))
NAMES = (
    "../../escaped.txt",
    "/tmp/escaped.txt",
    "..\\..\\escaped.txt",
    "C:\\escaped.txt",
    "C:escaped.txt",
    "\\\\host\\share\\escaped.txt",
    "a/../../escaped.txt",
    "./escaped.txt",
    "~/escaped.txt",
    "//escaped.txt",
    "a\0b.txt",
    "\u202egnp.txt",
    "con.txt",
    " ",
    "x" * 60_000,
    "a/" * 5_000 + "b",
    "%2e%2e/escaped.txt",
    "file:///escaped.txt",
    "line\nbreak.txt",
    "$(touch escaped)",
)
LINKS = ("/etc/passwd", "../../escaped", "/dev/zero", ".")
TALL = 400 * 1024 * 1024  # unpacked; larger than the memory that may be used
CENTRAL, LOCAL, END = b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06"


def archives() -> dict[str, Callable[[], bytes]]:
    """Name → maker. Files are made one at a time: some are large."""
    found: dict[str, Callable[[], bytes]] = {}
    for i, name in enumerate(NAMES):
        found[f"name {i}: {name[:20]!r}"] = lambda name=name: packed((name, GOOD))
    for target in LINKS:
        found[f"link to {target}"] = lambda target=target: _special(stat.S_IFLNK, target.encode())
    for kind, mode in (("device", stat.S_IFCHR), ("pipe", stat.S_IFIFO), ("socket", stat.S_IFSOCK)):
        found[kind] = lambda mode=mode: _special(mode, GOOD)
    return found | {
        "bomb of noughts": lambda: packed(("a", bytes(TALL))),
        "bomb of lines": lambda: packed(("a", b"{}\n" * (TALL // 3))),
        "bomb of blanks": lambda: packed(("a", b" " * TALL)),
        "bomb of brackets": lambda: packed(("a", b"[" * TALL)),
        "bomb that lies about its size": lambda: _lying(packed(("a", bytes(30_000_000))), 1_000),
        "bomb in many members": lambda: packed(*((str(i), bytes(900_000)) for i in range(3_000))),
        "line of 400 MB below the ratio": _long_line,
        "zip in zip": lambda: packed(("a.zip", packed(("b", GOOD)))),
        "zip in zip in zip": lambda: packed(("a", packed(("b", packed(("c", bytes(10**7))))))),
        "gzip in zip": lambda: packed(("a.gz", b"\x1f\x8b\x08" + bytes(100))),
        "too many members": lambda: packed(*((str(i), b"{}") for i in range(5_001))),
        "65,000 empty members": lambda: packed(*((str(i), b"") for i in range(65_000))),
        "members that overlap": _overlapping,
        "member over the directory": lambda: _set(packed(("a", GOOD)), CENTRAL, 20, 10**8),
        "encrypted": lambda: _flag(packed(("a", GOOD)), 1),
        "encrypted directory only": lambda: _set(packed(("a", GOOD)), CENTRAL, 8, 1, "<H"),
        "unknown method": lambda: _set(packed(("a", GOOD)), CENTRAL, 10, 99, "<H"),
        "bzip2": lambda: packed(("a", GOOD), method=zipfile.ZIP_BZIP2),
        "lzma": lambda: packed(("a", GOOD), method=zipfile.ZIP_LZMA),
        "wrong checksum": lambda: _set(packed(("a", GOOD)), CENTRAL, 16, 1),
        "declares 4 GB": lambda: _set(packed(("a", GOOD)), CENTRAL, 24, 0xFFFFFFFE),
        "zip64 without its field": lambda: _set(packed(("a", GOOD)), CENTRAL, 24, 0xFFFFFFFF),
        "zip64 that lies": _zip64_lies,
        "starts beyond the end": lambda: _set(packed(("a", GOOD)), CENTRAL, 42, 10**9),
        "starts in itself": lambda: _set(packed(("a", GOOD)), CENTRAL, 42, 5),
        "directory elsewhere": lambda: _set(packed(("a", GOOD)), END, 16, 10**9),
        "more members than there are": lambda: _set(packed(("a", GOOD)), END, 10, 9, "<H"),
        "the same name twice": lambda: packed(("a", GOOD), ("a", GOOD)),
        "name differs inside": lambda: packed(("aa", GOOD)).replace(b"aa", b"bb", 1),
        "not a zip": lambda: b"<html>no</html>",
        "nothing": lambda: b"",
        "only an end": lambda: END + bytes(18),
        "cut in the middle": lambda: packed(("a", GOOD * 50))[:300],
        "cut at the end": lambda: packed(("a", GOOD))[:-5],
        "zip behind a program": lambda: b"MZ" + bytes(5_000) + packed(("a", GOOD)),
        "zip behind a zip": lambda: packed(("a", b"{}\n")) + packed(("b", GOOD)),
        "long comment": lambda: _commented(packed(("a", GOOD))),
        "damaged data": lambda: _damaged(packed(("a", GOOD * 100))),
        "folder with content": lambda: packed(("a/", GOOD)),
        "deep JSON": lambda: packed(("a", b"[" * 900_000 + b"\n" + b'{"a":' * 150_000 + b"\n")),
        "bytes that are no text": lambda: packed(("a", bytes(range(256)) * 1_000)),
        "names that stand twice": lambda: packed(
            ("a", b'{"external_id":"a","email":1,"email":2}\n')
        ),
    }


def packed(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP of these members; names that stand twice are allowed, and no warning is given."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members:
            archive.NameToInfo.pop(name, None)
            info = zipfile.ZipInfo("x")
            info.filename = name
            archive.writestr(info, content, compress_type=method)
    return out.getvalue()


def _special(mode: int, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo("special")
        info.create_system = 3
        info.external_attr = (mode | 0o777) << 16
        archive.writestr(info, content)
    return out.getvalue()


def _long_line() -> bytes:
    """Text that packs by less than the ratio allowed, without a line break."""
    piece = bytes((i * i * 7 + i // 3) % 251 + 1 for i in range(40_000)).replace(b"\n", b" ")
    return packed(("a", piece * (TALL // len(piece))))


def _set(file: bytes, mark: bytes, offset: int, value: int, form: str = "<I") -> bytes:
    changed = bytearray(file)
    struct.pack_into(form, changed, file.index(mark) + offset, value)
    return bytes(changed)


def _flag(file: bytes, flag: int) -> bytes:
    return _set(_set(file, CENTRAL, 8, flag, "<H"), LOCAL, 6, flag, "<H")


def _lying(file: bytes, size: int) -> bytes:
    return _set(_set(file, CENTRAL, 24, size), LOCAL, 22, size)


def _overlapping() -> bytes:
    """Two entries of the directory for the same bytes."""
    file = packed(("a", b"x" * 5_000), method=zipfile.ZIP_STORED)
    start, end = file.index(CENTRAL), file.index(END)
    entry, tail = file[start:end], bytearray(file[end:])
    struct.pack_into("<HHI", tail, 8, 2, 2, 2 * len(entry))
    return file[:start] + 2 * entry + bytes(tail)


def _zip64_lies() -> bytes:
    file = packed(("a", GOOD))
    at = file.index(CENTRAL)
    extra = struct.pack("<HHQQ", 1, 16, 2**62, 2**62)
    head = bytearray(file[at : at + 46])
    struct.pack_into("<II", head, 20, 0xFFFFFFFF, 0xFFFFFFFF)
    struct.pack_into("<H", head, 30, len(extra))
    end = bytearray(file[file.index(END) :])
    struct.pack_into("<I", end, 12, 46 + 1 + len(extra))
    return file[:at] + bytes(head) + b"a" + extra + bytes(end)


def _commented(file: bytes) -> bytes:
    return _set(file, END, 20, 65_535, "<H") + b"c" * 65_535


def _damaged(file: bytes) -> bytes:
    changed = bytearray(file)
    changed[120] ^= 0xFF
    return bytes(changed)
