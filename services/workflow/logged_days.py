"""The decisions of past days with closed rewards, as judging other rules needs them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from services.audience.features import FeatureSpec, matrix
from services.decision.choosing import propensities
from services.decision.model import Draws, Reward, Space
from services.errors import DataError
from services.experiment.model import Experiment, Group
from services.insights.judging_rules import LoggedDay
from services.lake import Lake
from services.messages import msg
from services.workflow.eligible_sets import KIND as ELIGIBLE_SETS
from services.workflow.eligible_sets import sets_of
from services.workflow.group_choices import DayTerms
from services.workflow.priors import reward_of, stored_json
from services.workflow.spaces import NOTHING, SEND

MOST_DECISIONS = 60_000  # a tenth of a gigabyte at 144 combinations; intervals hardly narrow beyond
CLOSE = 1e-9  # between a chance worked out again and the logged one
_SPREAD = 2_654_435_761  # Knuth's multiplicative hash: neighbouring people fall far apart
JUDGED = (Group.PERSONALISED.value, Group.RANDOM.value)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class JudgedDay:
    """One logged day with what each choice's chance was, and what it would have cost.

    logged    what `judge_rules` takes; chances float64 (n, n_combinations), as they were logged
    people    int64 (n,); costs float64 (n_combinations,); silent bool, same shape: sends nothing
    by_lot    bool (n,): the random group, whose choices were left to chance alone
    """

    logged: LoggedDay
    chances: Floats
    people: npt.NDArray[np.int64]
    costs: Floats
    silent: npt.NDArray[np.bool_]
    by_lot: npt.NDArray[np.bool_]


def logged_days(
    lake: Lake, experiment: Experiment, *, most: int = MOST_DECISIONS
) -> tuple[list[JudgedDay], float]:
    """Every decided day whose rewards are closed, and the share of people it is about.

    Where there are more than `most` decisions, the same part of the people on every day is taken,
    by a hash of who they are. Raises DataError where a fact of such a day is gone or contradicts.
    """
    days = lake.days("rewards", experiment.id)
    parts = [part for day in days for part in lake.parts("decisions", experiment.id, day)[:1]]
    n = sum(part.n_rows for part in parts)
    share = min(1.0, most / n) if n else 1.0
    found = [_read(lake, experiment, part.day, part.meta, share) for part in parts]
    return [day for day in found if len(day.people)], share


def _read(
    lake: Lake, experiment: Experiment, day: date, meta: Mapping[str, Any], share: float
) -> JudgedDay:
    id = experiment.id
    rows = lake.load(lake.parts("decisions", id, day)[:1])
    rewards = lake.load(lake.parts("rewards", id, day))
    rewards = rewards.filter(pc.invert(rewards["late"]))
    rows = rows.filter(pc.is_in(rows["grp"], value_set=pa.array(JUDGED)))
    if share < 1.0:
        rows = rows.filter(pa.array(_drawn(rows["person"].to_numpy(), share)))
    at = pc.index_in(rows["decision_id"], value_set=rewards["decision_id"].combine_chunks())
    rows, at = rows.filter(pc.is_valid(at)), at.filter(pc.is_valid(at))
    space = Space.from_json(stored_json(meta["space"]))
    spec = FeatureSpec.from_json(stored_json(meta["features"]))
    people = np.asarray(rows["person"], dtype=np.int64)
    by_lot = np.array([group == Group.RANDOM.value for group in rows["grp"].to_pylist()], bool)
    eligible = _eligible(lake, id, day, rows, space.n_combinations)
    features = _features(lake, id, day, rows, spec)
    combination = np.asarray(rows["combination"], dtype=np.int64)
    propensity = np.asarray(rows["propensity"], dtype=np.float64)
    terms = DayTerms(
        space,
        Draws.from_columns(lake.load(lake.parts("draws", id, day)).to_pydict()),
        spec,
        not meta["uniform"],
        0,
    ).with_meta(meta)
    chances = _chances(terms, features, eligible, by_lot)
    if np.abs(chances[np.arange(len(people)), combination] - propensity).max(initial=0) > CLOSE:
        raise DataError(
            msg("The chances logged on {day} do not come out again.", day=day),
            hint=msg("Run: anneal replay --day {day}. Nothing was changed.", day=day.isoformat()),
        )
    reward = np.asarray(rewards["value"].take(at), dtype=np.float64)
    return JudgedDay(
        LoggedDay(
            day,
            space,
            spec.names,
            features,
            eligible,
            combination,
            propensity,
            _as_learnt(experiment, reward),
        ),
        chances,
        people,
        np.asarray(space.costs, dtype=np.float64),
        np.array([space.keys(c).get(SEND) == NOTHING for c in range(space.n_combinations)], bool),
        by_lot,
    )


def _as_learnt(experiment: Experiment, reward: Floats) -> Floats:
    """The reward as the engine's own model takes it: at least one, or the amount."""
    match reward_of(experiment):
        case Reward.BINARY:
            return np.minimum(reward, 1.0)
        case Reward.REVENUE:
            return np.maximum(reward, 0.0)
        case _:
            return reward


def _drawn(people: npt.NDArray[np.int64], share: float) -> npt.NDArray[np.bool_]:
    mixed = (people.astype(np.uint64) * np.uint64(_SPREAD)) % np.uint64(2**32)
    return np.asarray(mixed < np.uint64(share * 2**32))


def _eligible(
    lake: Lake, id: str, day: date, rows: pa.Table, n_combinations: int
) -> npt.NDArray[np.bool_]:
    sets = sets_of(lake.load(lake.parts(ELIGIBLE_SETS, id, day)), n_combinations)
    hashes = rows["eligible_hash"].to_pylist()
    if not set(hashes) <= set(sets):
        raise _gone(day)
    return np.array([sets[name] for name in hashes]).reshape(-1, n_combinations)


def _features(
    lake: Lake, id: str, day: date, rows: pa.Table, spec: FeatureSpec
) -> npt.NDArray[np.float32]:
    snapshot = lake.load(lake.parts("snapshots", id, day))
    if snapshot.num_rows == 0:
        raise _gone(day)
    at = pc.index_in(rows["person"], value_set=snapshot["person"].combine_chunks())
    if at.null_count:
        raise _gone(day)
    return matrix(spec, snapshot.take(at))


def _chances(
    terms: DayTerms,
    features: npt.NDArray[np.float32],
    eligible: npt.NDArray[np.bool_],
    by_lot: npt.NDArray[np.bool_],
) -> Floats:
    weight = eligible * (1.0 if terms.weights is None else terms.weights)
    found = np.asarray(weight / np.maximum(weight.sum(axis=1, keepdims=True), 1e-300))
    mine = np.flatnonzero(~by_lot)
    if terms.learnt and len(mine):
        found[mine] = propensities(
            terms.draws,
            terms.space,
            features[mine],
            eligible[mine],
            terms.epsilon,
            names=terms.spec.names,
            prices=terms.prices,
            least=terms.least,
        )
    return found


def _gone(day: date) -> DataError:
    return DataError(
        msg("The facts {day} was decided from are not all stored.", day=day),
        hint=msg("Restore the facts of that day from a backup."),
    )
