"""What is chosen, and what works for whom: a picture for each dimension."""

from __future__ import annotations

import pandas as pd

from services.experiment.model import Dimension
from services.insights.chart_style import Style
from services.insights.definitions import choices_definition
from services.insights.exhibits import Column, Exhibit, Kind, readable
from services.insights.heat_map import heat_map
from services.insights.model import Card, NotYet
from services.insights.stacked_charts import option_shares
from services.messages import Message, Percent, msg
from services.workflow.choices_view import MAX_SEGMENT_ROWS, Cells, shares_of, varied
from services.workflow.takeaway.chapter import Chapter, Scope

MIN_DAYS = 2  # one day is no development


def choices_chapter(scope: Scope) -> Chapter:
    """Shares of the options over time, of people with personalised messages."""
    question = msg("What does Anneal choose?")
    found = [_shares(scope, dimension) for dimension in varied(scope.experiment)]
    exhibits = [exhibit for exhibit in found if exhibit is not None]
    if not exhibits:
        waiting = msg("They show from the second day of decisions on.")
        return Chapter(NotYet("choices", question, waiting))
    days = [day for exhibit in exhibits for day in exhibit.table["day"]]
    n = _decisions(scope)
    sheet = choices_definition(min(days), max(days), n)
    return Chapter(Card("choices", question, exhibits[0].finding, sheet), tuple(exhibits))


def heat_exhibit(dimension: Dimension, cells: Cells) -> Exhibit:
    """Each option in each segment, the clearest segments first."""
    chosen = list(cells.order[:MAX_SEGMENT_ROWS])
    table = cells.table.assign(label=pd.Series(cells.labels(), cells.table.index, dtype=object))
    shown = table[table["segment"].isin(chosen)]

    def draw(style: Style) -> object:
        named = shown.drop(columns="label").assign(
            segment=[readable(style.say(label)) for label in shown["label"]]
        )
        return heat_map(named, style)

    return Exhibit(
        key=f"cells-{dimension.key}",
        title=msg("What works for whom: {dimension}", dimension=dimension.label),
        finding=_clearest(cells),
        columns=(
            Column("label", msg("Segment"), Kind.TEXT),
            Column("option", msg("Option"), Kind.TEXT),
            Column("estimate", msg("Against the average option"), Kind.LIFT),
            Column("low", msg("At least"), Kind.LIFT),
            Column("high", msg("At most"), Kind.LIFT),
            Column("n", msg("People"), Kind.COUNT),
            Column("missing", msg("People still missing"), Kind.COUNT),
        ),
        table=table,
        draw=draw,
        note=None
        if cells.finished
        else msg("Colours come on the last planned day: before it they would call luck a finding."),
        wide=True,
    )


def _clearest(cells: Cells) -> Message:
    clear = cells.table[cells.table["clear"].astype(bool)]
    if clear.empty:
        return msg("No clear difference between options in any segment")
    best = clear.iloc[int(clear["estimate"].abs().to_numpy().argmax())]
    return msg(
        "Clearest: {segment}, {option}, {lift}",
        segment=cells.names[best["segment"]],
        option=best["option"],
        lift=Percent(float(best["estimate"]), signed=True),
    )


def _shares(scope: Scope, dimension: Dimension) -> Exhibit | None:
    table = shares_of(scope.console.lake, scope.experiment, dimension, days=None)
    if not table.empty:
        table = table[[scope.shows(day) for day in table["day"]]].reset_index(drop=True)
    if table.empty or table["day"].nunique() < MIN_DAYS:
        return None
    last = table[table["day"] == table["day"].max()]
    top = last.loc[last["share"].idxmax()]

    def draw(style: Style) -> object:
        return option_shares(table, style)

    return Exhibit(
        key=f"choices-{dimension.key}",
        title=msg("Choices by day: {dimension}", dimension=dimension.label),
        finding=msg(
            "{option} was chosen most often on {day}: {share}.",
            option=top["option"],
            day=last["day"].iloc[0],
            share=Percent(float(top["share"])),
        ),
        columns=(
            Column("day", msg("Day"), Kind.DAY),
            Column("option", msg("Option"), Kind.TEXT),
            Column("share", msg("Share"), Kind.SHARE),
        ),
        table=pd.DataFrame(table),
        draw=draw,
    )


def _decisions(scope: Scope) -> int:
    parts = scope.console.lake.parts("decisions", scope.experiment.id)
    return sum(part.n_rows for part in parts if scope.shows(part.day))
