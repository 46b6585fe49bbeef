"""At launch, money gets the cap above which one person's day is not counted. Fixed from then on."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from services.bootstrap import Console
from services.experiment.model import Metric
from services.experiment.store import load_draft, save_draft
from services.insights.winsorising import choose_cap, needs_cap
from services.outcomes.base_rate import watched
from services.workflow.watching import zone_of


def set_cap(console: Console, experiment_id: str, by: str) -> None:
    """Write the cap into the draft where its metric holds money and has none yet.

    From the person-days watched before launch; where nothing was bought then, nothing is capped.
    """
    draft = load_draft(console.database, experiment_id)
    told = draft.document.get("metric")
    metric = Metric.model_validate(told) if isinstance(told, dict) else None
    if metric is None or metric.cap is not None or not needs_cap(metric):
        return
    today = console.clock.now().astimezone(ZoneInfo(zone_of(draft.document))).date()
    seen = watched(console.lake, experiment_id, metric, today)
    cap = choose_cap(seen.daily.ravel()).value
    if cap is None:
        return
    save_draft(
        console.database,
        console.clock,
        experiment_id,
        {**draft.document, "metric": {**metric.model_dump(mode="json"), "cap": cap}},
        expected_revision=draft.revision,
        by=by,
    )
