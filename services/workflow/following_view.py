"""Which experiment a page is about, and how it is announced: status, day of the run."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from services.clock import Clock
from services.database.engine import Database
from services.errors import DataError
from services.experiment.model import Experiment, Status
from services.experiment.records import ExperimentRow
from services.experiment.store import experiments, load_version
from services.lake import Lake

LOOKS = "looks"
OPEN = (Status.RUNNING, Status.PAUSED, Status.STOPPED, Status.FAILED)


@dataclass(frozen=True)
class Followed:
    """A launched experiment. `day_number` is 1 on the first decision day."""

    row: ExperimentRow
    experiment: Experiment
    day_number: int | None
    learning: bool


def followed(
    database: Database, lake: Lake, clock: Clock, experiment_id: str | None
) -> Followed | None:
    """The experiment with this id, else the newest that is under way, else the newest that ended.

    None where nothing has ever been launched (or the id is that of a draft).
    """
    launched = [row for row in experiments(database) if row.launched_at is not None]
    chosen = next((row for row in launched if row.id == experiment_id), None)
    if chosen is None:
        ordered = [row for row in launched if row.status in OPEN] + launched
        chosen = ordered[0] if ordered else None
    if chosen is None:
        return None
    experiment = load_version(database, chosen.id, chosen.version)
    number = None
    if chosen.first_day is not None:
        now = (chosen.ended_at or clock.now()).astimezone(ZoneInfo(experiment.zone)).date()
        number = max(1, (now - chosen.first_day).days + 1)
    return Followed(chosen, experiment, number, not _shown(lake, chosen.id))


def choices(database: Database) -> list[ExperimentRow]:
    """Experiments that were launched, the newest first."""
    return [row for row in experiments(database) if row.launched_at is not None]


def _shown(lake: Lake, experiment_id: str) -> bool:
    """Whether the newest look shows its primary comparison.

    A look that cannot be read is said on Insights; it must not keep Pause from being drawn.
    """
    day = lake.latest_day(LOOKS, experiment_id)
    if day is None:
        return False
    try:
        table = lake.read(LOOKS, experiment_id, since=day, columns=["metric", "segment", "state"])
    except DataError:
        return True
    rows = table.to_pylist()
    return any(
        row["state"] == "shown" and row["metric"] == "primary" and row["segment"] == ""
        for row in rows
    )
