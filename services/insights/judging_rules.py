"""Judge a fixed combination, a set of rules or a past belief on days that others decided.

The doubly robust estimate needs a model of the reward that has not seen the decisions it corrects.
Here it is the decision engine's own model, learnt forwards: each day is judged by what the days
before it taught (cross-fitting in time; folds that look ahead would, in a log whose choices follow
earlier outcomes, know of the outcomes they are to predict). The first day has no model, so there
the estimate is plain inverse weighting.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from services.decision.choosing import EPSILON_SHARE, propensities
from services.decision.expecting import expected_rewards
from services.decision.learning import learn, prior
from services.decision.model import Draws, Reward, Space
from services.errors import DataError
from services.insights.off_policy import PolicyValue, Refusal, evaluate
from services.messages import msg

GUESSED_SHARE = 0.03  # of decisions with a reward, before the first day

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class LoggedDay:
    """Decisions of one day with closed rewards, of groups whose chances were logged.

    features     float32 (n, n_features), columns `names`; eligible bool (n, n_combinations)
    combination  int (n,), rows of the space; propensity, reward float64 (n,)
    """

    day: date
    space: Space
    names: tuple[str, ...]
    features: NDArray[np.float32]
    eligible: Bools
    combination: NDArray[np.int64]
    propensity: Floats
    reward: Floats


# What another rule would have done: chances float64 (n, n_combinations) for the people of a day.
Chances = Callable[[LoggedDay], Floats]


def always(options: dict[str, str]) -> Chances:
    """Always these options, {dimension: option}; any dimension that is not named is left to chance.

    Who may get none of them gets any eligible combination.
    """

    def chances(day: LoggedDay) -> Floats:
        wanted = np.array(
            [
                all(day.space.keys(c).get(d) == o for d, o in options.items())
                for c in range(day.space.n_combinations)
            ],
            dtype=bool,
        )
        return _any_of(day.eligible & wanted, day.eligible)

    return chances


def by_rules(row_of: Callable[[LoggedDay], NDArray[np.int64]]) -> Chances:
    """A set of rules that names one combination a person: rows of the day's space, int (n,).

    Who may not get it gets any eligible combination.
    """

    def chances(day: LoggedDay) -> Floats:
        wanted = np.zeros_like(day.eligible)
        wanted[np.arange(len(wanted)), row_of(day)] = True
        return _any_of(day.eligible & wanted, day.eligible)

    return chances


def by_belief(draws: Draws, epsilon: float = EPSILON_SHARE) -> Chances:
    """What a past belief would have chosen, by its draws. Judge it on later days only."""

    def chances(day: LoggedDay) -> Floats:
        return propensities(draws, day.space, day.features, day.eligible, epsilon, names=day.names)

    return chances


def judge_rule(
    days: Sequence[LoggedDay],
    rule: Chances,
    *,
    reward: Reward = Reward.BINARY,
    base_share: float = GUESSED_SHARE,
) -> PolicyValue | Refusal:
    """Value of another rule a decision, or a refusal where the log holds too little about it.

    days        in any order; a rule that was chosen from a log must be judged on later days only
    base_share  expected share of decisions with a reward, a guess is good enough

    Raises DataError where a combination was logged that was not eligible.
    """
    return judge_rules(days, [rule], reward=reward, base_share=base_share)[0]


def judge_rules(
    days: Sequence[LoggedDay],
    rules: Sequence[Chances],
    *,
    reward: Reward = Reward.BINARY,
    base_share: float = GUESSED_SHARE,
) -> list[PolicyValue | Refusal]:
    """As `judge_rule` for several rules at once: the model is learnt one time for all of them."""
    belief = None
    logged: list[Floats] = []
    got: list[Floats] = []
    expected_chosen: list[Floats] = []
    target: list[list[Floats]] = [[] for _ in rules]
    expected_target: list[list[Floats]] = [[] for _ in rules]
    for day in sorted(days, key=lambda one: one.day):
        n = len(day.reward)
        row = np.arange(n)
        if n and not day.eligible[row, day.combination].all():
            raise DataError(
                msg("A decision of {day} was not among what the person could get.", day=day.day),
                hint=msg("Replay that day before judging anything on it."),
            )
        value = np.zeros((n, day.space.n_combinations))
        if belief is None:
            belief = prior(day.space, day.names, base_share, reward=reward)
        elif belief.learnt:
            value = expected_rewards(belief, day.space, day.features, names=day.names)
        logged.append(day.propensity)
        got.append(day.reward)
        expected_chosen.append(value[row, day.combination])
        for place, rule in enumerate(rules):
            chances = rule(day)
            target[place].append(chances[row, day.combination])
            expected_target[place].append((chances * value).sum(axis=1))
        if n:
            belief = learn(
                belief,
                day.space,
                day.features,
                day.combination,
                day.reward,
                day.day,
                names=day.names,
            )
    return [
        evaluate(
            _joined(got),
            _joined(logged),
            _joined(wanted),
            expected_chosen=_joined(expected_chosen),
            expected_target=_joined(expected),
        )
        for wanted, expected in zip(target, expected_target, strict=True)
    ]


def _joined(parts: Sequence[Floats]) -> Floats:
    return np.concatenate(parts) if parts else np.zeros(0)


def _any_of(wanted: Bools, eligible: Bools) -> Floats:
    """The same chance for each wanted combination, or for each eligible one where none is."""
    some = np.where(wanted.any(axis=1, keepdims=True), wanted, eligible)
    return np.asarray(some / np.maximum(some.sum(axis=1, keepdims=True), 1), dtype=np.float64)
