"""Gather what the random group showed: its decisions, their closed rewards, its segments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from services.experiment.model import Experiment, Group
from services.insights.cells import option_cells
from services.insights.looks import GROUPS, People
from services.insights.segments import segment_of
from services.insights.shares import OPTION_PREFIX
from services.lake import Lake


@dataclass(frozen=True)
class Cells:
    """Cells of one dimension, the last decision day in them, and the people of the group."""

    cells: pd.DataFrame
    until: date | None
    n_people: int


def read_cells(
    lake: Lake, experiment: Experiment, people: People, dimension: str, *, first_day: date
) -> Cells:
    """Each option of a dimension in each segment, from closed rewards of the random group.

    dimension  key of a send dimension; `first_day` is the experiment's day 1

    Segments carry their key as label; options their label in the experiment. Coloured only once the
    last planned day's decisions are closed.
    """
    decided = next((d for d in experiment.send_dimensions if d.key == dimension), None)
    in_group = people.group == GROUPS.index(Group.RANDOM)
    labels = [] if decided is None else [option.label for option in decided.options]
    days = lake.days("rewards", experiment.id)
    frame = _closed(lake, experiment.id, dimension, days)
    if decided is not None:
        frame["option"] = frame["option"].map({o.key: o.label for o in decided.options})
    segments = {
        str(segment_of(key).label): people.person[inside & in_group]
        for key, inside in people.segments.items()
    }
    planned_end = first_day + timedelta(days=7 * experiment.planned_weeks - 1)
    finished = bool(days) and days[-1] >= planned_end
    cells = option_cells(frame, segments, labels, finished=finished)
    return Cells(cells, days[-1] if days else None, int(in_group.sum()))


def _closed(lake: Lake, experiment_id: str, dimension: str, days: list[date]) -> pd.DataFrame:
    column = OPTION_PREFIX + dimension
    empty = pd.DataFrame(
        {
            "person": np.empty(0, np.int64),
            "option": np.empty(0, object),
            "value": np.empty(0),
        }
    )
    if not days:
        return empty
    made = lake.read(
        "decisions",
        experiment_id,
        until=days[-1],
        columns=["decision_id", "person", "grp", column],
    )
    rewards = lake.read("rewards", experiment_id, columns=["decision_id", "value"])
    if made.num_rows == 0 or rewards.num_rows == 0 or column not in made.column_names:
        return empty
    made = made.filter(pc.equal(made["grp"], Group.RANDOM.value))
    place = pc.index_in(made["decision_id"], value_set=rewards["decision_id"].combine_chunks())
    sent = pc.is_valid(place)
    made, place = made.filter(sent), place.filter(sent)
    return pd.DataFrame(
        {
            "person": made["person"].to_numpy(),
            "option": made[column].to_numpy(zero_copy_only=False),
            "value": rewards["value"].take(place).to_numpy(),
        }
    )
