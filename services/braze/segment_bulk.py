"""Everybody in a segment as columns: the same border as in `segment_export`, a million at a time.

Blocks that are certainly proper are read whole, two at a time beside the unpacking; the others,
and small exports whose attributes are new, line by line. Nothing is given out before the whole
file was read and its checksums were right.
"""

from __future__ import annotations

import os
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import IO, Any

from services.braze.archive import members
from services.braze.blocks import BlockReader
from services.braze.bulk import Bulk, bulk_of
from services.braze.client import BrazeClient
from services.braze.ndjson import blocks, lines, strict_object
from services.braze.profiles import (
    COUNTED_FIELDS,
    PLAIN_FIELDS,
    RECEIVED_FIELDS,
    ProfileFilter,
    Tally,
)
from services.braze.segment_export import DEADLINE_S, SPOOL_BYTES, check_quarantined, export_into

FIELDS = (*PLAIN_FIELDS, *COUNTED_FIELDS, *RECEIVED_FIELDS)
LARGE_BYTES = (
    2 * 1024 * 1024
)  # packed, some 10,000 people: below it, reading line by line takes a second at most
READERS = 2  # blocks read at a time
MOST_WAITING = 2  # blocks read already and not yet asked for
LEARNT_FROM = 2_000  # profiles read one by one before a block is tried

Read = tuple[Bulk, Tally] | None


def export_segment_in_bulk(
    client: BrazeClient,
    segment_id: str,
    attributes: Sequence[str] = (),
    *,
    kinds: Mapping[str, str] | None = None,
    deadline_s: float = DEADLINE_S,
    tally: Tally | None = None,
    progress: Callable[[int], None] | None = None,
) -> list[Bulk]:
    """POST /users/export/segment with all allowed fields, and its file: columns, some thousand
    people in each. `deadline_s` and `tally` as for `export_segment`; `progress` hears how many
    people were read.

    `kinds` says of what kind (`bulk.NUMBER`, `TEXT`, `TRUTH`) attributes were in the last export.
    It makes reading faster and changes nothing else.

    Raises as `export_segment` does.
    """

    def read(file: IO[bytes]) -> tuple[list[Bulk], Tally, int]:
        reading = _Reading(tuple(attributes), kinds, large=_size(file) >= LARGE_BYTES)
        found: list[Bulk] = []
        n_people = 0
        for bulk in reading.of(file):
            found.append(bulk)
            n_people += len(bulk)
            if progress is not None:
                progress(n_people)
        return found, reading.tally, reading.n_lines

    with tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES) as spool:
        bulks, counted, n_lines = export_into(
            spool, client, segment_id, FIELDS, attributes, deadline_s, read
        )
    if tally is not None:
        tally.add(counted)
    check_quarantined(counted, n_lines)
    return bulks


def _size(file: IO[bytes]) -> int:
    return file.seek(0, os.SEEK_END)


class _Reading:
    def __init__(
        self,
        attributes: tuple[str, ...],
        kinds: Mapping[str, str] | None,
        *,
        large: bool,
    ) -> None:
        self._attributes = attributes
        self.tally = Tally()
        self._large = large
        self._known = kinds is not None
        self.n_lines = 0
        self._n_learnt = 0
        self._let_in = ProfileFilter(FIELDS, attributes, self.tally)
        self._reader = BlockReader(attributes, kinds or {})
        self._waiting: deque[tuple[bytes, Future[Read]]] = deque()

    def of(self, file: IO[bytes]) -> Iterator[Bulk]:
        with ThreadPoolExecutor(READERS) as pool:
            for content in members(file):
                for block in blocks(content):
                    if self._may_be_tried():
                        self._waiting.append((block, pool.submit(self._reader.read, block)))
                        if len(self._waiting) > READERS + MOST_WAITING:
                            yield self._next()
                    else:
                        yield from self._rest()
                        yield self._carefully(block)
            yield from self._rest()

    def _may_be_tried(self) -> bool:
        learnt = self._large and self._n_learnt >= LEARNT_FROM
        return self._reader.promising and (self._known or learnt)

    def _rest(self) -> Iterator[Bulk]:
        while self._waiting:
            yield self._next()

    def _next(self) -> Bulk:
        block, reading = self._waiting.popleft()
        found = reading.result()
        if found is None:
            return self._carefully(block)
        bulk, tally = found
        self.tally.add(tally)
        self.n_lines += len(bulk)
        return bulk

    def _carefully(self, block: bytes) -> Bulk:
        """Line by line, each profile alone; what kinds attributes are of is learnt from it."""
        profiles: list[dict[str, Any]] = []
        for line in lines([block]):
            self.n_lines += 1
            raw = strict_object(line)
            if raw is None:
                self.tally.n_quarantined += 1
            else:
                profiles.append(self._let_in(raw))
        bulk = bulk_of(profiles, self._attributes)
        self._reader.learn(bulk)
        self._n_learnt += len(bulk)
        return bulk
