"""Why one person got this combination: replayed from what was stored on the day it was chosen.

Uses the day's snapshot, combinations, draws and belief, never today's: an explanation must be of
the decision that was made.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy import special

from services.audience.eligibility import channel_consent
from services.audience.features import matrix
from services.decision.choosing import choose, choose_uniform, eligible_hashes
from services.decision.explaining import Contribution, Explanation, explain
from services.decision.model import Draws, Reward, Space
from services.errors import DataError
from services.experiment.combinations import Combinations, Judgement, allowed, judge
from services.experiment.model import Experiment, Group
from services.experiment.sentences import combination_text
from services.lake import Lake
from services.messages import msg
from services.workflow.beliefs import KeptBelief, latest_belief
from services.workflow.customers_view import Decision, rows_of_person
from services.workflow.due import hours_of
from services.workflow.ruled_out import RuledOut, ruled_out, value_of
from services.workflow.smallest_changes import changes

MOST_REASONS = 6

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Reason:
    """One bar of the waterfall: an attribute (or the option itself) and what it adds.

    amount  points of chance (0.01 = one percentage point), or the metric's unit
    value   this person's value of the attribute, None for what holds for everybody
    """

    dimension: str
    option: str
    attribute: str
    value: object
    amount: float


@dataclass(frozen=True)
class PossibleLine:
    """One combination that could have been chosen."""

    text: str
    expected: float
    chance: float
    chosen: bool


@dataclass(frozen=True)
class Change:
    """The smallest change looked into that would change the choice."""

    attribute: str
    value: str
    text: str


@dataclass(frozen=True)
class Way:
    """From an average message to this choice, for this person.

    start, end  expected result: chances from 0 to 1 where `is_chance`, else the metric's score
    """

    start: float
    end: float
    is_chance: bool
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Why:
    """The explanation of one decision.

    replayed    True: recomputed and identical; None: it cannot be recomputed here
    best        whether the choice is the one expected to do best
    """

    way: Way
    possible: tuple[PossibleLine, ...]
    ruled_out: tuple[RuledOut, ...]
    change: Change | None
    replayed: bool | None
    best: bool
    by_lot: bool


@dataclass(frozen=True)
class _Day:
    """Everything stored about the day, for one person."""

    experiment: Experiment
    decision: Decision
    combinations: Combinations
    space: Space
    snapshot: pa.Table
    person: pa.Table
    judgement: Judgement
    eligible: Bools
    after_gap: int


def why(lake: Lake, experiment: Experiment, decision: Decision, person: int) -> Why:
    """Explain one decision. Raises DataError where the day's facts are no longer there."""
    day = _read_day(lake, experiment, decision, person)
    kept = latest_belief(lake, experiment.id, until=decision.day)
    draws = _draws(lake, experiment.id, decision.day)
    if kept is None or draws is None:
        raise DataError(
            msg("What was believed on that day is no longer stored."),
            hint=msg("Restore the facts folder from a backup."),
        )
    features = matrix(kept.spec, day.person)
    whole = explain(
        kept.belief,
        draws,
        day.space,
        features[0],
        day.eligible,
        candidates=list(changes(kept.spec, day.person, day.snapshot)),
        names=kept.spec.names,
    )
    only = np.zeros_like(day.eligible)
    only[decision.combination] = True
    chosen = explain(kept.belief, draws, day.space, features[0], only, names=kept.spec.names)
    return Why(
        way=_way(chosen, kept.belief.reward, day.person),
        possible=_possible(whole, decision, experiment, kept),
        ruled_out=tuple(
            ruled_out(experiment, day.combinations, day.judgement, day.person, day.after_gap)
        ),
        change=_change(whole, experiment),
        replayed=_replayed(day, kept, draws, features, person),
        best=bool(whole.possible) and whole.possible[0].combination == decision.combination,
        by_lot=decision.group is not Group.PERSONALISED or decision.draw < 0,
    )


