"""Recompute a day's logged decisions from the stored facts, and compare them bit by bit.

Nothing is taken from the state of today: snapshot, belief, draws, eligible sets and configuration
are those of the day. Chunks are independent, so any number of workers must give the same bits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from services.audience.eligibility import channel_consent
from services.audience.features import FeatureSpec
from services.bootstrap import Console
from services.compute import Compute, Serial
from services.decision.model import Choices, Draws, Space
from services.decision.replaying import Difference, Replay, compare, draws_agree
from services.errors import DataError
from services.experiment.combinations import Combinations, choices_of_day, judge
from services.experiment.model import Experiment
from services.experiment.none_left import usual_for
from services.experiment.store import experiment_row, load_version
from services.lake import Lake, Part
from services.messages import Message, msg
from services.workflow.beliefs import belief_named
from services.workflow.decision_rows import decision_ids, moments, option_columns
from services.workflow.eligible_sets import KIND as ELIGIBLE_SETS
from services.workflow.eligible_sets import sets_of
from services.workflow.group_choices import DayTerms, choose_in_groups
from services.workflow.priors import stored_json
from services.workflow.seeds import day_seed
from services.workflow.spaces import space_of

CHUNK_PEOPLE = 50_000

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class DayReplay:
    """How the replay of one experiment's day went.

    `different` decisions did not come out as logged; `first` says which was the first, and how.
    """

    experiment: str
    day: date
    decisions: int
    different: int
    first: Message | None

    @property
    def is_identical(self) -> bool:
        """Whether every decision came out as logged, to the last bit."""
        return self.first is None


@dataclass(frozen=True)
class _Chunk:
    """People of the log, with all that is needed to choose for them again, in any process."""

    terms: DayTerms
    people: npt.NDArray[np.int64]
    groups: npt.NDArray[np.object_]
    table: pa.Table
    eligible: Bools


@dataclass(frozen=True)
class _Logged:
    """The facts of one day."""

    experiment: Experiment
    meta: Mapping[str, Any]
    rows: pa.Table
    table: pa.Table
    combinations: Combinations
    space: Space
    draws: Draws
    eligible: Bools

    @property
    def people(self) -> npt.NDArray[np.int64]:
        return np.asarray(self.rows["person"], dtype=np.int64)


def replay_day(
    console: Console,
    experiment_id: str,
    day: date,
    *,
    compute: Compute | None = None,
    chunk_people: int = CHUNK_PEOPLE,
) -> DayReplay:
    """Choose again for everybody who was decided for on `day`, and compare every logged field.

    Raises DataError where nothing was decided or a fact of that day is gone.
    """
    lake = console.lake
    parts = lake.parts("decisions", experiment_id, day)
    if not parts:
        raise DataError(
            msg("Nothing was decided on {day}.", day=day),
            hint=msg("Days are counted in the experiment's own time zone."),
        )
    rows = lake.load(parts[:1])
    if rows.num_rows == 0:
        return DayReplay(experiment_id, day, 0, 0, None)
    logged = _read(console, experiment_id, day, parts[0], rows)
    terms = _terms(lake, logged, day)
    chunks = [
        _Chunk(
            terms,
            logged.people[start : start + chunk_people],
            np.array(rows["grp"][start : start + chunk_people].to_pylist(), dtype=object),
            logged.table.slice(start, chunk_people),
            logged.eligible[start : start + chunk_people],
        )
        for start in range(0, rows.num_rows, chunk_people)
    ]
    again = Choices.joined((compute or Serial()).map(_choose_again, chunks))
    found = compare(_choices(rows), again, logged.people)
    return _told(logged, found, _other_difference(logged, terms, again, day), day)


def _choose_again(chunk: _Chunk) -> Choices:
    return choose_in_groups(chunk.terms, chunk.people, chunk.groups, chunk.table, chunk.eligible)


def _read(console: Console, experiment_id: str, day: date, part: Part, rows: pa.Table) -> _Logged:
    lake = console.lake
    meta: Mapping[str, Any] = part.meta
    experiment = _configured(console, experiment_id, str(rows["config_hash"][0].as_py()))
    space = Space.from_json(stored_json(meta["space"]))
    snapshot = lake.load(lake.parts("snapshots", experiment_id, day))
    drawn = lake.load(lake.parts("draws", experiment_id, day))
    kept = lake.load(lake.parts(ELIGIBLE_SETS, experiment_id, day))
    if 0 in (snapshot.num_rows, drawn.num_rows, kept.num_rows) or "decided_at" not in meta:
        raise _gone(day)
    at = pc.index_in(rows["person"], value_set=snapshot["person"].combine_chunks())
    sets = sets_of(kept, space.n_combinations)
    hashes = rows["eligible_hash"].to_pylist()
    if at.null_count or not set(hashes) <= set(sets):
        raise _gone(day)
    return _Logged(
        experiment=experiment,
        meta=meta,
        rows=rows,
        table=snapshot.take(at),
        combinations=choices_of_day(experiment, day),
        space=space,
        draws=Draws.from_columns(drawn.to_pydict()),
        eligible=np.array([sets[name] for name in hashes]),
    )


def _configured(console: Console, experiment_id: str, digest: str) -> Experiment:
    newest = experiment_row(console.database, experiment_id).version or 0
    for version in range(newest, 0, -1):
        found = load_version(console.database, experiment_id, version)
        if found.configuration_hash() == digest:
            return found
    raise DataError(
        msg("The configuration these decisions were made with is not stored."),
        hint=msg("Restore the database from a backup."),
    )


def _terms(lake: Lake, logged: _Logged, day: date) -> DayTerms:
    meta, id = logged.meta, logged.experiment.id
    belief = belief_named(lake, id, str(meta["belief"]), until=day).belief
    seed = day_seed(logged.experiment, day)
    if not draws_agree(belief, logged.space, seed, logged.draws):
        raise DataError(
            msg("The draws kept for {day} are not those that belief and seed give.", day=day),
            hint=msg("Nothing was changed. Restore the facts of that day from a backup."),
        )
    terms = DayTerms(
        space=logged.space,
        draws=logged.draws,
        spec=FeatureSpec.from_json(stored_json(meta["features"])),
        learnt=belief.learnt,
        seed=seed,
    )
    return terms.with_meta(meta)


def _choices(rows: pa.Table) -> Choices:
    return Choices(
        combination=np.asarray(rows["combination"], dtype=np.int32),
        propensity=np.asarray(rows["propensity"], dtype=np.float64),
        draw=np.asarray(rows["draw"], dtype=np.int16),
        score=np.asarray(rows["score"], dtype=np.float32),
        n_eligible=np.asarray(rows["n_eligible"], dtype=np.int32),
        eligible_hash=np.array(rows["eligible_hash"].to_pylist(), dtype=object),
    )


def _other_difference(
    logged: _Logged, terms: DayTerms, again: Choices, day: date
) -> Difference | None:
    """The first difference in what stands in the log besides the choice itself."""
    rows, experiment = logged.rows, logged.experiment
    now = datetime.fromisoformat(str(logged.meta["decided_at"]))
    at = moments(experiment, logged.combinations, logged.table, again.combination, day, now)
    for name, recomputed in (
        ("decision_id", decision_ids(experiment.id, logged.people, day)),
        ("seed", [terms.seed] * rows.num_rows),
        ("send_at", at.astype("datetime64[us]").astype(np.int64).tolist()),
        ("config_hash", [experiment.configuration_hash()] * rows.num_rows),
        *_options(logged, again),
    ):
        column = rows[name].cast(pa.int64()) if name == "send_at" else rows[name]
        for row, (before, now_) in enumerate(zip(column.to_pylist(), recomputed, strict=True)):
            if before != now_:
                return Difference(row, int(logged.people[row]), name, before, now_)
    return None


def _options(logged: _Logged, again: Choices) -> list[tuple[str, list[str | None]]]:
    found = option_columns(logged.combinations, again.combination)
    return [(name, column.to_pylist()) for name, column in found.items()]


def _told(logged: _Logged, found: Replay, other: Difference | None, day: date) -> DayReplay:
    first = found.first.message() if found.first else other.message() if other else None
    if first is None:
        first = _against_the_rules(logged)
    different = found.n_different or int(first is not None)
    return DayReplay(logged.experiment.id, day, found.n_decisions, different, first)


def _against_the_rules(logged: _Logged) -> Message | None:
    """Whether the day's combinations and eligible sets are such as the configuration allows."""
    experiment, table = logged.experiment, logged.table
    if space_of(logged.combinations).to_json() != logged.space.to_json():
        return msg("The combinations of the day are not those the configuration allows.")
    consent = channel_consent(table, experiment.audience.sms_consent_attribute)
    judged = judge(logged.combinations, experiment, table, consent)
    may = judged.matrix() | usual_for(experiment, logged.combinations, judged)
    wrong = np.flatnonzero((logged.eligible & ~may).any(axis=1))
    if len(wrong) == 0:
        return None
    return msg(
        "Decision {row}: a combination counted as eligible that the rules forbid.",
        row=int(wrong[0]),
    )


def _gone(day: date) -> DataError:
    return DataError(
        msg(
            "The facts {day} was decided from are not all stored, so it cannot be replayed.",
            day=day,
        ),
        hint=msg("Restore the facts of that day from a backup."),
    )
