"""What Braze says, beside what Anneal counted."""

from __future__ import annotations

from typing import Any

import pandas as pd

from services.insights.chart_style import Style
from services.insights.exhibits import Column, Exhibit, Kind
from services.insights.model import Card, Finding
from services.insights.series import Multiple, multiples
from services.insights.series_chart import small_series
from services.messages import Message, msg
from services.workflow.braze_view import BrazeNumbers
from services.workflow.takeaway.chapter import Chapter, Scope

MIN_DAYS = 3  # fewer points are no line
VALUE_KINDS = {"count": Kind.COUNT, "share": Kind.SHARE, "money": Kind.NUMBER}


def braze_chapter(scope: Scope, finding: Finding, numbers: BrazeNumbers | None) -> Chapter:
    """Braze's counters by day, and the reconciliation."""
    if numbers is None:
        return Chapter(finding)
    series = numbers.series
    shown = series[[scope.shows(day) for day in series["day"]]]
    exhibits = [_reconciliation(numbers)]
    exhibits += [_small(one) for one in multiples(shown) if len(one.frame) >= MIN_DAYS]
    return Chapter(finding, tuple(exhibits))


def _small(multiple: Multiple) -> Exhibit:
    def draw(style: Style) -> Any:
        return small_series(multiple.frame, style, unit=multiple.unit)

    last = multiple.frame.iloc[-1]
    return Exhibit(
        key=f"braze-{multiple.key}",
        title=msg("Braze: {name}", name=multiple.name),
        finding=msg("{name} by day, from Braze, up to {day}", name=multiple.name, day=last["day"]),
        columns=(
            Column("day", msg("Day"), Kind.DAY),
            Column("value", multiple.name, VALUE_KINDS[multiple.unit]),
        ),
        table=multiple.frame,
        draw=draw,
        note=None if not multiple.of else msg("Of {kinds}.", kinds=list(multiple.of)),
    )


def _reconciliation(numbers: BrazeNumbers) -> Exhibit:
    rows = [
        {
            "step": line.step,
            "braze": line.braze,
            "anneal": line.anneal,
            "why": line.why or msg("The same."),
        }
        for line in numbers.lines
    ]
    return Exhibit(
        key="reconciliation",
        title=msg("Braze and Anneal, side by side"),
        finding=msg("Each step as Braze and as Anneal count it, and why they differ"),
        columns=(
            Column("step", msg("Step"), Kind.TEXT),
            Column("braze", msg("Braze"), Kind.COUNT),
            Column("anneal", msg("Anneal"), Kind.COUNT),
            Column("why", msg("Why they differ"), Kind.TEXT),
        ),
        table=pd.DataFrame(rows),
    )


def sentence_of(finding: Finding) -> Message:
    """What a chapter says first, be it a finding or what it waits for."""
    return finding.sentence if isinstance(finding, Card) else finding.waiting_for
