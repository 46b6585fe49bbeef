"""An audience that changed its size waits for a person, who says so, and the day goes on."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from services.audience.loading import SizeChanged
from services.database.schema import manifest
from services.experiment.audit.store import history
from services.intents.model import Intent, IntentKind, IntentState
from services.intents.store import file_intent, find
from services.workflow.acting import act_on_next
from services.workflow.cycles.store import is_done, records, stage_of
from services.workflow.model import Stage as CycleStage
from services.workflow.refreshing import refresh_audience
from tests.stage import Stage


def confirm(stage: Stage, day: date, n_people: int) -> Intent:
    assert stage.experiment is not None
    key = f"confirm {day} {n_people}"
    payload = {"day": day.isoformat(), "n_people": n_people}
    console, id = stage.console, stage.experiment.id
    kind = IntentKind.CONFIRM_AUDIENCE
    file_intent(console.database, console.clock, kind, key, payload, "a@example.com", id)
    assert act_on_next(stage.place)
    found = find(console.database, key=key)
    assert found is not None
    return found


def test_somebody_says_that_the_size_is_right_and_the_day_goes_on(stage: Stage):
    experiment, console = stage.experiment, stage.console
    assert experiment is not None
    last = console.lake.newest("snapshots", experiment.id)
    assert last is not None
    before = {**last.meta, "n_audience": 5 * int(str(last.meta["n_audience"]))}
    with console.database.write() as c:
        c.execute(sa.update(manifest).where(manifest.c.id == last.id).values(meta=before))
    day = console.clock.now().date() + timedelta(days=1)

    def begin() -> None:
        with stage_of(
            console.database, console.clock, experiment.id, day, CycleStage.AUDIENCE
        ) as progress:
            refresh_audience(stage.place, experiment, day, progress)

    with pytest.raises(SizeChanged):
        begin()
    error = records(console.database, experiment.id, day)[CycleStage.AUDIENCE].error
    assert error is not None
    assert error["error"] == "SizeChanged"
    n = error["values"]["n"]
    assert confirm(stage, day, n // 2).state is IntentState.FAILED  # another number was seen
    assert not is_done(console.database, experiment.id, day, CycleStage.AUDIENCE)
    assert confirm(stage, day, n).state is IntentState.DONE
    assert is_done(console.database, experiment.id, day, CycleStage.AUDIENCE)
    said = history(console.database, subject=experiment.id, limit=1)[0]
    assert (said.action, said.detail["people"]) == ("audience.size_confirmed", n)
    over = confirm(stage, day - timedelta(days=3), n)
    assert over.state is IntentState.FAILED
