"""Canvases: find them, read their content and their numbers. Braze docs: "Canvas endpoints"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from services.braze.client import BrazeClient
from services.braze.model import Canvas, CanvasDetails, listed, understood
from services.braze.paging import end_of, pages, stitched
from services.braze.series import Count, SeriesRow, canvas_counts, canvas_rows
from services.errors import DataError
from services.messages import msg

MAX_SERIES_DAYS = 14  # of one request: Braze docs, "Export Canvas data series analytics"


@dataclass(frozen=True)
class CanvasSummary:
    """A Canvas over one span of days. Variants lack `conversions_by_entry_time` here."""

    name: str
    counts: tuple[Count, ...]


def list_canvases(client: BrazeClient) -> Iterator[Canvas]:
    """GET /canvas/list: all that are not archived, oldest first. Raises BrazeError."""
    path = "/canvas/list"
    for data in pages(client, path, "canvases"):
        yield from listed(Canvas, data, "canvases", path)


def canvas_details(client: BrazeClient, canvas_id: str) -> CanvasDetails:
    """GET /canvas/details. Raises Rejected where there is no such Canvas, BrazeError else."""
    path = "/canvas/details"
    return understood(CanvasDetails, client.get(path, canvas_id=canvas_id), path)


def canvas_series(
    client: BrazeClient, canvas_id: str, first_day: date, last_day: date
) -> list[SeriesRow]:
    """GET /canvas/data_series with variants and steps, every day from first to last, both included.

    Raises BrazeError.
    """
    path = "/canvas/data_series"

    def fetch(length: int, ending_at: str) -> object:
        data = client.get(
            path,
            canvas_id=canvas_id,
            length=length,
            ending_at=ending_at,
            include_variant_breakdown=True,
            include_step_breakdown=True,
        ).get("data")
        return data.get("stats") if isinstance(data, dict) else None

    entries = stitched(first_day, last_day, MAX_SERIES_DAYS, fetch, path)
    return [row for entry in entries for row in canvas_rows(entry, path)]


def canvas_summary(
    client: BrazeClient, canvas_id: str, first_day: date, last_day: date
) -> CanvasSummary:
    """GET /canvas/data_summary: every counter over at most 14 days, both ends included.

    Days are the workspace's. Summaries are not added up over longer spans: uniques would count
    people twice. For those use `canvas_series`.

    Raises DataError for a span that is empty or too long, BrazeError.
    """
    path = "/canvas/data_summary"
    length = (last_day - first_day).days + 1
    if not 1 <= length <= MAX_SERIES_DAYS:
        raise DataError(
            msg("A summary covers {n} days.", n=length),
            hint=msg("Braze gives one over 1 to {most} days.", most=MAX_SERIES_DAYS),
        )
    data = client.get(
        path,
        canvas_id=canvas_id,
        length=length,
        ending_at=end_of(last_day),
        include_variant_breakdown=True,
        include_step_breakdown=True,
    ).get("data")
    found = data if isinstance(data, dict) else {}
    name = found.get("name")
    return CanvasSummary(name if isinstance(name, str) else "", tuple(canvas_counts(found)))
