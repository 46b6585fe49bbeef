"""Every day's messages, as the ledger has them and as Braze's data_series gives them."""

from __future__ import annotations

from collections import Counter

from services.workflow.braze_view import braze_numbers
from tests.stage import DAYS, Stage


def test_without_faults_every_day_agrees_to_the_unit(stage: Stage):
    """Ours is what Braze took, Braze's what it sent. Who unsubscribes between the morning's export
    and the hour of the message is taken and not sent; such a day, and no other, has a reason."""
    console, experiment = stage.console, stage.experiment
    found = braze_numbers(console.database, console.lake, experiment, first_day=None)
    assert found is not None
    read = [line for line in found.days if line.braze is not None]
    assert len(read) >= DAYS - 1
    ours = {target.id for target in experiment.targets}
    taken: Counter[str] = Counter()
    sent: Counter[str] = Counter()
    for row in stage.control.truth()["by_target_and_day"]:
        if row["target_id"] in ours:
            taken[row["day"]] += row["accepted"]
            sent[row["day"]] += row["sent"]
    days = [line.day.isoformat() for line in read]
    assert {line.day.isoformat(): line.anneal for line in read} == {day: taken[day] for day in days}
    assert {line.day.isoformat(): line.braze for line in read} == {day: sent[day] for day in days}
    assert [line.day for line in read if line.why is not None] == [
        line.day for line in read if line.gap
    ]
    assert sum(-line.gap for line in read) <= 3


def test_only_today_has_not_been_read_yet(stage: Stage):
    console, experiment = stage.console, stage.experiment
    found = braze_numbers(console.database, console.lake, experiment, first_day=None)
    assert found is not None
    waiting = [line for line in found.days if line.braze is None]
    assert len(waiting) <= 1
    assert all("not reported" in str(line.why) for line in waiting)
