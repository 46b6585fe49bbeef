"""Decide one day of an experiment: who gets which combination, when, and with what chance.

A pure function of what is durable already (snapshot, belief, configuration, groups), so doing it
again after a crash gives the same rows; and once the day's part is there, it is not done again.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from services.activation.calendar import send_times
from services.audience.eligibility import channel_consent
from services.audience.features import fit, matrix
from services.bootstrap import Console, Workplace
from services.decision.choosing import EPSILON_SHARE, choose, choose_uniform, sample_draws
from services.decision.model import Choices, Draws, Space
from services.errors import DataError
from services.experiment.combinations import Combinations, allowed, eligible
from services.experiment.model import Experiment, Group
from services.messages import msg
from services.workflow.beliefs import KeptBelief, keep_belief, latest_belief
from services.workflow.cycles.store import Progress
from services.workflow.due import (
    Due,
    NotDue,
    after_gap,
    due_people,
    hour_options,
    hours_of,
    skip_table,
)
from services.workflow.people.store import assigned
from services.workflow.priors import first_belief
from services.workflow.seeds import day_seed
from services.workflow.spaces import space_of

ID_BYTES = 16
SLOT = 0  # one message a person and day over all experiments

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Decided:
    """What deciding a day came to."""

    n_decided: int
    n_skipped: int
    by_group: dict[str, int]
    reasons: dict[str, int]


@dataclass(frozen=True)
class Proposed:
    """A day's decisions before they are kept: tables as the lake holds them, and their meta."""

    decisions: pa.Table
    skips: pa.Table
    draws: Draws
    meta: dict[str, object]


@dataclass(frozen=True)
class _Chosen:
    rows: np.ndarray  # rows of the due people, int64
    choices: Choices


def decide(place: Workplace, experiment: Experiment, day: date, progress: Progress) -> Decided:
    """Decide the day once; asked again, return what was decided.

    Raises DataError where the day has no snapshot: without one nobody is decided for.
    """
    lake = place.console.lake
    parts = lake.parts("decisions", experiment.id, day)
    if not parts:
        _decide_anew(place, experiment, day, progress)
        parts = lake.parts("decisions", experiment.id, day)
    made = lake.load(parts, ["grp"])
    skipped = lake.load(lake.parts("skips", experiment.id, day), ["reason"])
    return Decided(
        made.num_rows,
        skipped.num_rows,
        _counts(made, "grp"),
        _counts(skipped, "reason"),
    )


def _decide_anew(place: Workplace, experiment: Experiment, day: date, progress: Progress) -> None:
    console = place.console
    lake = console.lake
    snapshot = lake.load(lake.parts("snapshots", experiment.id, day))
    if snapshot.num_rows == 0:
        raise DataError(
            msg("There is no complete export for {day}, so nobody is decided for.", day=day),
            hint=msg("Run the audience stage again; nothing is sent until it is there."),
        )
    kept = latest_belief(lake, experiment.id, until=day)
    if kept is None:
        spec = fit(snapshot)
        first = first_belief(console, experiment, day, spec)
        kept = keep_belief(lake, experiment.id, day, first, spec, "")
    members = assigned(console.database, experiment.id)
    progress.advance(0, members.num_rows)
    proposed = propose(console, experiment, day, snapshot, members, kept)
    lake.append("draws", experiment.id, day, pa.table(proposed.draws.to_columns()))
    lake.append("skips", experiment.id, day, proposed.skips)
    lake.append("decisions", experiment.id, day, proposed.decisions, meta=proposed.meta)


def propose(
    console: Console,
    experiment: Experiment,
    day: date,
    snapshot: pa.Table,
    members: pa.Table,
    kept: KeptBelief,
    *,
    keep: bool = True,
) -> Proposed:
    """What would be decided for `members` on `day`, from a snapshot and a belief.

    Writes nothing, except the weekly choice of rhythm where `keep` is left True.
    """
    due = due_people(console, experiment, day, snapshot, members, keep=keep)
    combinations = allowed(experiment, day)
    space = space_of(combinations)
    may = eligible(
        combinations,
        experiment,
        due.table,
        channel_consent(due.table, experiment.audience.sms_consent_attribute),
    )
    may &= after_gap(console, experiment, combinations, due, day)
    seed = day_seed(experiment, day)
    draws = sample_draws(kept.belief, space, seed)
    chosen = _choose(experiment, kept, draws, combinations, space, due, may, seed)
    decisions, left_out = _rows(console, experiment, combinations, due, chosen, kept, day, seed)
    meta = {
        "space": json.loads(space.to_json()),
        "epsilon": EPSILON_SHARE,
        "n_draws": len(draws.coefficients),
        "features": json.loads(kept.spec.to_json()),
        "belief": kept.digest,
        "uniform": not kept.belief.learnt,
    }
    return Proposed(decisions, pa.concat_tables([due.skips, left_out]), draws, meta)


