"""A day's decisions come out again from the facts bit by bit, or the first difference is named."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from services.bootstrap import Console
from services.cli.main import anneal
from services.compute import OnExecutor
from services.errors import DataError
from services.experiment.model import Status
from services.experiment.store import experiments
from services.workflow.replaying import replay_day
from tests.stage import last_day

DAY = last_day().date()


@pytest.fixture
def running(played_console: Console) -> str:
    rows = experiments(played_console.database)
    return next(row.id for row in rows if row.status is Status.RUNNING)


def change(console: Console, kind: str, id: str, day: date, column: str, row: int, value: object):
    """Change one cell of a stored fact behind the back of the manifest."""
    part = console.lake.parts(kind, id, day)[0]
    path = console.home / "facts" / part.path
    table = pq.read_table(path)
    values = table[column].to_pylist()
    values[row] = value(values[row]) if callable(value) else value
    at = table.schema.get_field_index(column)
    pq.write_table(
        table.set_column(at, column, pa.array(values, table.schema.field(column).type)), path
    )


def test_every_day_of_weeks_comes_out_as_logged(played_console: Console, running: str):
    days = played_console.lake.days("decisions", running)
    found = [replay_day(played_console, running, day) for day in days]
    assert [str(one.first) for one in found if not one.is_identical] == []
    assert sum(one.decisions for one in found) > 10_000


@pytest.mark.parametrize(("chunk", "threads"), [(7, 3), (101, 2)])
def test_neither_chunks_nor_workers_change_a_bit(
    played_console: Console, running: str, chunk: int, threads: int
):
    with ThreadPoolExecutor(threads) as pool:
        found = replay_day(
            played_console, running, DAY, compute=OnExecutor(pool), chunk_people=chunk
        )
    assert found.is_identical
    assert found.decisions > 0


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("propensity", lambda p: float(np.nextafter(p, 1))),
        ("combination", lambda c: c + 1),
        ("seed", 1),
        ("opt:offer", "another"),
        ("decision_id", "0" * 32),
        ("send_at", lambda at: at.replace(microsecond=1)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_changed_log_is_found_and_the_first_difference_named(
    played_console: Console, running: str, column: str, value: object
):
    change(played_console, "decisions", running, DAY, column, 5, value)
    found = replay_day(played_console, running, DAY)
    assert found.different == 1
    assert f"Decision 5: {column}" in str(found.first)


def test_draws_that_the_belief_does_not_give_are_refused(played_console: Console, running: str):
    change(
        played_console, "draws", running, DAY, "coefficients", 3, lambda c: [c[0] + 1e-6, *c[1:]]
    )
    with pytest.raises(DataError, match="not those that belief and seed give"):
        replay_day(played_console, running, DAY)


def test_an_eligible_set_that_was_changed_is_refused(played_console: Console, running: str):
    change(played_console, "eligible_sets", running, DAY, "combinations", 0, lambda c: c[1:])
    with pytest.raises(DataError, match="not the one that was logged"):
        replay_day(played_console, running, DAY)


def test_the_command_counts_and_ends_with_one_at_a_difference(
    played_console: Console, running: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ANNEAL_HOME", str(played_console.home))
    ask = ("replay", "--day", DAY.isoformat(), "--json")
    said = CliRunner().invoke(anneal, ask)
    figures = json.loads(said.output)
    assert (said.exit_code, figures["holds"]) == (0, True)
    assert figures["identical"] == figures["decisions"] > 0
    change(played_console, "decisions", running, DAY, "draw", 2, lambda d: d + 1)
    said = CliRunner().invoke(anneal, (*ask, "--experiment", running))
    figures = json.loads(said.output)
    assert (said.exit_code, figures["holds"]) == (1, False)
    assert "Decision 2: draw" in figures["experiments"][0]["first"]
    said = CliRunner().invoke(anneal, ("replay", "--day", "2020-01-01"), standalone_mode=False)
    assert isinstance(said.exception, DataError)


@pytest.mark.slow
def test_another_number_of_processes_gives_the_same_bits(
    played_console: Console, running: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ANNEAL_HOME", str(played_console.home))
    said = CliRunner().invoke(
        anneal, ("replay", "--day", DAY.isoformat(), "--workers", "2", "--chunk", "50", "--json")
    )
    assert (said.exit_code, json.loads(said.output)["holds"]) == (0, True)
