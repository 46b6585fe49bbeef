"""One file of named parts in which no byte can change unseen, and each change has a place.

The file is a ZIP that any program opens, with nothing left to chance: parts are stored as they
are, in one order, with one date. The first part lists the others with size, SHA-256 and a chain of
digests; the last one seals the list. So the whole file can be built again from its parts, and
whatever then differs, be it content, a name or a header no program looks at, is a change.

A seal proves that nothing changed since the pack was made, not who made it: keep the seal's digest
where nobody can change both.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

LIST, SEAL, DIRECTORY = "manifest.json", "seal.txt", "table of contents"
FORMAT = 1
HEADER_BYTES = 30  # of a ZIP entry, before its name (APPNOTE 4.3.7)
SIZE_AT = (22, 26)  # where such a header says how long the content is
MAGIC = b"PK\x03\x04"
_ONE_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest a ZIP can say


@dataclass(frozen=True)
class Change:
    """The first place where a pack is not what it was: the part, and the byte in the file."""

    part: str
    offset: int


@dataclass(frozen=True)
class Pack:
    """A pack that was found whole. `seal`: SHA-256 of its list, which names all the rest."""

    parts: Mapping[str, bytes]
    about: Mapping[str, Any]
    seal: str


def pack(parts: Sequence[tuple[str, bytes]], about: Mapping[str, Any]) -> bytes:
    """The file. `about` is JSON and stands in the list; names of parts must differ."""
    names = [name for name, _content in parts]
    if len({*names, LIST, SEAL}) != len(names) + 2:
        raise ValueError("every part needs a name of its own")
    listed = _list(parts, about)
    return _zipped([(LIST, listed), *parts, (SEAL, _seal(listed))])


def unpack(content: bytes) -> Pack | Change:
    """The parts, or the first change. Any bytes may be given; none is trusted."""
    listed, at = _first(content)
    if listed is None:
        return Change(LIST, 0)
    about = _read_list(listed)
    if about is None:
        return Change(LIST, at)
    parts: list[tuple[str, bytes]] = []
    at += len(listed)
    for line in about["parts"]:
        name, size = line["name"], line["size"]
        start = at + HEADER_BYTES + len(name.encode())
        held = content[start : start + size]
        if hashlib.sha256(held).hexdigest() != line["sha256"] or len(held) != size:
            return Change(name, at)
        parts.append((name, held))
        at = start + size
    built = _zipped([(LIST, listed), *parts, (SEAL, _seal(listed))])
    if built != content:
        return _where(content, built, [(LIST, listed), *parts, (SEAL, _seal(listed))])
    if _list(parts, about["about"]) != listed:
        return Change(LIST, 0)
    return Pack(dict(parts), about["about"], hashlib.sha256(listed).hexdigest())


def _list(parts: Sequence[tuple[str, bytes]], about: Mapping[str, Any]) -> bytes:
    lines, chain = [], hashlib.sha256(_json(about)).hexdigest()
    for name, content in parts:
        digest = hashlib.sha256(content).hexdigest()
        chain = hashlib.sha256(f"{chain} {name} {digest}".encode()).hexdigest()
        lines.append({"name": name, "size": len(content), "sha256": digest, "chain": chain})
    return _json({"format": FORMAT, "about": about, "parts": lines})


def _read_list(listed: bytes) -> dict[str, Any] | None:
    """The list, if it is one that `pack` could have written."""
    try:
        found = json.loads(listed)
        if _json(found) != listed or found["format"] != FORMAT:
            return None
        for line in found["parts"]:
            if not isinstance(line["name"], str) or type(line["size"]) is not int:
                return None
            if line["size"] < 0 or not isinstance(line["sha256"], str):
                return None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return dict(found)


def _first(content: bytes) -> tuple[bytes | None, int]:
    """The list as it stands in the file, and where it begins; None where its header is not one."""
    start = HEADER_BYTES + len(LIST)
    size = int.from_bytes(content[slice(*SIZE_AT)], "little")
    listed = content[start : start + size]
    if len(listed) != size or not content.startswith(MAGIC):
        return None, start
    whole = _zipped([(LIST, listed)])
    return (listed if whole[:start] == content[:start] else None), start


def _where(content: bytes, built: bytes, parts: Sequence[tuple[str, bytes]]) -> Change:
    shared = min(len(content), len(built))
    first = next((at for at in range(shared) if content[at] != built[at]), shared)
    at = 0
    for name, held in parts:
        at += HEADER_BYTES + len(name.encode()) + len(held)
        if first < at:
            return Change(name, first)
    return Change(DIRECTORY, first)


def _seal(listed: bytes) -> bytes:
    return hashlib.sha256(listed).hexdigest().encode() + b"\n"


def _zipped(parts: Sequence[tuple[str, bytes]]) -> bytes:
    held = BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_STORED) as file:
        for name, content in parts:
            entry = zipfile.ZipInfo(name, _ONE_DATE)
            entry.create_system = 3  # the same on every machine
            entry.external_attr = 0o644 << 16
            file.writestr(entry, content)
    return held.getvalue()


def _json(value: object) -> bytes:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode()
