"""Rules and whole experiments in plain sentences, made from the configuration and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from services.experiment.cadences import cadences
from services.experiment.limit_sentences import LimitRule, limit_sentence, option_label, tidy
from services.experiment.model import (
    AtMost,
    Comparison,
    DailyCap,
    DimensionKind,
    Exclude,
    Experiment,
    Group,
    Metric,
    MetricKind,
    MinimumGap,
    OptionNeeds,
    QuietDays,
    Rule,
)
from services.messages import Message, msg, msgn

DAYS_A_WEEK = 7
WEEKDAYS = {
    1: msg("Monday"),
    2: msg("Tuesday"),
    3: msg("Wednesday"),
    4: msg("Thursday"),
    5: msg("Friday"),
    6: msg("Saturday"),
    7: msg("Sunday"),
}


def listed(parts: Sequence[Message | str]) -> Message | str:
    """Several names as one: "Offer, Subject line and Hour"."""
    if not parts:
        return ""
    if len(parts) == 1:
        return parts[0]
    head: Message | str = parts[0]
    for part in parts[1:-1]:
        head = msg("{first}, {next}", first=head, next=part)
    return msg("{first} and {last}", first=head, last=parts[-1])


def rule_sentence(rule: Rule, experiment: Experiment) -> Message:
    """One rule, as it stands on the page and beside what it ruled out."""
    match rule:
        case OptionNeeds():
            return _option_needs(rule, experiment)
        case Exclude():
            return _exclude(rule, experiment)
        case AtMost(messages=n, days=7):
            return msgn(
                "At most {n} message a week to one person.",
                "At most {n} messages a week to one person.",
                n,
            )
        case AtMost(messages=n, days=days):
            return msgn(
                "At most {n} message in {days} days to one person.",
                "At most {n} messages in {days} days to one person.",
                n,
                days=days,
            )
        case MinimumGap(hours=hours):
            return msgn(
                "At least {n} hour between two messages to one person.",
                "At least {n} hours between two messages to one person.",
                hours,
            )
        case QuietDays(weekdays=days):
            names = [WEEKDAYS[d] for d in sorted(set(days)) if d in WEEKDAYS]
            return msg("Nothing is sent on {days}.", days=listed(names))
        case DailyCap():
            return _daily_cap(rule, experiment)
        case _:
            return limit_sentence(rule, experiment)


def combination_text(combination: Mapping[str, str], experiment: Experiment) -> str:
    """A combination by the labels of its options, in the order of the dimensions."""
    return " · ".join(
        option.label
        for dimension in experiment.dimensions
        for option in dimension.options
        if combination.get(dimension.key) == option.key
    )


def experiment_sentences(
    experiment: Experiment,
    *,
    n_people: int | None = None,
    first_day: date | None = None,
    segment_names: Mapping[str, str] | None = None,
) -> list[Message]:
    """The paragraph that is approved: when, how often, for whom, what varies, what for, who gets
    nothing, when it ends. `n_people` is the size of the audience where it is known."""
    return list(_paragraph(experiment, n_people, first_day, segment_names or {}))


def _paragraph(
    experiment: Experiment,
    n_people: int | None,
    first_day: date | None,
    segment_names: Mapping[str, str],
) -> Iterator[Message]:
    if first_day is None:
        yield msg("Every day, Anneal decides for each person what to send, and when.")
    else:
        yield msg(
            "From {day} on, Anneal decides every day for each person what to send, and when.",
            day=first_day,
        )
    yield from _who(experiment, n_people, segment_names)
    yield from _how_often(experiment)
    varying = [d.label for d in experiment.dimensions if len(d.options) > 1]
    if varying:
        yield msg("What varies: {dimensions}.", dimensions=listed(varying))
    yield msg("The aim is {aim}.", aim=metric_aim(experiment.metric))
    yield from _groups(experiment)
    yield msgn(
        "It runs for {n} week, in the time zone {zone}.",
        "It runs for {n} weeks, in the time zone {zone}.",
        experiment.planned_weeks,
        zone=experiment.zone,
    )


def metric_aim(metric: Metric) -> Message:
    """What is maximised, as the end of the sentence "The aim is …"."""
    days = metric.window_days
    match metric.kind:
        case MetricKind.REVENUE:
            return msgn(
                "more revenue within {n} day of a message",
                "more revenue within {n} days of a message",
                days,
            )
        case MetricKind.ARPU:
            return msg("more revenue per person and 30 days")
    noun: Message | str = metric.noun or msg("successes")
    return msgn(
        "more {noun} within {n} day of a message",
        "more {noun} within {n} days of a message",
        days,
        noun=noun,
    )


def _who(
    experiment: Experiment, n_people: int | None, segment_names: Mapping[str, str]
) -> Iterator[Message]:
    names = [segment_names.get(id, id) for id in experiment.audience.segment_ids]
    if n_people is not None and names:
        yield msgn(
            "{n} person is in it: {segments}.",
            "{n} people are in it: {segments}.",
            n_people,
            segments=listed(names),
        )
    elif names:
        yield msg("It is for: {segments}.", segments=listed(names))


def _how_often(experiment: Experiment) -> Iterator[Message]:
    rhythms = cadences(experiment)
    if experiment.cadence_dimensions and len(rhythms) > 1:
        most = max(len(rhythm.weekdays) for rhythm in rhythms)
        least = min(len(rhythm.weekdays) for rhythm in rhythms)
        if most == least:
            yield msgn(
                "Each person gets at most {n} message a week, on the days that suit them.",
                "Each person gets at most {n} messages a week, on the days that suit them.",
                most,
            )
        else:
            yield msg(
                "Each person gets between {least} and {most} messages a week, by what suits them.",
                least=least,
                most=most,
            )
    for rule in experiment.rules:
        if isinstance(rule, AtMost | QuietDays | DailyCap | LimitRule):
            yield rule_sentence(rule, experiment)


def _groups(experiment: Experiment) -> Iterator[Message]:
    share = {group: round(100 * experiment.groups.of(group), 1) for group in Group}
    yield msg("{share}% get what is chosen for them.", share=tidy(share[Group.PERSONALISED]))
    if share[Group.RANDOM]:
        yield msg("{share}% get a random choice.", share=tidy(share[Group.RANDOM]))
    if share[Group.USUAL]:
        usual = combination_text(experiment.groups.usual_combination or {}, experiment)
        yield msg("{share}% get it as usual: {usual}.", share=tidy(share[Group.USUAL]), usual=usual)
    if share[Group.HOLDOUT]:
        yield msg(
            "{share}% get nothing, so that you can see what the messages are worth.",
            share=tidy(share[Group.HOLDOUT]),
        )


def _option_needs(rule: OptionNeeds, experiment: Experiment) -> Message:
    option = option_label(experiment, rule.dimension, rule.option)
    values = {"option": option, "attribute": rule.attribute, "value": tidy(rule.value)}
    match rule.comparison:
        case Comparison.IS:
            return msg("{option} only for people whose {attribute} is {value}.", **values)
        case Comparison.IS_NOT:
            return msg("{option} only for people whose {attribute} is not {value}.", **values)
        case Comparison.ABOVE:
            return msg("{option} only for people whose {attribute} is above {value}.", **values)
        case Comparison.BELOW:
            return msg("{option} only for people whose {attribute} is below {value}.", **values)
        case Comparison.KNOWN:
            return msg("{option} only for people whose {attribute} is known.", **values)


def _exclude(rule: Exclude, experiment: Experiment) -> Message:
    kinds = {d.key: d.kind for d in experiment.dimensions}
    channel = next((d for d in rule.when if kinds.get(d) is DimensionKind.CHANNEL), None)
    others = [option_label(experiment, d, o) for d, o in rule.when.items() if d != channel]
    if channel is not None:
        return msg(
            "Never send {options} by {channel}.",
            options=listed(others),
            channel=option_label(experiment, channel, rule.when[channel]),
        )
    return msg("Never together: {options}.", options=listed(others))


def _daily_cap(rule: DailyCap, experiment: Experiment) -> Message:
    values = {"messages": rule.messages, "money": rule.money, "currency": experiment.currency}
    if rule.money is None:
        return msgn("At most {n} message a day.", "At most {n} messages a day.", rule.messages or 0)
    if rule.messages is None:
        return msg("At most {money} {currency} a day.", **values)
    return msg("At most {messages} messages and {money} {currency} a day.", **values)
