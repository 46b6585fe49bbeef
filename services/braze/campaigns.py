"""Campaigns: find them, read their content and their numbers. Braze docs: "Campaign endpoints"."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from services.braze.client import BrazeClient
from services.braze.model import Campaign, CampaignDetails, listed, understood
from services.braze.paging import end_of, pages, spans
from services.braze.series import SeriesRow, campaign_rows

MAX_SERIES_DAYS = 100  # of one request: Braze docs, "Export campaign analytics"


def list_campaigns(client: BrazeClient) -> Iterator[Campaign]:
    """GET /campaigns/list: all that are not archived, oldest first. Raises BrazeError."""
    path = "/campaigns/list"
    for data in pages(client, path, "campaigns"):
        yield from listed(Campaign, data, "campaigns", path)


def campaign_details(client: BrazeClient, campaign_id: str) -> CampaignDetails:
    """GET /campaigns/details. Raises Rejected where there is no such campaign, BrazeError else."""
    path = "/campaigns/details"
    return understood(CampaignDetails, client.get(path, campaign_id=campaign_id), path)


def campaign_series(
    client: BrazeClient, campaign_id: str, first_day: date, last_day: date
) -> list[SeriesRow]:
    """GET /campaigns/data_series: every counter of every day from first to last, both included.

    Never add `unique_recipients` up over days: a person counts on each. Raises BrazeError.
    """
    path = "/campaigns/data_series"
    rows: list[SeriesRow] = []
    for start, end in spans(first_day, last_day, MAX_SERIES_DAYS):
        data = client.get(
            path,
            campaign_id=campaign_id,
            length=(end - start).days + 1,
            ending_at=end_of(end),
        ).get("data")
        for entry in data if isinstance(data, list) else ():
            rows += [r for r in campaign_rows(entry, path) if start <= r.day <= end]
    return rows
