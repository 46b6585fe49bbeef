"""Why one person got this combination: replayed from what was stored on the day it was chosen.

Uses the day's snapshot, combinations, draws and belief, never today's: an explanation must be of
the decision that was made.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy import special

from services.audience.features import matrix
from services.decision.explaining import Contribution, Explanation, explain
from services.decision.model import Reward
from services.experiment.model import Experiment, Group
from services.experiment.sentences import combination_text
from services.lake import Lake
from services.workflow.customers_view import Decision
from services.workflow.decided_day import DecidedDay, read_decided_day
from services.workflow.ruled_out import RuledOut, ruled_out, value_of
from services.workflow.smallest_changes import changes

MOST_REASONS = 6


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


def why(lake: Lake, experiment: Experiment, decision: Decision, person: int) -> Why:
    """Explain one decision. Raises DataError where the day's facts are no longer there."""
    day = read_decided_day(lake, experiment, decision, person)
    kept, terms = day.kept, day.terms
    features = matrix(kept.spec, day.person)
    whole = explain(
        kept.belief,
        terms.draws,
        terms.space,
        features[0],
        day.eligible,
        candidates=changes(kept.spec, day.person, day.snapshot, day.eligible_of),
        names=kept.spec.names,
        epsilon=terms.epsilon,
        prices=terms.prices,
        least=terms.least,
    )
    only = np.zeros_like(day.eligible)
    only[decision.combination] = True
    chosen = explain(
        kept.belief, terms.draws, terms.space, features[0], only, names=kept.spec.names
    )
    return Why(
        way=_way(chosen, kept.belief.reward, day.person),
        possible=_possible(whole, day, day.chances(features)),
        ruled_out=tuple(
            ruled_out(experiment, day.combinations, day.judgement, day.person, day.after_rules)
        ),
        change=_change(whole, experiment),
        replayed=None if decision.group is Group.USUAL else day.replayed(),
        best=bool(whole.possible) and whole.possible[0].combination == decision.combination,
        by_lot=decision.group is not Group.PERSONALISED or decision.draw < 0,
    )


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
    whole: Explanation, day: DecidedDay, chances: npt.NDArray[np.float64]
) -> tuple[PossibleLine, ...]:
    return tuple(
        PossibleLine(
            combination_text(one.keys, day.experiment),
            one.expected,
            float(chances[one.combination]),
            one.combination == day.decision.combination,
        )
        for one in whole.possible
    )


def _change(whole: Explanation, experiment: Experiment) -> Change | None:
    if whole.flip is None:
        return None
    text = combination_text(whole.flip.keys, experiment)
    return Change(whole.flip.attribute, whole.flip.value, text)
