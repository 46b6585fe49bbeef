"""What was ruled out for one person on one day, and by which rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from services.experiment.combinations import NOT_ACTIVE, Combinations, Judgement
from services.experiment.model import Experiment, OptionNeeds
from services.experiment.sentences import rule_sentence
from services.messages import Message, msg
from services.workflow.smallest_changes import ATTRIBUTE_PREFIX


@dataclass(frozen=True)
class RuledOut:
    """So many combinations were ruled out by this rule; `value` is what the person has."""

    n: int
    rule: Message
    attribute: str | None = None
    value: object = None


def ruled_out(
    experiment: Experiment,
    combinations: Combinations,
    judgement: Judgement,
    person: pa.Table,
    after_gap: int,
) -> Iterator[RuledOut]:
    """What fell out for one person, by their own conditions first, then for everybody.

    judgement  of the one row `person`
    after_gap  combinations that came too soon after the last message
    """
    fulfilled = judgement.fulfilled[judgement.pattern_of[0]]
    for condition, met in zip(judgement.conditions, fulfilled, strict=True):
        if met:
            continue
        n = int(condition.concerns.sum())
        if condition.rule is None:
            channel = condition.channel.value if condition.channel else ""
            yield RuledOut(n, msg("No consent for {channel}.", channel=channel))
            continue
        rule = experiment.rules[condition.rule]
        attribute = rule.attribute if isinstance(rule, OptionNeeds) else None
        value = value_of(person, attribute) if attribute else None
        yield RuledOut(n, rule_sentence(rule, experiment), attribute, value)
    if after_gap:
        yield RuledOut(after_gap, msg("Too soon after the last message."))
    for reason in sorted(set(combinations.removed_by.tolist())):
        n = combinations.n_removed_by(reason)
        if reason >= 0:
            yield RuledOut(n, rule_sentence(experiment.rules[reason], experiment))
        elif reason == NOT_ACTIVE:
            yield RuledOut(n, msg("An option is not active on this day."))
        else:
            yield RuledOut(n, msg("No campaign or Canvas is set for it."))


def value_of(person: pa.Table, attribute: str | None) -> object:
    """This person's value of an attribute, None where unknown."""
    for name in (f"{ATTRIBUTE_PREFIX}{attribute}", attribute or ""):
        if name in person.column_names:
            return person[name][0].as_py()
    return None
