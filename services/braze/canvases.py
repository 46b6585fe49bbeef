"""Canvases: find them, read their content and their numbers. Braze docs: "Canvas endpoints"."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from services.braze.client import BrazeClient
from services.braze.model import Canvas, CanvasDetails, listed, understood
from services.braze.paging import end_of, pages, spans
from services.braze.series import SeriesRow, canvas_rows

MAX_SERIES_DAYS = 14  # of one request: Braze docs, "Export Canvas data series analytics"


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
    rows: list[SeriesRow] = []
    for start, end in spans(first_day, last_day, MAX_SERIES_DAYS):
        data = client.get(
            path,
            canvas_id=canvas_id,
            length=(end - start).days + 1,
            ending_at=end_of(end),
            include_variant_breakdown=True,
            include_step_breakdown=True,
        ).get("data")
        stats = data.get("stats") if isinstance(data, dict) else None
        for entry in stats if isinstance(stats, list) else ():
            rows += [r for r in canvas_rows(entry, path) if start <= r.day <= end]
    return rows
