"""Campaigns: find them, read their content and their numbers. Braze docs: "Campaign endpoints"."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from services.braze.client import BrazeClient
from services.braze.model import Campaign, CampaignDetails, listed, understood
from services.braze.paging import pages, stitched
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

    def fetch(length: int, ending_at: str) -> object:
        return client.get(path, campaign_id=campaign_id, length=length, ending_at=ending_at).get(
            "data"
        )

    entries = stitched(first_day, last_day, MAX_SERIES_DAYS, fetch, path)
    return [row for entry in entries for row in campaign_rows(entry, path)]
