"""Everybody in a segment: ask, wait for the file, read it. Braze docs: "Export user profile by
segment".

The file is fetched into a temporary one without a name that only this process can open, is checked
whole before the first line is given out, and is gone when reading ends.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from typing import IO, Any, TypeVar

from services.braze.archive import MAX_TOTAL_BYTES, members
from services.braze.client import BrazeClient
from services.braze.ndjson import lines, strict_object
from services.braze.opaque import bare
from services.braze.profiles import ProfileFilter, Tally
from services.braze.users import MAX_ATTRIBUTES, checked_fields
from services.errors import BrazeBroken, ConsoleError, DataError, NoAnswer, RateLimited
from services.messages import msg

DEADLINE_S = 30 * 60.0  # tens of millions of people take an hour; the caller may allow more
FIRST_WAIT_S = 0.05  # the sandbox is quick
WAIT_GROWTH = 1.7
LONGEST_WAIT_S = 30.0
MAX_REQUESTS = 3  # of one export: a file that came broken is asked for anew
MAX_QUARANTINED_SHARE = 0.001  # of lines that are not profiles; above it the file is not complete
SPOOL_BYTES = 8 * 1024 * 1024  # a smaller file stays in memory

T = TypeVar("T")


def export_segment(
    client: BrazeClient,
    segment_id: str,
    fields: Sequence[str],
    attributes: Sequence[str] = (),
    *,
    deadline_s: float = DEADLINE_S,
    tally: Tally | None = None,
) -> Iterator[dict[str, Any]]:
    """POST /users/export/segment and its file: one filtered profile after the other.

    Memory does not grow with the segment. `deadline_s` is how long Braze may take in all. `tally`
    counts what was read and what was held back; it is complete when the iterator ends.

    Raises BrazeError; DataError where the file never comes, comes from elsewhere, is broken three
    times, or has too many lines that are no profiles (only at the end: use nothing before it).
    """
    let_in = ProfileFilter(fields, attributes, tally)
    with tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES) as spool:
        export_into(spool, client, segment_id, fields, attributes, deadline_s, _check)
        try:
            yield from _profiles(spool, let_in)
        except DataError as problem:
            raise bare(problem) from None


def export_into(
    spool: IO[bytes],
    client: BrazeClient,
    segment_id: str,
    fields: Sequence[str],
    attributes: Sequence[str],
    deadline_s: float,
    read: Callable[[IO[bytes]], T],
) -> T:
    """Fetch the export's ZIP and return what `read` makes of it. `read` goes through every member
    to its end; where it raises DataError the file is asked for anew, and read anew.

    Raises as `export_segment` does.
    """
    if len(attributes) > MAX_ATTRIBUTES:
        raise DataError(
            msg("{n} attributes are agreed.", n=len(attributes)),
            hint=msg("Braze exports at most {most} at a time.", most=MAX_ATTRIBUTES),
        )
    body: dict[str, object] = {
        "segment_id": segment_id,
        "fields_to_export": checked_fields(fields),
    }
    if attributes:
        body["custom_attributes_to_export"] = list(attributes)
    try:
        return _fetch_whole(client, body, spool, time.monotonic() + deadline_s, read)
    except ConsoleError as problem:
        raise bare(problem) from None  # the address of the file lets anybody fetch it


def check_quarantined(tally: Tally, n_lines: int) -> None:
    """Raises DataError where too many of an export's lines are no profiles."""
    if tally.n_quarantined > MAX_QUARANTINED_SHARE * n_lines:
        raise DataError(
            msg(
                "{n} of {total} lines of the export are not profiles.",
                n=tally.n_quarantined,
                total=n_lines,
            ),
            hint=msg("Nothing of it was kept, and the last complete export still counts."),
        )


def _fetch_whole(
    client: BrazeClient,
    body: dict[str, object],
    spool: IO[bytes],
    deadline: float,
    read: Callable[[IO[bytes]], T],
) -> T:
    attempt = 1
    while True:
        url = _request(client, body, deadline)
        try:
            _wait_for(client, url, spool, deadline)
        except (NoAnswer, BrazeBroken):
            if attempt == MAX_REQUESTS or time.monotonic() > deadline:
                raise
        else:
            try:
                return read(spool)
            except DataError:
                if attempt == MAX_REQUESTS or time.monotonic() > deadline:
                    raise
        attempt += 1


def _check(spool: IO[bytes]) -> None:
    """Sizes, checksums and limits of every member, before the first line is given out."""
    for content in members(spool):
        for _ in content:
            pass


def _request(client: BrazeClient, body: dict[str, object], deadline: float) -> str:
    """Where the file will be. Another export of the same segment is waited for."""
    wait_s = client.poll_s
    while True:
        try:
            data = client.read("/users/export/segment", body)
            break
        except RateLimited:
            if time.monotonic() + wait_s > deadline:
                raise
            time.sleep(wait_s)
            wait_s = min(wait_s * WAIT_GROWTH, LONGEST_WAIT_S)
    url = data.get("url")
    if not isinstance(url, str) or not url:
        raise DataError(
            msg("This workspace delivers its exports to storage of its own."),
            hint=msg(
                "Anneal reads exports from the address Braze gives. In Braze, switch the default "
                "data export destination off, or use a workspace without one."
            ),
        )
    client.export_origins.checked(url)  # refused once, not as often as a broken file is tried
    return url


def _wait_for(client: BrazeClient, url: str, spool: IO[bytes], deadline: float) -> None:
    wait_s = min(FIRST_WAIT_S, client.poll_s)
    while True:
        spool.seek(0)
        spool.truncate()
        if client.download(url, spool, deadline_s=deadline, max_bytes=MAX_TOTAL_BYTES):
            spool.seek(0)
            return
        if time.monotonic() + wait_s > deadline:
            raise DataError(
                msg("Braze has not finished the export of the segment in time."),
                hint=msg(
                    "Nothing is lost; the last complete export still counts. Large segments take "
                    "longer: try again later, or split the segment."
                ),
            )
        time.sleep(wait_s)
        longest_s = client.poll_s if wait_s < client.poll_s else LONGEST_WAIT_S
        wait_s = min(wait_s * WAIT_GROWTH, longest_s)


def _profiles(spool: IO[bytes], let_in: ProfileFilter) -> Iterator[dict[str, Any]]:
    n_lines = 0
    tally = let_in.tally
    for content in members(spool):
        for line in lines(content):
            n_lines += 1
            raw = strict_object(line)
            if raw is None:
                tally.n_quarantined += 1
            else:
                yield let_in(raw)
    check_quarantined(tally, n_lines)
