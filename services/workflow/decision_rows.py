"""A day's choices as rows of the `decisions` facts, and those who got nothing as `skips`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from services.activation.calendar import send_times
from services.decision.model import Choices
from services.experiment.combinations import Combinations
from services.experiment.model import Experiment, Group
from services.workflow.due import Due, NotDue, hour_options, hours_of, skip_table

ID_BYTES = 16
SLOT = 0  # one message a person and day over all experiments
ROW_ORDER = (Group.PERSONALISED.value, Group.RANDOM.value, Group.USUAL.value)


@dataclass(frozen=True)
class Stamp:
    """What every row of one day says alike."""

    day: date
    seed: int
    belief_version: int
    config_hash: str
    now: datetime


def decision_rows(
    experiment: Experiment,
    combinations: Combinations,
    due: Due,
    choices: Choices,
    why_none: npt.NDArray[np.object_],
    stamp: Stamp,
) -> tuple[pa.Table, pa.Table]:
    """(decisions, skips) from one choice for each of the due people, in their order.

    why_none  object (n_people,): code of the reason where nothing could be chosen
    """
    at = moments(experiment, combinations, due.table, choices.combination, stamp.day, stamp.now)
    nothing = choices.combination < 0
    late = np.isnat(at) & ~nothing
    keep = ~nothing & ~late
    rows = np.concatenate([np.flatnonzero(keep & (due.groups == group)) for group in ROW_ORDER])
    people, n = due.people, len(rows)
    columns: dict[str, pa.Array] = {
        "decision_id": pa.array(decision_ids(experiment.id, people[rows], stamp.day), pa.string()),
        "person": pa.array(people[rows], pa.int64()),
        "day": pa.array([stamp.day] * n, pa.date32()),
        "slot": pa.array(np.full(n, SLOT, np.int8)),
        "grp": pa.array(due.groups[rows].tolist(), pa.string()),
        "combination": pa.array(choices.combination[rows], pa.int32()),
    }
    columns |= option_columns(combinations, choices.combination[rows])
    columns |= {
        "propensity": pa.array(choices.propensity[rows], pa.float64()),
        "n_eligible": pa.array(choices.n_eligible[rows], pa.int32()),
        "eligible_hash": pa.array(choices.eligible_hash[rows].tolist(), pa.string()),
        "score": pa.array(choices.score[rows], pa.float32()),
        "draw": pa.array(choices.draw[rows], pa.int16()),
        "seed": pa.array(np.full(n, stamp.seed), pa.int64()),
        "belief_version": pa.array(np.full(n, stamp.belief_version), pa.int32()),
        "config_hash": pa.array([stamp.config_hash] * n, pa.string()),
        "send_at": pa.array(at[rows], pa.timestamp("us")).cast(pa.timestamp("us", "UTC")),
        "cadence": pa.array(due.cadence[rows].tolist(), pa.string()),
    }
    skips = skip_table(
        np.concatenate([people[nothing], people[late]]),
        why_none[nothing].tolist() + [NotDue.HOUR_PASSED.value] * int(late.sum()),
    )
    return pa.table(columns), skips


def option_columns(
    combinations: Combinations, chosen: npt.NDArray[np.int32]
) -> dict[str, pa.Array]:
    """One column a dimension with the keys of the chosen options, null where nothing is sent."""
    options = combinations.options[chosen]
    return {
        f"opt:{dimension}": pa.array(
            np.array([*keys, None], dtype=object)[options[:, i]].tolist(), pa.string()
        )
        for i, (dimension, keys) in enumerate(
            zip(combinations.dimensions, combinations.option_keys, strict=True)
        )
    }


def moments(
    experiment: Experiment,
    combinations: Combinations,
    table: pa.Table,
    chosen: npt.NDArray[np.int32],
    day: date,
    now: datetime,
) -> npt.NDArray[np.datetime64]:
    """When each choice goes out, datetime64 (n,) in UTC; NaT where no hour of the day is left.

    table   the people's rows of the snapshot; chosen int32 (n,), rows of the combinations
    """
    return send_times(
        day,
        hours_of(experiment, combinations, chosen),
        table.column("time_zone").to_pylist(),
        experiment.zone,
        now,
        hour_options=hour_options(experiment),
    )


def decision_ids(experiment_id: str, people: npt.NDArray[np.int64], day: date) -> list[str]:
    """blake2b of (experiment, surrogate, decision date, slot), 32 hex digits each."""
    head = f"{experiment_id}/"
    tail = f"/{day.isoformat()}/{SLOT}"
    return [
        hashlib.blake2b(f"{head}{p}{tail}".encode(), digest_size=ID_BYTES).hexdigest()
        for p in people.tolist()
    ]
