"""People whom the rules leave no option: how many, why, and what becomes of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from services.experiment.combinations import Combinations, Condition, Judgement
from services.experiment.model import Channel, Experiment, NoneLeft
from services.experiment.sentences import rule_sentence
from services.messages import Message, msg

_NO_CONSENT = {
    Channel.EMAIL: msg("No consent for email."),
    Channel.SMS: msg("No consent for SMS."),
    Channel.PUSH: msg("No consent for push."),
}

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class WithoutOption:
    """So many people have no option left, all for the same reasons.

    why   the rules they do not meet, and the channels they did not agree to
    """

    n: int
    why: tuple[Message, ...]


def without_option(experiment: Experiment, judgement: Judgement) -> tuple[WithoutOption, ...]:
    """Groups of people with no option at all, the largest first.

    Conditions that concern no combination of the day are not among the reasons.
    """
    n_people = np.bincount(judgement.pattern_of, minlength=len(judgement.patterns))
    found: dict[tuple[int, ...], int] = {}
    for row in np.flatnonzero(~judgement.patterns.any(axis=1)):
        unmet = tuple(
            number
            for number, condition in enumerate(judgement.conditions)
            if condition.concerns.any() and not judgement.fulfilled[row, number]
        )
        found[unmet] = found.get(unmet, 0) + int(n_people[row])
    told = [
        WithoutOption(n, tuple(_reason(experiment, judgement.conditions[i]) for i in unmet))
        for unmet, n in found.items()
        if n
    ]
    return tuple(sorted(told, key=lambda one: -one.n))


def then(experiment: Experiment) -> Literal["usual", "nothing"]:
    """What becomes of people without an option."""
    for rule in experiment.rules:
        if isinstance(rule, NoneLeft):
            return rule.then
    return "nothing"


def usual_for(experiment: Experiment, combinations: Combinations, judgement: Judgement) -> Bools:
    """bool (n_people, n_combinations): for people without an option the usual combination, where it
    is to be sent to them and they agreed to its channel; nothing for all others.

    The rules on who may get which option give way here, consent never does.
    """
    instead = np.zeros((len(judgement.patterns), len(combinations)), dtype=bool)
    wanted = experiment.groups.usual_combination or {}
    at = combinations.index({d.key: wanted.get(d.key, "") for d in experiment.send_dimensions})
    if then(experiment) == "usual" and at is not None:
        agreed = np.ones(len(judgement.patterns), dtype=bool)
        for number, condition in enumerate(judgement.conditions):
            if condition.channel is not None and condition.concerns[at]:
                agreed &= judgement.fulfilled[:, number]
        instead[:, at] = agreed & ~judgement.patterns.any(axis=1)
    return instead[judgement.pattern_of]


def _reason(experiment: Experiment, condition: Condition) -> Message:
    if condition.channel is not None:
        return _NO_CONSENT[condition.channel]
    return rule_sentence(experiment.rules[condition.rule or 0], experiment)
