"""Watch an audience before launch: one export a day, so that there is a past to compare with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

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
    compare_snapshots(console.lake, experiment_id, "UTC", day)
    return loaded.n_people


def watch_audiences(place: Workplace) -> None:
    """Export every watched draft's audience once a day. Raises ConsoleError from the first that
    cannot be exported; the others are tried again with it."""
    console = place.console
    today = console.clock.now().date()
    for row in experiments(console.database):
        if not row.watched or row.status not in (Status.DRAFT, Status.WAITING):
            continue
        if console.lake.latest_day("snapshots", row.id) == today:
            continue
        document = load_draft(console.database, row.id).document
        audience = Audience.model_validate(document.get("audience", {}))
        if audience.segment_ids:
            watch(place, row.id, audience, today)
