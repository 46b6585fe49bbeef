"""Segments: find them, what they mean, how large they are. Braze docs: "Segment endpoints"."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from services.braze.client import BrazeClient
from services.braze.model import Segment, SegmentDay, SegmentDetails, listed, understood
from services.braze.paging import end_of, pages

MAX_SERIES_DAYS = 100  # of one request: Braze docs, "Export segment analytics"


def list_segments(client: BrazeClient) -> Iterator[Segment]:
    """GET /segments/list: all segments that are not archived, oldest first. Raises BrazeError."""
    path = "/segments/list"
    for data in pages(client, path, "segments"):
        yield from listed(Segment, data, "segments", path)


def segment_details(client: BrazeClient, segment_id: str) -> SegmentDetails:
    """GET /segments/details. Raises Rejected where there is no such segment, BrazeError else."""
    path = "/segments/details"
    return understood(SegmentDetails, client.get(path, segment_id=segment_id), path)


def segment_series(
    client: BrazeClient, segment_id: str, length: int, ending_at: datetime | None = None
) -> list[SegmentDay]:
    """GET /segments/data_series: estimated sizes of the last `length` days, oldest first, a day
    once.

    More than 100 days are asked for piece by piece, backwards. Days are the workspace's; the one
    `ending_at` lies in (default: today) is included. Empty where the segment has no analytics
    tracking; shorter where Braze keeps less. Raises BrazeError.
    """
    path = "/segments/data_series"
    ending = ending_at.isoformat() if ending_at else None
    found: dict[date, SegmentDay] = {}
    while (left := length - len(found)) > 0:
        # Further back one day more: it may be one we have, as `stitched` explains.
        asked = min(left + bool(found), MAX_SERIES_DAYS)
        data = client.get(path, segment_id=segment_id, length=asked, ending_at=ending)
        older = [d for d in _days(data, path) if d.day not in found]
        if not older:
            break
        found.update((d.day, d) for d in older)
        ending = end_of(min(found) - timedelta(days=1))
    return sorted(found.values(), key=lambda d: d.day)[-length:]


def _days(data: dict[str, Any], path: str) -> list[SegmentDay]:
    """Days with a size: one without says nothing, least of all that nobody was there."""
    said = data.get("data")
    if isinstance(said, list):
        said = [d for d in said if not (isinstance(d, dict) and d.get("size") is None)]
    return listed(SegmentDay, {"data": said}, "data", path)
