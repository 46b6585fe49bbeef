"""Rules on how much of an option there is, in plain sentences."""

from __future__ import annotations

from services.experiment.model import (
    Budget,
    Experiment,
    LeastShare,
    MaySendNothing,
    NetOfCost,
    NoneLeft,
    ShareCap,
)
from services.messages import Message, msg

LimitRule = ShareCap | LeastShare | Budget | NetOfCost | NoneLeft | MaySendNothing


def limit_sentence(rule: LimitRule, experiment: Experiment) -> Message:
    """One rule on amounts, as it stands on the page and beside what it brought about."""
    match rule:
        case ShareCap(dimension=dimension, option=option, share=share):
            return msg(
                "{option} for at most {share}% of a day's people.",
                option=option_label(experiment, dimension, option),
                share=percent(share),
            )
        case LeastShare(dimension=dimension, option=option, share=share):
            return msg(
                "{option} with a chance of at least {share}% for everybody who may get it.",
                option=option_label(experiment, dimension, option),
                share=percent(share),
            )
        case Budget(money=money):
            return msg(
                "At most {money} {currency} in all, spread over the planned days.",
                money=tidy(money),
                currency=experiment.currency,
            )
        case NetOfCost(worth=None):
            return msg("What an option costs is taken off the money it brings.")
        case NetOfCost(worth=worth):
            return msg(
                "What an option costs is taken off what it brings: {noun} count as "
                "{worth} {currency} each.",
                noun=experiment.metric.noun or msg("successes"),
                worth=tidy(worth),
                currency=experiment.currency,
            )
        case NoneLeft(then="usual"):
            return msg("Whoever has no option left gets it as usual.")
        case NoneLeft():
            return msg("Whoever has no option left gets nothing.")
        case MaySendNothing():
            return msg("To send nothing this time is one of the choices.")


def option_label(experiment: Experiment, dimension: str, option: str) -> str:
    """What an option is called, or its key where the experiment does not have it."""
    for found in experiment.dimensions:
        if found.key == dimension:
            return next((o.label for o in found.options if o.key == option), option)
    return option


def percent(share: float) -> int | float:
    """A share of 0 to 1 in percent, to one decimal."""
    whole = round(100 * share, 1)
    return int(whole) if whole.is_integer() else whole


def tidy(value: str | float | bool | None) -> str | float | bool | None:
    """12 instead of 12.0; everything else as it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
