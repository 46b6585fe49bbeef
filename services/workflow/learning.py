"""The learn stage: every decision day whose rewards are closed, once, oldest first."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.audience.features import matrix
from services.bootstrap import Workplace
from services.decision.learning import learn, market_changed
from services.decision.model import Belief, Reward, Space
from services.experiment.model import Experiment, Group
from services.lake import Lake
from services.workflow.beliefs import KeptBelief, keep_belief, latest_belief
from services.workflow.cycles.store import Progress
from services.workflow.priors import stored_json
from services.workflow.rhythm import learn_rhythms

LEARNING_GROUPS = (Group.PERSONALISED.value, Group.RANDOM.value)


def learn_rewards(place: Workplace, experiment: Experiment, day: date, progress: Progress) -> None:
    """Bring the belief up to date with the rewards closed by now.

    `belief.last_day` says what is in it already, so a day is never learnt twice; days are learnt
    in order and each version is kept with the hash of the one before.
    """
    lake = place.console.lake
    n_weeks = learn_rhythms(place.console, experiment, day)
    kept = latest_belief(lake, experiment.id, until=day)
    if kept is None:
        return  # nothing has been decided yet
    days = [d for d in lake.days("rewards", experiment.id) if d.toordinal() > kept.belief.last_day]
    n_learnt = 0
    for number, decided in enumerate(days):
        progress.advance(number, len(days))
        belief, n = _with_day(lake, experiment.id, kept, decided)
        if n == 0:
            continue
        n_learnt += n
        kept = keep_belief(lake, experiment.id, day, belief, kept.spec, kept.digest)
    progress.advance(len(days), len(days))
    progress.note.update(
        n_learnt=n_learnt,
        n_person_weeks=n_weeks,
        belief_version=kept.belief.version,
        memory_shares=[round(float(w), 4) for w in kept.belief.weights],
        market_changed=market_changed(kept.belief),
    )


def _with_day(
    lake: Lake, experiment_id: str, kept: KeptBelief, decided: date
) -> tuple[Belief, int]:
    part = lake.parts("decisions", experiment_id, decided)[0]
    rewards = lake.load(lake.parts("rewards", experiment_id, decided))
    rewards = rewards.filter(pc.invert(rewards["late"]))
    made = lake.load([part], ["decision_id", "person", "grp", "combination", "cadence"])
    made = made.filter(pc.is_in(made["grp"], value_set=pa.array(LEARNING_GROUPS)))
    at = pc.index_in(made["decision_id"], value_set=rewards["decision_id"].combine_chunks())
    sent = pc.is_valid(at)
    made, at = made.filter(sent), at.filter(sent)
    if made.num_rows == 0:
        return kept.belief, 0
    snapshot = lake.load(lake.parts("snapshots", experiment_id, decided))
    rows = pc.index_in(made["person"], value_set=snapshot["person"].combine_chunks())
    features = matrix(kept.spec, snapshot.take(rows))
    value = np.asarray(rewards["value"].take(at), dtype=np.float64)
    if kept.belief.reward is Reward.BINARY:
        value = np.minimum(value, 1.0)
    elif kept.belief.reward is Reward.REVENUE:
        value = np.maximum(value, 0.0)
    belief = learn(
        kept.belief,
        Space.from_json(stored_json(part.meta["space"])),
        features,
        np.asarray(made["combination"]),
        value,
        decided,
        names=kept.spec.names,
        attributes=kept.spec.attributes,
        # The next message ends a window: whoever is written to often has less time to answer each.
        strata=np.unique(made["cadence"].to_pylist(), return_inverse=True)[1],
    )
    return belief, made.num_rows
