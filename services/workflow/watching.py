"""Watch an audience before launch: one export a day, so that there is a past to compare with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from services.activation.calendar import is_zone
from services.audience.loading import refresh
from services.bootstrap import Workplace
from services.experiment.model import Audience, Status
from services.experiment.store import experiments, load_draft
from services.outcomes.collection import compare_snapshots

Report = Callable[[int, int], None]


def watch(
    place: Workplace,
    experiment_id: str,
    audience: Audience,
    day: date,
    report: Report | None = None,
    *,
    zone: str = "UTC",
) -> int:
    """Keep the day's snapshot of an audience nobody is drawn from yet; how many people it has."""
    console = place.console
    loaded = refresh(
        place.reading,
        console.database,
        console.lake,
        experiment_id,
        audience.segment_ids,
        audience.attributes,
        (),
        day,
        clock=console.clock,
        progress=report,
    )
    compare_snapshots(console.lake, experiment_id, zone, day)
    return loaded.n_people


def zone_of(document: Mapping[str, Any]) -> str:
    """The draft's zone; UTC until it has one that exists."""
    zone = document.get("zone")
    return zone if isinstance(zone, str) and is_zone(zone) else "UTC"


def watch_audiences(place: Workplace) -> None:
    """Export every watched draft's audience once a day. Raises ConsoleError from the first that
    cannot be exported; the others are tried again with it."""
    console = place.console
    for row in experiments(console.database):
        if not row.watched or row.status not in (Status.DRAFT, Status.WAITING):
            continue
        document = load_draft(console.database, row.id).document
        zone = zone_of(document)
        today = console.clock.now().astimezone(ZoneInfo(zone)).date()
        if console.lake.latest_day("snapshots", row.id) == today:
            continue
        audience = Audience.model_validate(document.get("audience", {}))
        if audience.segment_ids:
            watch(place, row.id, audience, today, zone=zone)
