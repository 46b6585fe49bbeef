"""Everything a report tells, gathered once: the same for HTML, tables, pictures and the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pandas as pd

from services.bootstrap import Console
from services.errors import ConsoleError, ExperimentError
from services.experiment.model import Experiment, Group, Status
from services.experiment.records import ExperimentRow
from services.experiment.store import experiments, load_version
from services.insights.exhibits import Exhibit
from services.insights.model import Finding, NotYet
from services.insights.report import report
from services.messages import Message, msg
from services.workflow.braze_view import BrazeNumbers, braze_numbers
from services.workflow.choices_view import Cells, cells_of, varied
from services.workflow.insights_view import Insights, insights, looks_table
from services.workflow.people.store import assigned
from services.workflow.takeaway.braze_chapter import braze_chapter
from services.workflow.takeaway.chapter import Chapter, Scope
from services.workflow.takeaway.choices_chapter import choices_chapter, heat_exhibit
from services.workflow.takeaway.lift_chapter import lift_chapter, segments_chapter
from services.workflow.takeaway.options_chapter import options_chapter
from services.workflow.takeaway.trust_chapter import cost_chapter, trust_chapter
from services.workflow.takeaway.windows_chapter import windows_chapter

AFTER_CHOICES = 3  # place of the options among the parts: looks, cells and choices come before


@dataclass(frozen=True)
class Report:
    """What is taken away. `made_at` is the clock's moment, in the experiment's own time."""

    experiment: Experiment
    row: ExperimentRow
    made_at: datetime
    since: date | None
    until: date | None
    chapters: tuple[Chapter, ...]

    @property
    def first_day(self) -> date:
        """First decision day; the day the report is made where there was none yet."""
        return self.row.first_day or self.made_at.date()

    @property
    def told_on(self) -> date:
        """The day as of which everything is told."""
        today = self.made_at.astimezone(ZoneInfo(self.experiment.zone)).date()
        return today if self.until is None else min(self.until, today)

    @property
    def exhibits(self) -> tuple[Exhibit, ...]:
        """All pictures and tables, in the order of the chapters."""
        return tuple(exhibit for chapter in self.chapters for exhibit in chapter.exhibits)


def launched_experiment(console: Console, asked: str | None) -> ExperimentRow:
    """The launched experiment with this id; without one the only launched one.

    Raises ExperimentError where there is none, or more than one to choose from.
    """
    rows = [row for row in experiments(console.database) if row.launched_at is not None]
    if asked is not None:
        rows = [row for row in rows if row.id == asked]
    if len(rows) == 1:
        return rows[0]
    if not rows:
        raise ExperimentError(
            msg("No such experiment has been launched, so there is nothing to report."),
            hint=msg("The ids of experiments stand in the addresses of their pages."),
        )
    named = ", ".join(f"{row.name} ({row.id})" for row in rows)
    raise ExperimentError(
        msg("{n} experiments were launched: say which one.", n=len(rows)),
        hint=msg("Add: --experiment ID. They are: {experiments}.", experiments=named),
    )


def gather(
    console: Console,
    row: ExperimentRow,
    *,
    since: date | None = None,
    until: date | None = None,
    judge_options: bool = False,
) -> Report:
    """Gather the report of a launched experiment.

    since          first day that charts show; until: tell it as it stood on that day
    judge_options  also judge every option from the log, which takes some seconds more

    A chapter whose facts cannot be read says so and leaves the others as they are.
    """
    if since is not None and until is not None and until < since:
        raise ExperimentError(
            msg("The report would end before it begins."),
            hint=msg("Give a last day that is not before the first."),
        )
    experiment = load_version(console.database, row.id, row.version)
    scope = Scope(
        console,
        experiment,
        row.first_day or console.clock.now().date(),
        row.status is Status.ENDED,
        since,
        until,
    )
    parts = _parts(scope)
    if judge_options:
        parts.insert(AFTER_CHOICES, lambda: [options_chapter(scope)])
    chapters = [chapter for part in parts for chapter in _alone(part)]
    return Report(experiment, row, console.clock.now(), since, until, tuple(chapters))


def _parts(scope: Scope) -> list[Callable[[], list[Chapter]]]:
    return [
        lambda: _from_looks(scope),
        lambda: _cells(scope),
        lambda: [choices_chapter(scope)],
        lambda: [windows_chapter(scope)],
        lambda: _braze(scope),
        lambda: [cost_chapter(scope, insights(scope.console.lake, scope.experiment))],
        lambda: [trust_chapter(scope)],
    ]


def _alone(part: Callable[[], list[Chapter]]) -> list[Chapter]:
    try:
        return part()
    except ConsoleError as problem:
        return [Chapter(NotYet("unreadable", problem.what, problem.hint or msg("Try again.")))]


def _findings(scope: Scope, **more: object) -> dict[str, Finding]:
    looks = looks_table(scope.console.lake, scope.experiment.id, until=scope.until)
    found = report(
        scope.experiment,
        looks,
        first_day=scope.first_day,
        ended=scope.ended,
        **more,  # type: ignore[arg-type]
    )
    return {finding.key: finding for finding in found}


def _from_looks(scope: Scope) -> list[Chapter]:
    seen: Insights = insights(scope.console.lake, scope.experiment, until=scope.until)
    found = _findings(scope)
    return [
        lift_chapter(scope, found["lift"], seen),
        segments_chapter(found["segments"], seen),
    ]


def _cells(scope: Scope) -> list[Chapter]:
    """What works for whom, for each dimension, under one finding: that of the first."""
    console, experiment = scope.console, scope.experiment
    looks = looks_table(console.lake, experiment.id, until=scope.until)
    days = max(looks["day_number"].to_pylist(), default=0) if looks.num_rows else 0
    finished = days >= 7 * experiment.planned_weeks
    exhibits: list[Exhibit] = []
    first: Cells | None = None
    for dimension in varied(experiment):
        cells = cells_of(
            console.database,
            console.lake,
            experiment,
            dimension,
            finished=finished,
            until=scope.until,
        )
        if cells is not None:
            exhibits.append(heat_exhibit(dimension, cells))
            first = first or cells
    rewarded = console.lake.days("rewards", experiment.id)
    until = max((day for day in rewarded if scope.shows(day)), default=None)
    if first is None or until is None:
        waiting = msg("It comes from the people who get a random choice.")
        return [Chapter(NotYet("cells", msg("What works for whom?"), waiting))]
    labels = pd.Series(first.labels(), first.table.index, dtype=object)
    named = first.table.assign(segment=labels)
    found = _findings(scope, cells=named, cells_until=until, n_random=_random(scope))
    return [Chapter(found["cells"], tuple(exhibits))]


def _random(scope: Scope) -> int:
    groups: list[str] = assigned(scope.console.database, scope.experiment.id)["grp"].to_pylist()
    return groups.count(Group.RANDOM.value)


def _braze(scope: Scope) -> list[Chapter]:
    numbers: BrazeNumbers | None = braze_numbers(
        scope.console.database, scope.console.lake, scope.experiment, first_day=scope.first_day
    )
    question: Message = msg("How are the messages doing?")
    fetched_on = scope.console.lake.latest_day("series", scope.experiment.id)
    if numbers is None or fetched_on is None:
        waiting = msg("They are fetched once a day, late in the evening.")
        return [Chapter(NotYet("series", question, waiting))]
    series = numbers.series
    shown = series[[scope.until is None or day <= scope.until for day in series["day"]]]
    found = _findings(scope, series=shown, fetched_on=fetched_on)
    return [braze_chapter(scope, found["series"], numbers)]
