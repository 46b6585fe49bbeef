"""The counts and cells the worker keeps are those a page would have worked out from all facts."""

from __future__ import annotations

import pandas as pd
import pytest

from services.experiment.model import Experiment
from services.experiment.store import experiments, load_version
from services.insights import pictures
from services.insights.pictures import compute_cells, read_counts, record_pictures
from services.workflow.choices_view import cells_of, shares_of, varied


@pytest.fixture
def experiment(played_console) -> Experiment:
    (row,) = [r for r in experiments(played_console.database) if r.status.value == "running"]
    return load_version(played_console.database, row.id)


def test_kept_counts_are_those_of_all_decisions(played_console, experiment):
    lake = played_console.lake
    counts = read_counts(lake, experiment.id)
    dimensions = len(experiment.send_dimensions)
    n_decisions = sum(part.n_rows for part in lake.parts("decisions", experiment.id))
    assert counts["n"].sum() == n_decisions * dimensions
    assert len(lake.parts(pictures.COUNTS, experiment.id)) >= 20
    for dimension in varied(experiment):
        shares = shares_of(lake, experiment, dimension, days=None)
        sums = shares.groupby("day")["share"].sum()
        assert sums.to_numpy() == pytest.approx(1.0)


def test_kept_cells_are_those_worked_out_from_all_facts(played_console, experiment):
    console = played_console
    anew = compute_cells(console.database, console.lake, experiment)
    assert anew is not None
    record_pictures(console.database, console.lake, experiment)
    for dimension in varied(experiment):
        kept = cells_of(console.database, console.lake, experiment, dimension, finished=False)
        assert kept is not None
        mine = anew[anew["dimension"] == dimension.key].reset_index(drop=True)
        columns = ["estimate", "low", "high", "missing", "n", "events"]
        pd.testing.assert_frame_equal(kept.table[columns], mine[columns])
        assert set(kept.order) == set(mine["segment"])
        assert not kept.table["clear"].any()


def test_writing_them_again_changes_nothing(played_console, experiment):
    console = played_console
    record_pictures(console.database, console.lake, experiment)
    kinds = (pictures.COUNTS, pictures.CELLS)
    before = [console.lake.parts(kind, experiment.id) for kind in kinds]
    record_pictures(console.database, console.lake, experiment)
    assert [console.lake.parts(kind, experiment.id) for kind in kinds] == before


def test_an_earlier_day_has_the_cells_of_that_day(played_console, experiment):
    console = played_console
    days = sorted(
        {pictures.closed_until(console.lake, experiment.id, d.day) for d in _rewards(console)}
        - {None}
    )
    dimension = varied(experiment)[0]
    early = cells_of(
        console.database, console.lake, experiment, dimension, finished=False, until=days[0]
    )
    late = cells_of(console.database, console.lake, experiment, dimension, finished=False)
    assert late is not None
    assert early is None or early.table["events"].sum() < late.table["events"].sum()


def _rewards(console):
    (row,) = [r for r in experiments(console.database) if r.status.value == "running"]
    return console.lake.parts("rewards", row.id)