def decision_ids(experiment_id: str, people: np.ndarray, day: date) -> list[str]:
    """blake2b of (experiment, surrogate, decision date, slot), 32 hex digits each."""
    head = f"{experiment_id}/"
    tail = f"/{day.isoformat()}/{SLOT}"
    return [
        hashlib.blake2b(f"{head}{p}{tail}".encode(), digest_size=ID_BYTES).hexdigest()
        for p in people.tolist()
    ]


def _choose(
    experiment: Experiment,
    kept: KeptBelief,
    draws: Draws,
    combinations: Combinations,
    space: Space,
    due: Due,
    may: Bools,
    seed: int,
) -> list[_Chosen]:
    chosen = []
    for group in (Group.PERSONALISED, Group.RANDOM, Group.USUAL):
        rows = np.flatnonzero(due.groups == group.value)
        if len(rows) == 0:
            continue
        people = due.people[rows]
        if group is Group.USUAL:
            choices = _usual(experiment, combinations, may[rows])
        elif group is Group.RANDOM or not kept.belief.learnt:
            choices = choose_uniform(may[rows], seed, people=people)
        else:
            features = matrix(kept.spec, due.table.take(pa.array(rows)))
            choices = choose(
                draws, space, features, may[rows], seed, people=people, names=kept.spec.names
            )
        chosen.append(_Chosen(rows, choices))
    return chosen


def _usual(experiment: Experiment, combinations: Combinations, may: Bools) -> Choices:
    wanted = experiment.groups.usual_combination or {}
    sends = {d.key: wanted.get(d.key, "") for d in experiment.send_dimensions}
    at = combinations.index(sends)
    only = np.zeros_like(may)
    if at is not None:
        only[:, at] = may[:, at]
    return choose_uniform(only, 0)


def _rows(
    console: Console,
    experiment: Experiment,
    combinations: Combinations,
    due: Due,
    chosen: list[_Chosen],
    kept: KeptBelief,
    day: date,
    seed: int,
) -> tuple[pa.Table, pa.Table]:
    rows = np.concatenate([c.rows for c in chosen]) if chosen else np.zeros(0, np.int64)
    choices = (
        Choices.joined([c.choices for c in chosen])
        if chosen
        else choose_uniform(np.zeros((0, len(combinations)), bool), seed)
    )
    hours = hours_of(experiment, combinations, choices.combination)
    zones = due.table.column("time_zone").take(pa.array(rows)).to_pylist()
    at = send_times(
        day,
        hours,
        zones,
        experiment.zone,
        console.clock.now(),
        hour_options=hour_options(experiment),
    )
    nothing = choices.combination < 0
    late = np.isnat(at) & ~nothing
    keep = ~nothing & ~late
    people = due.people[rows]
    kept_rows = np.flatnonzero(keep)
    options = combinations.options[np.maximum(choices.combination, 0)][kept_rows]
    columns: dict[str, pa.Array] = {
        "decision_id": pa.array(decision_ids(experiment.id, people[keep], day), pa.string()),
        "person": pa.array(people[keep], pa.int64()),
        "day": pa.array([day] * len(kept_rows), pa.date32()),
        "slot": pa.array(np.full(len(kept_rows), SLOT, np.int8)),
        "grp": pa.array(due.groups[rows][keep].tolist(), pa.string()),
        "combination": pa.array(choices.combination[keep], pa.int32()),
    }
    for i, (dimension, keys) in enumerate(
        zip(combinations.dimensions, combinations.option_keys, strict=True)
    ):
        names = np.array(keys, dtype=object)[options[:, i]]
        columns[f"opt:{dimension}"] = pa.array(names.tolist(), pa.string())
    columns |= {
        "propensity": pa.array(choices.propensity[keep], pa.float64()),
        "n_eligible": pa.array(choices.n_eligible[keep], pa.int32()),
        "eligible_hash": pa.array(choices.eligible_hash[keep].tolist(), pa.string()),
        "score": pa.array(choices.score[keep], pa.float32()),
        "draw": pa.array(choices.draw[keep], pa.int16()),
        "seed": pa.array(np.full(len(kept_rows), seed), pa.int64()),
        "belief_version": pa.array(np.full(len(kept_rows), kept.belief.version), pa.int32()),
        "config_hash": pa.array([experiment.configuration_hash()] * len(kept_rows), pa.string()),
        "send_at": pa.array(at[keep], pa.timestamp("us")).cast(pa.timestamp("us", "UTC")),
        "cadence": pa.array(due.cadence[rows][keep].tolist(), pa.string()),
    }
    skips = skip_table(
        np.concatenate([people[nothing], people[late]]),
        [NotDue.NO_OPTION.value] * int(nothing.sum())
        + [NotDue.HOUR_PASSED.value] * int(late.sum()),
    )
    return pa.table(columns), skips


def _counts(table: pa.Table, column: str) -> dict[str, int]:
    if table.num_rows == 0:
        return {}
    return {
        str(row["values"]): int(row["counts"]) for row in pc.value_counts(table[column]).to_pylist()
    }
