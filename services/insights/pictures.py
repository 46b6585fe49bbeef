"""What the charts of choices need, counted once a day by the worker and kept as facts.

A million people make millions of decisions; a page that counted them itself would keep its reader
waiting. Kinds of facts: `option_counts` (a part each decision day: day, grp, dimension, option, n)
and `cells` (a part each day on which rewards closed, with all that were closed by then).
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from services.database.engine import Database
from services.experiment.model import Experiment, Group
from services.insights.cells import cell_table
from services.insights.looking import read_people
from services.insights.looks import People
from services.insights.shares import COUNT_COLUMNS, OPTION_PREFIX, count_options
from services.lake import Lake

COUNTS, CELLS = "option_counts", "cells"


def record_pictures(database: Database, lake: Lake, experiment: Experiment) -> None:
    """Write the counts of every decision day and the newest cells, where they are missing."""
    done = set(lake.days(COUNTS, experiment.id))
    for day in lake.days("decisions", experiment.id):
        if day not in done:
            counts = count_options(lake.load(lake.parts("decisions", experiment.id, day)))
            lake.append(COUNTS, experiment.id, day, counts)
    closed = closed_until(lake, experiment.id)
    if closed is None or closed in lake.days(CELLS, experiment.id):
        return
    found = compute_cells(database, lake, experiment)
    if found is not None:
        lake.append(CELLS, experiment.id, closed, pa.Table.from_pandas(found, preserve_index=False))


def read_counts(lake: Lake, experiment_id: str, since: date | None = None) -> pd.DataFrame:
    """Option counts of all decision days from `since` on; a day not yet counted is counted here."""
    parts = lake.parts(COUNTS, experiment_id, since=since)
    counted = {part.day for part in parts}
    tables = [lake.load(parts)] if parts else []
    for part in lake.parts("decisions", experiment_id, since=since):
        if part.day not in counted:
            tables.append(count_options(lake.load([part])))
    tables = [table for table in tables if table.num_rows]
    if not tables:
        return pd.DataFrame(columns=list(COUNT_COLUMNS))
    found: pd.DataFrame = pa.concat_tables(tables, promote_options="permissive").to_pandas()
    return found


def closed_until(lake: Lake, experiment_id: str, until: date | None = None) -> date | None:
    """The newest day on which rewards closed, up to `until`; None before the first."""
    days = [
        date.fromisoformat(str(part.meta.get("closed_on", part.day)))
        for part in lake.parts("rewards", experiment_id)
    ]
    return max((day for day in days if until is None or day <= until), default=None)


def compute_cells(
    database: Database, lake: Lake, experiment: Experiment, until: date | None = None
) -> pd.DataFrame | None:
    """Cells of all varied dimensions from rewards closed by `until`; None where there are none.

    Columns: dimension, segment and option (keys), and those of `cells.cell_table`.
    """
    people = read_people(database, lake, experiment)
    if people is None or not people.segments:
        return None
    dimensions = [d for d in experiment.send_dimensions if len(d.options) > 1]
    keys = {d.key: [option.key for option in d.options] for d in dimensions}
    person, value, chosen = _random_decisions(lake, experiment.id, keys, until)
    if len(person) == 0:
        return None
    ids, place = np.unique(person, return_inverse=True)
    inside = _inside(people, ids)
    tables = [
        cell_table(place, chosen[key], value, inside, options).assign(dimension=key)
        for key, options in keys.items()
    ]
    return pd.concat(tables, ignore_index=True) if tables else None


def _random_decisions(
    lake: Lake, experiment_id: str, keys: dict[str, list[str]], until: date | None
) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Person, reward and option of the random group's closed decisions, a day at a time: only a
    tenth of a day's rows is ever kept."""
    people, values = [np.empty(0, np.int64)], [np.empty(0)]
    options: dict[str, list[np.ndarray]] = {key: [np.empty(0, np.int64)] for key in keys}
    columns = ["decision_id", "person", "grp", *(f"{OPTION_PREFIX}{key}" for key in keys)]
    for day in lake.days("rewards", experiment_id):
        rewards = lake.load(
            lake.parts("rewards", experiment_id, day), ["decision_id", "value", "closed_on"]
        )
        if until is not None:
            rewards = rewards.filter(pc.less_equal(rewards["closed_on"], pa.scalar(until)))
        made = lake.load(lake.parts("decisions", experiment_id, day), columns)
        if rewards.num_rows == 0 or made.num_rows == 0:
            continue
        made = made.filter(pc.equal(made["grp"], Group.RANDOM.value))
        at = pc.index_in(made["decision_id"], value_set=rewards["decision_id"].combine_chunks())
        made, at = made.filter(pc.is_valid(at)), at.drop_null()
        people.append(made["person"].to_numpy())
        values.append(rewards["value"].take(at).to_numpy())
        for key, known in keys.items():
            code = pc.index_in(made[f"{OPTION_PREFIX}{key}"], value_set=pa.array(known))
            options[key].append(pc.fill_null(code, -1).to_numpy().astype(np.int64))
    joined = {key: np.concatenate(parts) for key, parts in options.items()}
    return np.concatenate(people), np.concatenate(values), joined


def _inside(people: People, ids: np.ndarray) -> dict[str, np.ndarray]:
    place = np.minimum(np.searchsorted(people.person, ids), len(people.person) - 1)
    known = people.person[place] == ids
    return {key: members[place] & known for key, members in people.segments.items()}
