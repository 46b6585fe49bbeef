"""Can the rules on amounts be kept, and do they say enough to be kept?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from services.experiment.limit_sentences import option_label, percent
from services.experiment.model import (
    Budget,
    DailyCap,
    Dimension,
    Experiment,
    LeastShare,
    MaySendNothing,
    MetricKind,
    NetOfCost,
    NoneLeft,
    ShareCap,
)
from services.experiment.problem import Problem, Step
from services.messages import Message, msg

MOST_TRIED_SHARE = 0.45  # least shares together; with what is tried out anyway below half
IN_MONEY = frozenset({MetricKind.REVENUE, MetricKind.ARPU})


def limit_problems(experiment: Experiment) -> Iterator[Problem]:
    """Problems of the step Options that come from rules on amounts."""
    rules = experiment.rules
    shares = [rule for rule in rules if isinstance(rule, ShareCap | LeastShare)]
    rhythm = {d.key: d.label for d in experiment.cadence_dimensions}
    for key in dict.fromkeys(rule.dimension for rule in shares if rule.dimension in rhythm):
        yield _problem(
            msg("“{label}” cannot have shares.", label=rhythm[key]),
            msg("The rhythm is chosen for a week, before the rest. Take the rule out."),
            about=key,
        )
    for kind, n in Counter(_subject(rule) for rule in rules).items():
        if kind is not None and n > 1:
            yield _problem(
                msg("Two rules say different things about the same."), msg("Keep one of them.")
            )
    yield from _least(experiment, [r for r in shares if isinstance(r, LeastShare)])
    for dimension in experiment.send_dimensions:
        yield from _caps(experiment, dimension)
    yield from _money(experiment)


def _subject(rule: object) -> tuple[str, ...] | None:
    match rule:
        case ShareCap(kind=kind, dimension=dimension, option=option):
            return kind, dimension, option
        case LeastShare(kind=kind, dimension=dimension, option=option):
            return kind, dimension, option
        case (
            Budget(kind=kind)
            | NetOfCost(kind=kind)
            | NoneLeft(kind=kind)
            | MaySendNothing(kind=kind)
        ):
            return (kind,)
    return None


def _least(experiment: Experiment, rules: list[LeastShare]) -> Iterator[Problem]:
    total = sum(rule.share for rule in rules)
    if total > MOST_TRIED_SHARE:
        yield _problem(
            msg(
                "The least shares add up to {total}%, more than {most}%.",
                total=percent(total),
                most=percent(MOST_TRIED_SHARE),
            ),
            msg("Too little would be left to choose by what was learnt. Lower some of them."),
        )
    caps = {(r.dimension, r.option): r.share for r in experiment.rules if isinstance(r, ShareCap)}
    for rule in rules:
        if rule.share > caps.get((rule.dimension, rule.option), 1.0):
            yield _problem(
                msg(
                    "“{option}” has a least share above its highest.",
                    option=option_label(experiment, rule.dimension, rule.option),
                ),
                msg("Lower the one, or raise the other."),
                about=rule.dimension,
            )


def _caps(experiment: Experiment, dimension: Dimension) -> Iterator[Problem]:
    caps: dict[str, float] = {}
    for rule in experiment.rules:
        if isinstance(rule, ShareCap) and rule.dimension == dimension.key:
            caps[rule.option] = min(rule.share, caps.get(rule.option, 1.0))
    total = sum(caps.get(option.key, 1.0) for option in dimension.options)
    if caps and total < 1.0:
        yield _problem(
            msg(
                "The highest shares of “{label}” add up to {total}%, so some would get none.",
                label=dimension.label,
                total=percent(total),
            ),
            msg("Raise them to 100% together, or leave one option without a limit."),
            about=dimension.key,
        )


def _money(experiment: Experiment) -> Iterator[Problem]:
    rules = experiment.rules
    limits = any(
        isinstance(r, Budget) or (isinstance(r, DailyCap) and r.money is not None) for r in rules
    )
    nets = [rule for rule in rules if isinstance(rule, NetOfCost)]
    priced = any(option.cost > 0 for d in experiment.send_dimensions for option in d.options)
    if (limits or nets) and not priced:
        yield _problem(
            msg("A rule is about money, but no option costs anything."),
            msg("Say what an offer or a channel costs for each message."),
            blocking=False,
        )
    for rule in nets:
        in_money = experiment.metric.kind in IN_MONEY
        if rule.worth is None and not in_money:
            yield _problem(
                msg("Costs cannot be set off against a metric that is not money."),
                msg("Say what one of it is worth, or take the rule out."),
            )
        elif rule.worth is not None and in_money:
            yield _problem(
                msg("The metric is money already, so it needs no worth."),
                msg("Leave the worth empty."),
            )


def _problem(what: Message, hint: Message, *, about: str = "", blocking: bool = True) -> Problem:
    return Problem(Step.OPTIONS, what, hint, blocking, about)
