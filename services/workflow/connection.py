"""Try what the key may do, and keep the answer for the Connection page and the preflight."""

from __future__ import annotations

from services.bootstrap import Workplace
from services.braze.permissions import check_permissions
from services.workflow.permissions.store import keep_results


def check(place: Workplace) -> dict[str, str]:
    """Result by permission: works, probably, missing, not_tried or excess.

    Raises Rejected where Braze does not know the key, NeverConnected where nothing answers.
    """
    console = place.console
    results = check_permissions(place.reading, place.sending)
    return keep_results(console.database, console.clock, results)
