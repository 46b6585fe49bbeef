"""Can you trust it, and what did learning cost."""

from __future__ import annotations

from typing import Any

import pandas as pd

from services.experiment.model import Experiment, Group
from services.insights.balance import Alarm
from services.insights.chart_style import Style
from services.insights.cost_chart import learning_cost
from services.insights.definitions import (
    GROUP_NAMES,
    contamination_definition,
    cost_definition,
    groups_definition,
)
from services.insights.exhibits import Column, Exhibit, Kind
from services.insights.model import Card, NotYet
from services.messages import Message, msg
from services.workflow.contamination_view import contamination, touched_sentence
from services.workflow.cost_view import costs_by_day
from services.workflow.insights_view import BAND_MIN, Insights, looks_table
from services.workflow.takeaway.chapter import Chapter, Scope
from services.workflow.trust_view import trust

VERDICTS = {
    Alarm.FINE: msg("Group sizes are as drawn."),
    Alarm.WARN: msg("Group sizes drift from the draw."),
    Alarm.PAUSE: msg("Group sizes are not those drawn: do not trust the lift."),
}


def trust_chapter(scope: Scope) -> Chapter:
    """Groups against the draw."""
    question = msg("Can you trust it?")
    found = trust(scope.console.database, scope.experiment)
    if found is None:
        return Chapter(NotYet("trust", question, msg("Nobody has entered the experiment yet.")))
    rows = [
        {"group": GROUP_NAMES[line.group], "expected": line.expected, "seen": line.seen}
        for line in found.lines
    ]
    exhibit = Exhibit(
        key="groups",
        title=msg("Groups as drawn and as seen"),
        finding=VERDICTS[found.alarm],
        columns=(
            Column("group", msg("Group"), Kind.TEXT),
            Column("expected", msg("Expected"), Kind.COUNT),
            Column("seen", msg("Seen"), Kind.COUNT),
        ),
        table=pd.DataFrame(rows),
    )
    figures = {"evidence": found.evidence}
    card = Card("trust", question, VERDICTS[found.alarm], groups_definition(), figures)
    others = _other_campaigns(scope)
    return Chapter(card, (exhibit, others) if others is not None else (exhibit,))


def _other_campaigns(scope: Scope) -> Exhibit | None:
    console = scope.console
    found = contamination(console.database, console.lake, scope.experiment)
    if found is None:
        return None
    rows = [
        {
            "group": GROUP_NAMES[line.group],
            "people": line.n,
            "touched": line.touched,
            "share": line.share,
        }
        for line in found.lines
    ]
    return Exhibit(
        key="other-campaigns",
        title=msg("People who got other campaigns"),
        finding=touched_sentence(found),
        columns=(
            Column("group", msg("Group"), Kind.TEXT),
            Column("people", msg("People"), Kind.COUNT),
            Column("touched", msg("Got other campaigns"), Kind.COUNT),
            Column("share", msg("Share"), Kind.SHARE),
        ),
        table=pd.DataFrame(rows),
        definition=contamination_definition(found.day),
        note=touched_sentence(found),
    )


def cost_chapter(scope: Scope, seen: Insights) -> Chapter:
    """What the random group would have brought with personalised messages."""
    question = msg("What did learning cost?")
    costs = costs_by_day(looks_table(scope.console.lake, scope.experiment.id, until=scope.until))
    costs = costs[[scope.shows(day) for day in costs["day"]]].reset_index(drop=True)
    if len(costs) < BAND_MIN:
        waiting = msg("It comes with the comparison of personalised over random.")
        return Chapter(NotYet("cost", question, waiting))
    last = costs.iloc[-1]
    unit = unit_of(scope.experiment, in_money=seen.in_money)

    def draw(style: Style) -> Any:
        return learning_cost(costs, style, unit=unit)

    sentence = cost_sentence(float(last["value"]), float(last["low"]), float(last["high"]), unit)
    newest = looks_table(scope.console.lake, scope.experiment.id, until=scope.until).to_pylist()
    name = f"{Group.PERSONALISED.value}/{Group.RANDOM.value}"
    look = next(
        row
        for row in newest
        if (row["comparison"], row["metric"], row["segment"], row["day"])
        == (name, "primary", "", last["day"])
    )
    exhibit = Exhibit(
        key="cost",
        title=msg("Cost of learning so far, by day"),
        finding=sentence,
        columns=(
            Column("day", msg("Day"), Kind.DAY),
            Column("value", msg("Cost of learning"), Kind.NUMBER),
            Column("low", msg("At least"), Kind.NUMBER),
            Column("high", msg("At most"), Kind.NUMBER),
        ),
        table=costs,
        draw=draw,
    )
    sheet = cost_definition(scope.experiment, look, scope.first_day)
    figures = {key: float(last[key]) for key in ("value", "low", "high")}
    return Chapter(Card("cost", question, sentence, sheet, figures), (exhibit,))


def cost_sentence(value: float, low: float, high: float, unit: Message | str) -> Message:
    """The cost so far in one sentence that never says more than the interval does."""
    told = {"low": round(low), "high": round(high), "noun": unit}
    if low > 0:
        return msg(
            "Learning has cost about {value} {noun} so far; very likely between {low} and {high}.",
            value=round(value),
            **told,
        )
    return msg(
        "No cost of learning is shown so far: it lies between {low} and {high} {noun}.", **told
    )


def unit_of(experiment: Experiment, *, in_money: bool) -> Message | str:
    """What totals of the metric are said in."""
    if in_money:
        return experiment.currency
    return experiment.metric.noun or msg("outcomes")
