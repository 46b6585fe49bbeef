"""What a disk may hold of one file after a power cut."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

SECTOR = 512  # bytes that are written whole or not at all


@dataclass
class Disk:
    """What is durable of one file, and what was asked since its last sync."""

    durable: bytearray
    pending: list[tuple[str, int, bytes]] = field(default_factory=list)

    def sync(self) -> None:
        for step in self.pending:
            _apply(self.durable, step)
        self.pending.clear()

    def after_cut(self, choose: Callable[[], bool]) -> bytes:
        """The file after a power cut; `choose` says of each sector whether it came through."""
        content = bytearray(self.durable)
        for what, at, data in self.pending:
            if what == "truncate":
                if choose():
                    _apply(content, (what, at, data))
                continue
            for start in range(0, len(data), SECTOR):
                if choose():
                    _apply(content, ("write", at + start, data[start : start + SECTOR]))
        return bytes(content)


def _apply(content: bytearray, step: tuple[str, int, bytes]) -> None:
    what, at, data = step
    if what == "truncate":
        if at < len(content):
            del content[at:]
        else:
            content.extend(bytes(at - len(content)))
        return
    if at > len(content):
        content.extend(bytes(at - len(content)))
    content[at : at + len(data)] = data
