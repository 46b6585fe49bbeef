"""Do the rules name what exists, and do they leave something to send?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from services.errors import ExperimentError
from services.experiment.cadences import cadences
from services.experiment.combinations import MAX_COMBINATIONS, Combinations, allowed
from services.experiment.limit_problems import limit_problems
from services.experiment.model import (
    AtMost,
    Budget,
    Comparison,
    DailyCap,
    Exclude,
    Experiment,
    LeastShare,
    MaySendNothing,
    MinimumGap,
    NetOfCost,
    NoneLeft,
    OptionNeeds,
    QuietDays,
    ShareCap,
    Shares,
)
from services.experiment.problem import Problem, Step
from services.experiment.sentences import rule_sentence
from services.messages import Message, msg

DAYS_A_WEEK = 7
# Columns every snapshot has, besides the agreed attributes: no personal data among them.
STANDARD_ATTRIBUTES = frozenset({"country", "language", "time_zone", "total_revenue"})


def rule_problems(experiment: Experiment) -> Iterator[Problem]:
    """Problems of the step Options that come from rules, and of the usual combination."""
    for rule in experiment.rules:
        match rule:
            case OptionNeeds():
                yield from unknown_parts(experiment, {rule.dimension: rule.option}, Step.OPTIONS)
                yield from _condition(experiment, rule)
            case Exclude():
                yield from unknown_parts(experiment, rule.when, Step.OPTIONS)
                yield from _rhythm_in(experiment, rule)
            case QuietDays():
                yield from _quiet_days(rule)
            case DailyCap():
                if rule.messages is None and rule.money is None:
                    yield _problem(
                        msg("A daily limit has no number."), msg("Limit messages, money or both.")
                    )
            case AtMost():
                yield from _rhythm_above(experiment, rule)
            case ShareCap() | LeastShare():
                yield from unknown_parts(experiment, {rule.dimension: rule.option}, Step.OPTIONS)
            case MinimumGap() | Budget() | NetOfCost() | NoneLeft() | MaySendNothing():
                pass  # by itself it can be kept; together with others: limit_problems
    yield from limit_problems(experiment)
    try:
        combinations = allowed(experiment.model_copy(update={"targets": ()}), None)
    except ExperimentError as too_many:
        yield _problem(too_many.what, too_many.hint or too_many.what)
        return
    yield from _what_is_left(experiment, combinations)
    yield from _usual(experiment, combinations)


def unknown_parts(experiment: Experiment, when: Mapping[str, str], step: Step) -> Iterator[Problem]:
    """Dimensions and options in a condition that the experiment does not have."""
    known = {d.key: d for d in experiment.dimensions}
    for dimension, option in when.items():
        if dimension not in known:
            yield Problem(
                step,
                msg(
                    "A condition names the dimension “{key}”, which does not exist.", key=dimension
                ),
                msg("Change the condition, or take it out."),
                about=dimension,
            )
        elif option not in {o.key for o in known[dimension].options}:
            yield Problem(
                step,
                msg(
                    "A condition names “{option}”, which is not an option of “{label}”.",
                    option=option,
                    label=known[dimension].label,
                ),
                msg("Change the condition, or take it out."),
                about=dimension,
            )


def _condition(experiment: Experiment, rule: OptionNeeds) -> Iterator[Problem]:
    if rule.attribute not in STANDARD_ATTRIBUTES | set(experiment.audience.attributes):
        yield _problem(
            msg("A rule asks for “{name}”, which is not an agreed attribute.", name=rule.attribute),
            msg("Add it to the agreed attributes on the page Audience, or change the rule."),
            about=rule.attribute,
        )
    if rule.comparison is Comparison.KNOWN:
        return
    if rule.value is None or rule.value == "":
        yield _problem(
            msg("A rule on “{name}” has nothing to compare with.", name=rule.attribute),
            msg("Give it a value."),
            about=rule.attribute,
        )
    elif rule.comparison in (Comparison.ABOVE, Comparison.BELOW) and not _is_number(rule.value):
        yield _problem(
            msg("A rule says above or below “{value}”, which is not a number.", value=rule.value),
            msg("Give it a number."),
            about=rule.attribute,
        )


def _rhythm_in(experiment: Experiment, rule: Exclude) -> Iterator[Problem]:
    rhythm = [d for d in experiment.cadence_dimensions if d.key in rule.when]
    for dimension in rhythm:
        yield _problem(
            msg("“{label}” cannot stand in a rule on what goes together.", label=dimension.label),
            msg("The rhythm is chosen for a week, before the rest. Limit messages a week instead."),
            about=dimension.key,
        )


def _rhythm_above(experiment: Experiment, rule: AtMost) -> Iterator[Problem]:
    most = max((len(rhythm.weekdays) for rhythm in cadences(experiment)), default=0)
    if experiment.cadence_dimensions and rule.days == DAYS_A_WEEK and most > rule.messages:
        yield _problem(
            msg("A rhythm sends {n} a week, a rule allows {limit}.", n=most, limit=rule.messages),
            msg("The rule wins. Take the rhythm out, or raise the limit."),
            blocking=False,
        )


def _quiet_days(rule: QuietDays) -> Iterator[Problem]:
    days = set(rule.weekdays)
    if not days <= set(range(1, DAYS_A_WEEK + 1)):
        yield _problem(
            msg("A quiet day is not a day of the week."), msg("Choose from Monday to Sunday.")
        )
    elif len(days) == DAYS_A_WEEK:
        yield _problem(
            msg("All seven days are quiet, so nothing would ever be sent."),
            msg("Leave at least one day."),
        )


def _what_is_left(experiment: Experiment, combinations: Combinations) -> Iterator[Problem]:
    n_left = len(combinations)
    if n_left == 0 and any(combinations.removed_by >= 0):
        worst = max(
            (n for n, rule in enumerate(experiment.rules) if isinstance(rule, Exclude)),
            key=combinations.n_removed_by,
        )
        sentence = rule_sentence(experiment.rules[worst], experiment)
        yield _problem(
            msg("The rules leave no combination. The one that takes most: {rule}", rule=sentence),
            msg("Change or delete that rule."),
        )
        return
    if n_left > MAX_COMBINATIONS:
        yield _problem(
            msg("{n} combinations are more than can be learnt.", n=n_left),
            msg("Take out options until at most {n} remain.", n=MAX_COMBINATIONS),
        )
    for at, dimension in enumerate(experiment.send_dimensions):
        reached = set(combinations.options[:, at].tolist())
        for number, option in enumerate(dimension.options):
            if n_left and number not in reached:
                yield _problem(
                    msg("The rules never allow “{option}”.", option=option.label),
                    msg(
                        "Change a rule, or take the option out of “{label}”.", label=dimension.label
                    ),
                    about=dimension.key,
                    blocking=False,
                )


def _usual(experiment: Experiment, combinations: Combinations) -> Iterator[Problem]:
    shares: Shares = experiment.groups
    rest = [r for r in experiment.rules if isinstance(r, NoneLeft) and r.then == "usual"]
    if shares.usual == 0 and not rest:
        return
    usual = shares.usual_combination
    if not usual and shares.usual == 0:
        yield _problem(
            msg("Nothing is set up to be sent as usual to people without an option."),
            msg("Choose the combination that is business as usual, on the page Audience."),
        )
        return
    if not usual:
        yield Problem(
            Step.AUDIENCE,
            msg("The group “as usual” has no combination to get."),
            msg("Choose the options that stand for business as usual, or give the group 0%."),
        )
        return
    unknown = list(unknown_parts(experiment, usual, Step.AUDIENCE))
    yield from unknown
    missing = [d.label for d in experiment.send_dimensions if d.key not in usual]
    if missing:
        yield Problem(
            Step.AUDIENCE,
            msg("“As usual” leaves open: {labels}.", labels=", ".join(missing)),
            msg("Choose one option for each dimension."),
        )
    elif not unknown and combinations.index(usual) is None:
        yield Problem(
            Step.AUDIENCE,
            msg("The rules forbid the combination that stands for “as usual”."),
            msg("Change the combination, or the rule."),
        )


def _problem(what: Message, hint: Message, *, about: str = "", blocking: bool = True) -> Problem:
    return Problem(Step.OPTIONS, what, hint, blocking, about)


def _is_number(value: str | float | bool) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return not isinstance(value, bool)
