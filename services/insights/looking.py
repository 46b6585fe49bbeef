"""Take every look that is due and write it down: the last stage of a day's outcomes."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.database.engine import Database
from services.experiment.model import Experiment
from services.insights.looks import GROUPS, People, take_look
from services.insights.phases import as_of, phase_of
from services.insights.segments import define_segments, members
from services.lake import Lake
from services.outcomes import store

_GROUP_NAMES = pa.array([group.value for group in GROUPS], pa.string())


def record_looks(
    database: Database, lake: Lake, experiment: Experiment, *, until: date | None = None
) -> tuple[date, ...]:
    """Write the `looks` part of every closed day that has none, oldest first; returns those days.

    Looks are one day apart without gaps, because the critical value of a day needs the one before.
    They go on through changed rules; a changed question starts a new clock (phases.py).
    Safe to repeat. Raises DataError where a facts file cannot be read.
    """
    closed = [d for d in lake.days("outcomes", experiment.id) if until is None or d <= until]
    done = lake.latest_day("looks", experiment.id)
    due = [d for d in closed if done is None or d > done]
    if not due:
        return ()
    everybody = read_people(database, lake, experiment)
    if everybody is None:
        return ()
    phase = phase_of(experiment, lake.parts("looks", experiment.id), closed, due)
    people = as_of(everybody, phase.first_day)
    outcomes = lake.read("outcomes", experiment.id, since=phase.first_day, until=due[-1])
    past = lake.load(phase.parts)
    for day in due:
        look = take_look(experiment, people, outcomes, past, first_day=phase.first_day, day=day)
        lake.append(
            "looks",
            experiment.id,
            day,
            look,
            meta={
                "configuration": experiment.configuration_hash(),
                "question": phase.question,
                "first_day": phase.first_day.isoformat(),
            },
        )
        past = pa.concat_tables([past, look]) if past.num_rows else look
    return tuple(due)


def read_people(database: Database, lake: Lake, experiment: Experiment) -> People | None:
    """Everybody assigned with covariates and segments as at entry; None before anybody entered."""
    assigned = store.assignments(database, experiment.id)
    if assigned.num_rows == 0:
        return None
    parts = lake.parts("entries", experiment.id)
    entries = lake.load(parts)
    covariate: dict[str, np.ndarray] = {}
    segments: dict[str, np.ndarray] = {}
    if entries.num_rows:
        order = pc.index_in(assigned["person"], value_set=entries["person"].combine_chunks())
        entries = entries.take(order)
        covariate = {
            name.removeprefix("x:"): entries[name].to_numpy(zero_copy_only=False).astype(float)
            for name in entries.column_names
            if name.startswith("x:")
        }
        cuts = define_segments(lake.load(parts[:1]))
        inside = members(cuts, entries)
        segments = {cut.key: inside[:, place] for place, cut in enumerate(cuts)}
    return People(
        assigned["person"].to_numpy(),
        pc.index_in(assigned["grp"], value_set=_GROUP_NAMES).to_numpy().astype(np.int8),
        assigned["entered_on"].to_numpy(),
        covariate,
        segments,
    )
