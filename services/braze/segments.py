"""Segments: find them, what they mean, how large they are. Braze docs: "Segment endpoints"."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from services.braze.client import BrazeClient
from services.braze.model import Segment, SegmentDay, SegmentDetails, listed, understood
from services.braze.paging import pages

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
    """GET /segments/data_series: sizes of the last `length` days (1 to 100), oldest first.

    Empty where the segment has no analytics tracking. Raises BrazeError.
    """
    path = "/segments/data_series"
    data = client.get(
        path,
        segment_id=segment_id,
        length=min(max(length, 1), MAX_SERIES_DAYS),
        ending_at=ending_at.isoformat() if ending_at else None,
    )
    return sorted(listed(SegmentDay, data, "data", path), key=lambda d: d.day)
