"""A person says that the audience has changed its size: the day goes on with it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from services.bootstrap import Workplace
from services.errors import ConflictError, ExperimentError
from services.experiment.audit.store import record
from services.experiment.store import load_version
from services.intents.model import Intent
from services.messages import msg
from services.workflow.cycles.store import is_done, stage_of
from services.workflow.model import Stage
from services.workflow.refreshing import refresh_audience


def confirm_audience(place: Workplace, intent: Intent) -> Mapping[str, Any]:
    """Export again and accept an audience of about the size that somebody saw, for one day.

    On record before it happens. What is exported now may have yet another size: then it is refused
    again, and the stage says by how much. Raises ConflictError for a day that is over, BrazeError
    and DataError as the export does.
    """
    console = place.console
    if intent.experiment_id is None:
        raise ExperimentError(msg("The request names no experiment."))
    experiment = load_version(console.database, intent.experiment_id)
    day, n_people = date.fromisoformat(intent.payload["day"]), int(intent.payload["n_people"])
    if day < console.clock.now().astimezone(ZoneInfo(experiment.zone)).date():
        raise ConflictError(
            msg("That day is over."),
            hint=msg("Nothing was changed. If today stopped as well, confirm it there."),
        )
    if is_done(console.database, experiment.id, day, Stage.AUDIENCE):
        return {"n_people": n_people}
    with console.database.write() as connection:
        detail = {"day": day.isoformat(), "people": n_people}
        record(
            connection,
            console.clock,
            intent.filed_by,
            "audience.size_confirmed",
            experiment.id,
            detail,
        )
    with stage_of(console.database, console.clock, experiment.id, day, Stage.AUDIENCE) as progress:
        refresh_audience(place, experiment, day, progress, confirmed_size=n_people)
    return {"n_people": n_people}
