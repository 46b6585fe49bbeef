"""Send ids: a name under which Braze groups the numbers of several sends of one campaign.

They group and do not deduplicate: the same send id twice sends twice. Braze docs: "Create send
IDs", "Export send analytics".
"""

from __future__ import annotations

from datetime import date

from services.braze.client import BrazeClient
from services.braze.model import SendId, understood
from services.braze.paging import stitched
from services.braze.series import SeriesRow, campaign_rows
from services.errors import DataError
from services.messages import msg

MAX_SEND_ID_CHARS = 64
MAX_SERIES_DAYS = 100  # of one request; Braze keeps them for 14 days after the send


def create_send_id(client: BrazeClient, campaign_id: str, send_id: str | None = None) -> str:
    """POST /sends/id/create, once: the id, made up by Braze where none is given.

    A workspace has 100 a day, and each pair of campaign and id counts.

    Raises DataError for an id Braze would not take, BrazeError.
    """
    path = "/sends/id/create"
    if send_id is not None and not (
        0 < len(send_id) <= MAX_SEND_ID_CHARS and send_id.isascii() and send_id.isprintable()
    ):
        raise DataError(
            msg("{id} cannot be a send id.", id=send_id[:MAX_SEND_ID_CHARS]),
            hint=msg("Use at most {n} letters, digits and signs.", n=MAX_SEND_ID_CHARS),
        )
    given = {} if send_id is None else {"send_id": send_id}
    return understood(SendId, client.write(path, {"campaign_id": campaign_id, **given}), path).id


def send_series(
    client: BrazeClient, campaign_id: str, send_id: str, first_day: date, last_day: date
) -> list[SeriesRow]:
    """GET /sends/data_series: as `campaign_series`, for one send id of an API campaign.

    Raises BrazeError.
    """
    path = "/sends/data_series"

    def fetch(length: int, ending_at: str) -> object:
        data = client.get(
            path, campaign_id=campaign_id, send_id=send_id, length=length, ending_at=ending_at
        )
        return data.get("data")

    entries = stitched(first_day, last_day, MAX_SERIES_DAYS, fetch, path)
    return [row for entry in entries for row in campaign_rows(entry, path)]
