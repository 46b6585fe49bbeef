"""Fields of the rules on amounts, in the dialog that builds one rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from pages.components.translate import _
from services.experiment.limit_problems import IN_MONEY
from services.experiment.model import Experiment
from services.messages import Message, msg

Fields = Mapping[str, Any]
Form = Callable[[Experiment, Fields], dict[str, Any] | None]

LIMIT_WORDS: dict[str, Message] = {
    "share_cap": msg("An option for at most so many people a day"),
    "least_share": msg("An option that is tried out at least so often"),
    "budget": msg("At most so much money in all"),
    "net_of_cost": msg("Costs are taken off what an option brings"),
    "none_left": msg("What people get for whom no option is left"),
    "may_send_nothing": msg("To send nothing may be chosen too"),
}


def _option_share(experiment: Experiment, before: Fields, name: str) -> dict[str, Any] | None:
    options = {
        (d.key, o.key): f"{d.label}: {o.label}"
        for d in experiment.send_dimensions
        for o in d.options
    }
    held = (before.get("dimension"), before.get("option"))
    left, right = st.columns(2, vertical_alignment="bottom")
    chosen = left.selectbox(
        _("Option"),
        list(options),
        index=list(options).index(held) if held in options else None,
        format_func=options.__getitem__,
        placeholder=_("Choose an option"),
        key=f"rule.{name}.option",
    )
    percent = right.number_input(
        _("Percent of people"),
        min_value=0.1,
        max_value=100.0,
        value=100.0 * float(before["share"]) if before else None,
        step=1.0,
        key=f"rule.{name}.share",
    )
    if chosen is None or percent is None:
        return None
    return {"dimension": chosen[0], "option": chosen[1], "share": round(percent / 100, 6)}


def _budget(experiment: Experiment, before: Fields) -> dict[str, Any] | None:
    money = st.number_input(
        _("Money in all, {currency}").format(currency=experiment.currency),
        min_value=0.01,
        value=before.get("money"),
        step=100.0,
        key="rule.budget.money",
    )
    return None if money is None else {"money": money}


def _net_of_cost(experiment: Experiment, before: Fields) -> dict[str, Any] | None:
    if experiment.metric.kind in IN_MONEY:
        return {"worth": None}
    worth = st.number_input(
        _("What one success is worth, {currency}").format(currency=experiment.currency),
        min_value=0.01,
        value=before.get("worth"),
        step=1.0,
        key="rule.net.worth",
    )
    return None if worth is None else {"worth": worth}


def _none_left(_experiment: Experiment, before: Fields) -> dict[str, Any] | None:
    words = {"usual": _("The usual combination"), "nothing": _("Nothing")}
    chosen = st.radio(
        _("They get"),
        list(words),
        index=list(words).index(before.get("then", "usual")),
        format_func=words.__getitem__,
        key="rule.none_left.then",
    )
    return {"then": chosen}


LIMIT_FORMS: dict[str, Form] = {
    "share_cap": lambda experiment, before: _option_share(experiment, before, "share_cap"),
    "least_share": lambda experiment, before: _option_share(experiment, before, "least_share"),
    "budget": _budget,
    "net_of_cost": _net_of_cost,
    "none_left": _none_left,
    "may_send_nothing": lambda _experiment, _before: {},
}


def limit_effect(kind: str) -> str:
    """What a rule on amounts does, for the line under its sentence."""
    if kind in ("share_cap", "budget", "net_of_cost"):
        return _("kept by prices that are fixed each day before anything is chosen")
    if kind == "least_share":
        return _("so that it goes on being learnt about")
    if kind == "none_left":
        return _("consent is always needed")
    return _("learnt about like any other choice")
