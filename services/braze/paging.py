"""Long lists and long series, fetched in the pieces Braze allows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from services.braze.client import BrazeClient
from services.braze.opaque import bare
from services.braze.series import day_of
from services.errors import BrazeBroken
from services.messages import msg

PAGE_SIZE = 100  # entries of one page of lists: Braze docs, "campaigns/list"
MAX_PAGES = 1_000  # a list that never ends is a broken one


def pages(
    client: BrazeClient, path: str, name: str, **parameters: object
) -> Iterator[dict[str, Any]]:
    """Answers page by page (`page` counts from 0) until one has fewer than `PAGE_SIZE` entries.

    Raises BrazeError, BrazeBroken where the list does not end.
    """
    for page in range(MAX_PAGES):
        data = client.get(path, page=page, **parameters)
        yield data
        found = data.get(name)
        if not isinstance(found, list) or len(found) < PAGE_SIZE:
            return
    raise BrazeBroken(
        msg("Braze's list {endpoint} does not end.", endpoint=path),
        hint=msg("Nothing was changed. Archive what is no longer used, then try again."),
        endpoint=path,
        status=200,
    )


def stitched(
    first_day: date,
    last_day: date,
    longest: int,
    fetch: Callable[[int, str], object],
    endpoint: str,
) -> Iterator[Mapping[str, Any]]:
    """Entries of a daily series from first to last day, both included, oldest first, a day once.

    `fetch(length, ending_at)` asks for at most `longest` days at a time and gives the list of
    entries. Each request asks for one day more than it keeps: Braze counts days in the workspace's
    own zone, so that the last second of a day in UTC may already be the next day there, and the
    first day of the span would be missing. No request where `last_day` is before `first_day`.

    Raises BrazeBroken where an entry has no date, and what `fetch` raises.
    """
    for start, end in spans(first_day, last_day, longest - 1):
        found = fetch((end - start).days + 2, end_of(end))
        try:
            dated = [(day_of(e, endpoint), e) for e in (found if isinstance(found, list) else ())]
        except BrazeBroken as problem:
            raise bare(problem) from None
        kept = {day: entry for day, entry in dated if start <= day <= end}
        for day in sorted(kept):
            yield kept[day]


def spans(first_day: date, last_day: date, longest: int) -> Iterator[tuple[date, date]]:
    """Cut first_day … last_day (both included) into spans of at most `longest` days, oldest
    first.
    """
    start = first_day
    while start <= last_day:
        end = min(start + timedelta(days=longest - 1), last_day)
        yield start, end
        start = end + timedelta(days=1)


def end_of(day: date) -> str:
    """The last second of a day in UTC, as `ending_at` wants it: that day is the last one
    included.
    """
    return f"{day.isoformat()}T23:59:59Z"
