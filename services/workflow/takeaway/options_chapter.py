"""What each option brings, by lot and judged from the logged chances."""

from __future__ import annotations

import pandas as pd

from services.insights.definitions import options_definition
from services.insights.exhibits import Column, Exhibit, Kind
from services.insights.model import Card, NotYet
from services.insights.off_policy import PolicyValue
from services.messages import msg, msgn
from services.workflow.logged_days import logged_days
from services.workflow.takeaway.chapter import Chapter, Scope
from services.workflow.what_if import OptionValue, option_values, shown

PER_MESSAGES = 100


def options_chapter(scope: Scope) -> Chapter:
    """One table over all dimensions. Takes seconds: the engine's model is learnt again."""
    question = msg("What does each option bring?")
    days, _share = logged_days(scope.console.lake, scope.experiment)
    days = [day for day in days if scope.until is None or day.logged.day <= scope.until]
    values = option_values(scope.experiment, days) if days else []
    if not values:
        waiting = msg("It needs messages whose windows are over.")
        return Chapter(NotYet("options", question, waiting))
    noun = scope.experiment.metric.noun or msg("outcomes")
    told = sum(isinstance(one.judged, PolicyValue) for one in values)
    sentence = msgn(
        "The log is long enough to judge {told} of {n} option.",
        "The log is long enough to judge {told} of {n} options.",
        len(values),
        told=told,
    )
    exhibit = Exhibit(
        key="options",
        title=msg("{noun} per 100 messages, by option", noun=noun),
        finding=sentence,
        columns=(
            Column("dimension", msg("Dimension"), Kind.TEXT),
            Column("option", msg("Option"), Kind.TEXT),
            Column("lot", msg("Random group alone"), Kind.NUMBER),
            Column("lot_low", msg("At least"), Kind.NUMBER),
            Column("lot_high", msg("At most"), Kind.NUMBER),
            Column("judged", msg("From all logged chances"), Kind.NUMBER),
            Column("low", msg("From all, at least"), Kind.NUMBER),
            Column("high", msg("From all, at most"), Kind.NUMBER),
            Column("effective", msg("Effective size"), Kind.COUNT),
        ),
        table=pd.DataFrame([_row(one) for one in values]),
        note=msg(
            "Had everybody got the option who could, the rest as it was chosen. Compare within a"
            " column: the two groups get messages at different rhythms."
        ),
    )
    n = sum(len(day.people) for day in days)
    last = max(day.logged.day for day in days)
    sheet = options_definition(last, scope.experiment.metric.window_days, n)
    return Chapter(Card("options", question, sentence, sheet), (exhibit,))


def _row(one: OptionValue) -> dict[str, object]:
    labels = {option.key: option.label for option in one.dimension.options}
    judged = shown(one.judged) if isinstance(one.judged, PolicyValue) else (None, None, None)
    lot = one.lot if one.lot is not None else (None, None, None)
    names = ("lot", "lot_low", "lot_high", "judged", "low", "high")
    figures = {
        name: None if value is None else PER_MESSAGES * value
        for name, value in zip(names, (*lot, *judged), strict=True)
    }
    return {
        "dimension": one.dimension.label,
        "option": labels[one.option],
        **figures,
        "effective": one.judged.effective,
    }
