"""All launched experiments side by side: what each has learnt so far, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from services.bootstrap import Console
from services.errors import ConsoleError
from services.experiment.model import Experiment, Group, Status
from services.experiment.records import ExperimentRow
from services.experiment.store import experiments, load_version
from services.insights.model import Card, Finding
from services.insights.report import report
from services.messages import Message, Percent, msg
from services.workflow.choices_view import shares_of, varied
from services.workflow.cost_view import costs_by_day
from services.workflow.insights_view import Insights, Look, insights, looks_table
from services.workflow.reading.store import count_assigned
from services.workflow.takeaway.trust_chapter import cost_sentence, unit_of

FAVOURITE_SHARE = 0.4  # an option chosen less often than this is no favourite


@dataclass(frozen=True)
class Learnt:
    """One experiment. `problem` says why nothing can be told of it, in place of all the rest.

    lift      the headline as the report says it; findings: what else is clear, in sentences
    over      the group it is compared with; look: the newest primary one
    """

    row: ExperimentRow
    experiment: Experiment | None
    n_people: int
    lift: Finding | None
    look: Look | None
    findings: tuple[Message, ...]
    problem: Message | None = None

    @property
    def ended(self) -> bool:
        """Whether it will learn no more."""
        return self.row.status is Status.ENDED

    @property
    def over(self) -> Group | None:
        """The group its lift is over."""
        if self.experiment is None:
            return None
        return Group(self.experiment.primary_comparison.value)


def programme(console: Console) -> tuple[Learnt, ...]:
    """Every launched experiment, the newest first. One that cannot be read says so, alone."""
    people = count_assigned(console.database)
    rows = [row for row in experiments(console.database) if row.first_day is not None]
    return tuple(_learnt(console, row, sum(people.get(row.id, {}).values())) for row in rows)


def _learnt(console: Console, row: ExperimentRow, n_people: int) -> Learnt:
    try:
        experiment = load_version(console.database, row.id, row.version)
        seen = insights(console.lake, experiment)
        looks = looks_table(console.lake, row.id)
        ended = row.status is Status.ENDED
        first_day = row.first_day or console.clock.now().date()
        found = {
            finding.key: finding
            for finding in report(experiment, looks, first_day=first_day, ended=ended)
        }
        findings = [
            *_segment(found["segments"]),
            *_favourites(console, experiment),
            *_cost(experiment, seen, looks),
        ]
    except ConsoleError as problem:
        return Learnt(row, None, n_people, None, None, (), problem.what)
    return Learnt(row, experiment, n_people, found["lift"], seen.primary, tuple(findings))


def _segment(finding: Finding) -> list[Message]:
    """Only what stands out after correction for looking at many."""
    return [finding.sentence] if isinstance(finding, Card) and finding.figures else []


def _favourites(console: Console, experiment: Experiment) -> list[Message]:
    """The option of each dimension that is chosen far more often than the others by now."""
    found = []
    for dimension in varied(experiment):
        shares = shares_of(console.lake, experiment, dimension, days=1)
        if shares.empty:
            continue
        top = shares.iloc[int(shares["share"].to_numpy().argmax())]
        if top["share"] >= FAVOURITE_SHARE and top["share"] > 1.5 / len(dimension.options):
            found.append(
                msg(
                    "{dimension}: {option} is chosen for {share} of people.",
                    dimension=dimension.label,
                    option=str(top["option"]),
                    share=Percent(float(top["share"])),
                )
            )
    return found


def _cost(experiment: Experiment, seen: Insights, looks: Any) -> list[Message]:
    costs = costs_by_day(looks)
    if costs.empty:
        return []
    last = costs.iloc[-1]
    unit = unit_of(experiment, in_money=seen.in_money)
    return [cost_sentence(float(last["value"]), float(last["low"]), float(last["high"]), unit)]


def told_until(lines: tuple[Learnt, ...]) -> date | None:
    """The newest day anything here is told of."""
    return max((line.look.day for line in lines if line.look is not None), default=None)
