"""The series stage: Braze's own daily numbers, kept as facts, and the day's look."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta

import pyarrow as pa

from services.bootstrap import Workplace
from services.braze.campaigns import campaign_series
from services.braze.canvases import canvas_series
from services.braze.segments import segment_series
from services.braze.series import SeriesRow
from services.experiment.model import Experiment, TargetKind
from services.workflow.cycles.store import Progress

KIND = "series"
SETTLING_DAYS = 2  # a day's counters still move a little while conversions and bounces come in
FIRST_FETCH_DAYS = 28  # what is shown of the time before the experiment


def fetch_series(place: Workplace, experiment: Experiment, day: date, progress: Progress) -> None:
    """Fetch each source's newest days once; days fetched earlier and settled are not asked again.

    A part holds what Braze said on `day`; of two parts the later one counts.
    """
    sources = [
        *sorted({(_source(t.kind), t.id) for t in experiment.targets if _has_series(t.kind)}),
        *(("segment", s) for s in experiment.audience.segment_ids),
    ]
    for number, (source, id) in enumerate(sources):
        progress.advance(number, len(sources))
        since = _since(place, experiment.id, source, id, day)
        rows = _rows(place, source, id, since, day)
        place.console.lake.append(
            KIND,
            experiment.id,
            day,
            _table(source, id, rows),
            key=f"{source}:{id}",
            meta={"fetched_at": place.console.clock.now().timestamp()},
        )
    progress.advance(len(sources), len(sources))


def _since(place: Workplace, experiment_id: str, source: str, id: str, day: date) -> date:
    known = [
        part.day
        for part in place.console.lake.parts(KIND, experiment_id, until=day - timedelta(days=1))
        if part.key == f"{source}:{id}"
    ]
    if not known:
        return day - timedelta(days=FIRST_FETCH_DAYS)
    return known[-1] - timedelta(days=SETTLING_DAYS)


def _rows(place: Workplace, source: str, id: str, since: date, until: date) -> Sequence[SeriesRow]:
    client = place.reading
    if source == "campaign":
        return campaign_series(client, id, since, until)
    if source == "canvas":
        return canvas_series(client, id, since, until)
    evening = datetime.combine(until, time(23, 59, 59), UTC)
    sizes = segment_series(client, id, (until - since).days + 1, evening)
    return [SeriesRow(s.day, "size", float(s.size)) for s in sizes if s.day >= since]


def _has_series(kind: TargetKind) -> bool:
    return kind is not TargetKind.PROFILE  # attributes are not counted by Braze


def _source(kind: TargetKind) -> str:
    return "canvas" if kind is TargetKind.CANVAS else "campaign"


def _table(source: str, id: str, rows: Iterable[SeriesRow]) -> pa.Table:
    listed = list(rows)
    texts = ("variation_id", "variation_name", "step", "channel")
    return pa.table(
        {
            "source": pa.array([source] * len(listed), pa.string()),
            "source_id": pa.array([id] * len(listed), pa.string()),
            **{name: pa.array([getattr(r, name) for r in listed], pa.string()) for name in texts},
            "day": pa.array([r.day for r in listed], pa.date32()),
            "counter": pa.array([r.counter for r in listed], pa.string()),
            "value": pa.array([r.value for r in listed], pa.float64()),
        }
    )
