"""How often each person hears from us: one choice a person-week, held for seven days.

Frequency and weekday are chosen together on a person's anchor day, and learnt from the total of
that person-week, apart from what is chosen at each send.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from services.audience.features import fit, matrix
from services.bootstrap import Console
from services.decision.cadence import (
    HOLD_DAYS,
    anchors,
    cadence_space,
    chooses_today,
    due,
    week_start,
)
from services.decision.choosing import choose, choose_uniform, sample_draws
from services.decision.learning import learn, prior
from services.decision.model import Choices, Reward, Space
from services.experiment.cadences import DAILY, Cadence, cadences
from services.experiment.model import Experiment, Group
from services.outcomes.model import OutcomeMetric
from services.workflow.beliefs import CADENCE_BELIEFS, KeptBelief, keep_belief, latest_belief
from services.workflow.priors import GUESSED_SHARE
from services.workflow.seeds import day_seed

Bools = npt.NDArray[np.bool_]
KIND = "cadences"


@dataclass(frozen=True)
class Rhythm:
    """For each person (row): whether today is one of the days, and the rhythm held."""

    due: Bools
    cadence: npt.NDArray[np.object_]


def rhythm_of_day(
    console: Console,
    experiment: Experiment,
    day: date,
    people: npt.NDArray[np.int64],
    groups: npt.NDArray[np.object_],
    snapshot: pa.Table,
    *,
    keep: bool = True,
) -> Rhythm:
    """Who is due today. Those whose week begins choose first, and the choice is written down
    unless this is a rehearsal (`keep` False)."""
    options = cadences(experiment, day)
    if [c.key for c in options] == [DAILY]:
        return Rhythm(np.ones(len(people), bool), np.full(len(people), DAILY, dtype=object))
    held = _held(console, experiment, day)
    if not console.lake.parts(KIND, experiment.id, day):
        chosen = _choose(
            console, experiment, day, people, groups, snapshot, options, held, keep=keep
        )
        if keep:
            meta = {"cadences": [c.key for c in options]}
            console.lake.append(KIND, experiment.id, day, chosen, meta=meta)
        held |= _as_held(chosen)
    cadence = np.array([held.get(p, ("", 0))[0] for p in people.tolist()], dtype=object)
    is_due = np.array([bool(c) and due(c, day) for c in cadence], dtype=bool)
    return Rhythm(is_due, cadence)


def learn_rhythms(console: Console, experiment: Experiment, day: date) -> int:
    """Learn from person-weeks whose days are all closed; how many person-weeks that were.

    A week's reward is the person's total of the primary metric in it.
    """
    lake = console.lake
    kept = latest_belief(lake, experiment.id, until=day, kind=CADENCE_BELIEFS)
    closed = lake.latest_day("outcomes", experiment.id)
    if kept is None or closed is None:
        return 0
    n = 0
    for started in lake.days(KIND, experiment.id):
        if started.toordinal() <= kept.belief.last_day:
            continue
        if started + timedelta(days=HOLD_DAYS - 1) > closed:
            break
        kept, learnt = _learn_week(console, experiment, day, kept, started)
        n += learnt
    return n


def _choose(
    console: Console,
    experiment: Experiment,
    day: date,
    people: npt.NDArray[np.int64],
    groups: npt.NDArray[np.object_],
    snapshot: pa.Table,
    options: tuple[Cadence, ...],
    held: Mapping[int, tuple[str, int]],
    *,
    keep: bool,
) -> pa.Table:
    since = np.array([held.get(p, ("", 0))[1] for p in people.tolist()], dtype=np.int64)
    here = np.asarray(snapshot["person"], dtype=np.int64)
    now = chooses_today(people, experiment.salt, day, since) & np.isin(people, here)
    who, group = people[now], groups[now]
    rows = pc.index_in(pa.array(who), value_set=snapshot["person"].combine_chunks())
    table = snapshot.take(rows)
    space = cadence_space(tuple(c.key for c in options))
    seed = day_seed(experiment, day, "cadence")
    kept = latest_belief(console.lake, experiment.id, until=day, kind=CADENCE_BELIEFS)
    if kept is None:
        kept = _first_belief(console, experiment, day, space, snapshot, keep=keep)
    may = np.ones((len(who), len(options)), bool)
    usual = group == Group.USUAL.value
    may[usual] = _usual(experiment, options)
    choices = choose_uniform(may, seed, people=who)
    if kept.belief.learnt:
        draws = sample_draws(kept.belief, space, seed)
        mine = group == Group.PERSONALISED.value
        features = matrix(kept.spec, table)
        chosen = choose(draws, space, features, may, seed, people=who, names=kept.spec.names)
        choices = _where(mine, chosen, choices)
    starts = [week_start(int(a), day) for a in anchors(who, experiment.salt)]
    return pa.table(
        {
            "person": pa.array(who, pa.int64()),
            "week_start": pa.array(starts, pa.date32()),
            "cadence": pa.array([options[i].key for i in choices.combination], pa.string()),
            "combination": pa.array(choices.combination, pa.int32()),
            "grp": pa.array(group.tolist(), pa.string()),
            "propensity": pa.array(choices.propensity, pa.float64()),
            "seed": pa.array(np.full(len(who), seed), pa.int64()),
            "belief_version": pa.array(np.full(len(who), kept.belief.version), pa.int32()),
        }
    )


def _first_belief(
    console: Console,
    experiment: Experiment,
    day: date,
    space: Space,
    snapshot: pa.Table,
    *,
    keep: bool,
) -> KeptBelief:
    spec = fit(snapshot)
    start = prior(
        space, spec.names, GUESSED_SHARE, reward=Reward.SIGNED, attributes=spec.attributes
    )
    if not keep:
        return KeptBelief(start, spec, "")
    return keep_belief(console.lake, experiment.id, day, start, spec, "", kind=CADENCE_BELIEFS)


def _learn_week(
    console: Console, experiment: Experiment, day: date, kept: KeptBelief, started: date
) -> tuple[KeptBelief, int]:
    lake = console.lake
    part = lake.parts(KIND, experiment.id, started)[0]
    rows = lake.load([part])
    wanted = pa.array([Group.PERSONALISED.value, Group.RANDOM.value])
    rows = rows.filter(pc.is_in(rows["grp"], value_set=wanted))
    if rows.num_rows == 0:
        return kept, 0
    until = started + timedelta(days=HOLD_DAYS - 1)
    outcomes = lake.read("outcomes", experiment.id, since=started, until=until)
    totals: dict[int, float] = {}
    if outcomes.num_rows:
        outcomes = outcomes.filter(pc.equal(outcomes["metric"], OutcomeMetric.PRIMARY.value))
        summed = outcomes.group_by("person").aggregate([("value", "sum")])
        totals = dict(
            zip(summed["person"].to_pylist(), summed["value_sum"].to_pylist(), strict=True)
        )
    snapshot = lake.load(lake.parts("snapshots", experiment.id, started))
    at = pc.index_in(rows["person"], value_set=snapshot["person"].combine_chunks())
    keys = [str(k) for k in list(part.meta["cadences"])]  # type: ignore[call-overload]
    belief = learn(
        kept.belief,
        cadence_space(tuple(keys)),
        matrix(kept.spec, snapshot.take(at)),
        np.asarray(rows["combination"]),
        np.array([totals.get(p, 0.0) for p in rows["person"].to_pylist()]),
        started,
        names=kept.spec.names,
        attributes=kept.spec.attributes,
    )
    kept = keep_belief(
        lake, experiment.id, day, belief, kept.spec, kept.digest, kind=CADENCE_BELIEFS
    )
    return kept, rows.num_rows


def _held(console: Console, experiment: Experiment, day: date) -> dict[int, tuple[str, int]]:
    """The rhythm each person holds: (key, ordinal of the week it was chosen for)."""
    lake = console.lake
    table = lake.read(KIND, experiment.id, since=day - timedelta(days=2 * HOLD_DAYS), until=day)
    if table.num_rows == 0:
        return {}
    return _as_held(table)


def _as_held(table: pa.Table) -> dict[int, tuple[str, int]]:
    return {
        person: (cadence, start.toordinal())
        for person, cadence, start in zip(
            table["person"].to_pylist(),
            table["cadence"].to_pylist(),
            table["week_start"].to_pylist(),
            strict=True,
        )
    }


def _usual(experiment: Experiment, options: tuple[Cadence, ...]) -> Bools:
    wanted = experiment.groups.usual_combination or {}
    fits = [all(wanted.get(d, o) == o for d, o in c.options.items()) for c in options]
    first = fits.index(True) if True in fits else 0
    return np.asarray(np.arange(len(options)) == first, dtype=np.bool_)


def _where(mine: Bools, chosen: Choices, others: Choices) -> Choices:
    return Choices(
        *(
            np.where(mine, getattr(chosen, name), getattr(others, name))
            for name in Choices.__dataclass_fields__
        )
    )