def _read_day(lake: Lake, experiment: Experiment, decision: Decision, person: int) -> _Day:
    snapshot = lake.load(lake.parts("snapshots", experiment.id, decision.day))
    mine = rows_of_person(lake, "snapshots", experiment.id, decision.day, person)
    if mine.num_rows == 0:
        raise DataError(
            msg("The export of that day is no longer stored, so the choice cannot be explained."),
            hint=msg("What was chosen and sent is still in the table below."),
        )
    combinations = allowed(experiment, decision.day)
    part = lake.parts("decisions", experiment.id, decision.day)[0]
    space = Space.from_json(json.dumps(part.meta["space"]))
    consent = channel_consent(mine, experiment.audience.sms_consent_attribute)
    judgement = judge(combinations, experiment, mine, consent)
    eligible, after_gap = _as_logged(judgement.matrix()[0], experiment, combinations, decision)
    return _Day(
        experiment,
        decision,
        combinations,
        space,
        snapshot,
        mine,
        judgement,
        eligible,
        after_gap,
    )


def _as_logged(
    eligible: Bools, experiment: Experiment, combinations: Combinations, decision: Decision
) -> tuple[Bools, int]:
    """The eligible set whose hash was logged: the minimum gap may have taken the early hours."""
    hours = hours_of(experiment, combinations, np.arange(len(combinations)))
    for earliest in sorted(set(hours.tolist())):
        tried = eligible & (hours >= earliest)
        if str(eligible_hashes(tried[None, :])[0]) == decision.eligible_hash:
            return tried, int(eligible.sum() - tried.sum())
    return eligible, 0


def _way(chosen: Explanation, reward: Reward, person: pa.Table) -> Way:
    is_chance = reward is Reward.BINARY
    end = chosen.possible[0].expected
    kept = list(chosen.contributions[:MOST_REASONS])
    rest = sum(one.amount for one in chosen.contributions[MOST_REASONS:])
    if abs(rest) > 0:
        kept.append(Contribution("", "", "", rest))
    score = float(special.logit(end)) if is_chance else chosen.possible[0].score
    level = score - sum(one.amount for one in chosen.contributions)
    start = float(special.expit(level)) if is_chance else level
    reasons, before = [], start
    for one in kept:
        level += one.amount
        after = float(special.expit(level)) if is_chance else level
        value = value_of(person, one.attribute)
        reasons.append(Reason(one.dimension, one.option, one.attribute, value, after - before))
        before = after
    return Way(start, end if is_chance else score, is_chance, tuple(reasons))


def _possible(
    whole: Explanation, decision: Decision, experiment: Experiment, kept: KeptBelief
) -> tuple[PossibleLine, ...]:
    n = len(whole.possible)
    uniform = decision.group is not Group.PERSONALISED or not kept.belief.learnt
    return tuple(
        PossibleLine(
            combination_text(one.keys, experiment),
            one.expected,
            1 / n if uniform else one.chance,
            one.combination == decision.combination,
        )
        for one in whole.possible
    )


def _change(whole: Explanation, experiment: Experiment) -> Change | None:
    if whole.flip is None:
        return None
    text = combination_text(whole.flip.keys, experiment)
    return Change(whole.flip.attribute, whole.flip.value, text)


def _replayed(
    day: _Day, kept: KeptBelief, draws: Draws, features: np.ndarray, person: int
) -> bool | None:
    decision = day.decision
    who, eligible = np.array([person], np.int64), day.eligible[None, :]
    if str(eligible_hashes(eligible)[0]) != decision.eligible_hash:
        return None
    if decision.group is Group.USUAL:
        return None
    if decision.group is Group.RANDOM or not kept.belief.learnt:
        again = choose_uniform(eligible, decision.seed, people=who)
    else:
        again = choose(
            draws, day.space, features, eligible, decision.seed, people=who, names=kept.spec.names
        )
    return bool(
        again.combination[0] == decision.combination
        and again.propensity[0] == decision.propensity
        and again.draw[0] == decision.draw
    )


def _draws(lake: Lake, experiment_id: str, day: date) -> Draws | None:
    table = lake.load(lake.parts("draws", experiment_id, day))
    return Draws.from_columns(table.to_pydict()) if table.num_rows else None
