"""What is believed on the first day, from how often the metric happens by itself."""

from __future__ import annotations

import json
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from services.audience.features import FeatureSpec
from services.bootstrap import Console
from services.decision.learning import prior
from services.decision.model import Belief, Reward
from services.experiment.combinations import allowed
from services.experiment.model import Experiment, MetricKind, SourceKind
from services.workflow.spaces import space_of

MOST_SHARE = 0.5  # a prior mean above it would say that messages can only hurt
GUESSED_SHARE = 0.03  # of decisions with a reward, where nothing is known yet
DAY_S = 86_400.0
YOUNGEST_PROFILE_DAYS = 7.0  # a count over less is noise


def reward_of(experiment: Experiment) -> Reward:
    """What one decision's reward looks like, by the kind of metric."""
    metric = experiment.metric
    if metric.kind is MetricKind.CONVERSION:
        return Reward.BINARY
    sources = metric.sources
    if any(s.weight < 0 or s.kind is SourceKind.ATTRIBUTE for s in sources):
        return Reward.SIGNED
    return Reward.REVENUE


def first_belief(console: Console, experiment: Experiment, day: date, spec: FeatureSpec) -> Belief:
    """The prior: the base rate from lifetime counts over profile age, all effects around zero."""
    return prior(
        space_of(allowed(experiment, day)),
        spec.names,
        base_share(console, experiment, day),
        reward=reward_of(experiment),
        attributes=spec.attributes,
    )


def base_share(console: Console, experiment: Experiment, day: date) -> float:
    """Share of windows in which the metric happens by itself, 0 to 1; GUESSED_SHARE if unknown."""
    lake = console.lake
    counters = lake.load(lake.parts("counters", experiment.id, day))
    people = lake.load(lake.parts("snapshots", experiment.id, day), ["person", "created_at"])
    if counters.num_rows == 0 or people.num_rows == 0:
        return GUESSED_SHARE
    wanted = [
        (s.kind.value, s.name)
        for s in experiment.metric.sources
        if s.kind in (SourceKind.EVENT, SourceKind.PURCHASE)
    ]
    mine = _any_of(counters, wanted)
    total = pc.sum(counters.filter(mine)["count"]).as_py() or 0
    now_s = console.clock.now().timestamp()
    ages = [
        max((now_s - c.timestamp()) / DAY_S, YOUNGEST_PROFILE_DAYS)
        for c in people["created_at"].to_pylist()
        if c is not None
    ]
    days = sum(ages)
    if not days or not total:
        return GUESSED_SHARE
    return float(min(experiment.metric.window_days * total / days, MOST_SHARE))


def stored_json(value: object) -> str:
    """The JSON text of something that a part's meta holds as an object."""
    return json.dumps(value)


def _any_of(counters: pa.Table, wanted: list[tuple[str, str | None]]) -> pa.Array:
    mine = pa.array([not wanted] * counters.num_rows)
    for source, name in wanted:
        hit = pc.equal(counters["source"], source)
        if name is not None:
            hit = pc.and_(hit, pc.equal(counters["name"], name))
        mine = pc.or_(mine, hit)
    return mine
