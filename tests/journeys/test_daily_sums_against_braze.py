"""Every day's messages, as the ledger has them and as Braze's data_series gives them."""

from __future__ import annotations

from services.workflow.braze_view import braze_numbers
from tests.stage import DAYS, Stage


def test_without_faults_every_day_agrees_to_the_unit(stage: Stage):
    console, experiment = stage.console, stage.experiment
    found = braze_numbers(console.database, console.lake, experiment, first_day=None)
    assert found is not None
    read = [line for line in found.days if line.braze is not None]
    assert len(read) >= DAYS - 1
    assert [(line.day, line.braze) for line in read] == [(line.day, line.anneal) for line in read]
    assert all(line.why is None for line in read)
    ours = {target.id for target in experiment.targets}
    sent: dict[str, int] = {}
    for row in stage.control.truth()["by_target_and_day"]:
        if row["target_id"] in ours:
            sent[row["day"]] = sent.get(row["day"], 0) + row["sent"]
    assert {line.day.isoformat(): line.braze for line in read} == {
        line.day.isoformat(): sent[line.day.isoformat()] for line in read
    }


def test_only_today_has_not_been_read_yet(stage: Stage):
    console, experiment = stage.console, stage.experiment
    found = braze_numbers(console.database, console.lake, experiment, first_day=None)
    assert found is not None
    waiting = [line for line in found.days if line.braze is None]
    assert len(waiting) <= 1
    assert all("not reported" in str(line.why) for line in waiting)
