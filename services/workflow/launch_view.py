"""What Launch shows: the paragraph that is approved, the checks, the first possible day."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pyarrow.compute as pc

from services.activation.preflight import TICKS, Check, CheckState, preflight
from services.bootstrap import Console
from services.database.schema import catalogue
from services.errors import ExperimentError
from services.experiment.drafts import Document
from services.experiment.model import Experiment, Group
from services.experiment.problem import Problem
from services.experiment.sentences import experiment_sentences
from services.experiment.validation import complete, problems
from services.messages import Message
from services.workflow.cycle import cycle_start

DRAFT_SALT = "0" * 32  # a draft has none yet; nothing on the page depends on it
MOST_DAYS_AHEAD = 3
TARGET_KINDS = ("campaign", "canvas", "template")
TICKED = "_ticked"  # {key of the setting: who confirmed it}, kept with the draft


@dataclass(frozen=True)
class Launch:
    """Everything the page shows of a draft.

    experiment  None while the draft is incomplete; `missing` then says what is missing
    n_people    people in the audience as last exported, None before the first export
    can_get     people who can get a message: all but the holdout
    names       id → name of the campaigns and Canvases that checks are about
    """

    experiment: Experiment | None
    missing: tuple[Problem, ...]
    paragraph: tuple[Message, ...]
    checks: tuple[Check, ...]
    n_people: int | None
    exported_on: date | None
    can_get: int | None
    first_day: date | None
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def blockers(self) -> tuple[Check, ...]:
        """Checks that stop the start."""
        return tuple(check for check in self.checks if check.state is CheckState.BLOCK)

    @property
    def may_start(self) -> bool:
        """Whether nothing stops the start."""
        return self.experiment is not None and not self.blockers and self.can_get is not None


def launch(
    console: Console, experiment_id: str, document: Document, *, ticked: Collection[str]
) -> Launch:
    """Judge a draft as the worker will judge it when it starts.

    ticked  keys of the settings that the reader has confirmed
    """
    n_people, exported_on = _audience(console, experiment_id)
    missing = tuple(problem for problem in problems(document) if problem.blocking)
    try:
        experiment = complete(document, experiment_id, 1, DRAFT_SALT)
    except ExperimentError:
        return Launch(None, missing, (), (), n_people, exported_on, None, None)
    first = _first_day(console, experiment)
    paragraph = experiment_sentences(
        experiment, n_people=n_people, first_day=first, segment_names=_names(console, ("segment",))
    )
    return Launch(
        experiment=experiment,
        missing=missing,
        paragraph=tuple(paragraph),
        checks=tuple(
            preflight(console.database, experiment, ticked=ticked, n_people=n_people or 0)
        ),
        n_people=n_people,
        exported_on=exported_on,
        can_get=_can_get(experiment, n_people),
        first_day=first,
        names=_names(console, TARGET_KINDS),
    )


def ticked_in(document: Document) -> dict[str, str]:
    """Settings that only people can see and that somebody confirmed: key → account."""
    kept = document.get(TICKED)
    if not isinstance(kept, Mapping):
        return {}
    return {key: str(kept[key]) for key in TICKS if kept.get(key)}


def tick(document: Document, key: str, by: str | None) -> None:
    """Confirm one setting in the name of `by`; None takes it back."""
    kept = ticked_in(document)
    kept.pop(key, None)
    if by is not None:
        kept[key] = by
    document[TICKED] = kept


def _can_get(experiment: Experiment, n_people: int | None) -> int | None:
    if not n_people:
        return None
    return n_people - round(n_people * experiment.groups.of(Group.HOLDOUT))


def _audience(console: Console, experiment_id: str) -> tuple[int | None, date | None]:
    day = console.lake.latest_day("snapshots", experiment_id)
    if day is None:
        return None, None
    parts = console.lake.parts("snapshots", experiment_id, day)
    table = console.lake.load(parts, ["in_audience"])
    return int(pc.sum(table["in_audience"]).as_py() or 0), day


def _first_day(console: Console, experiment: Experiment) -> date:
    """The first local day whose cycle has not had to begin yet, as the worker will choose it."""
    now = console.clock.now()
    day = now.astimezone(ZoneInfo(experiment.zone)).date()
    for _ahead in range(MOST_DAYS_AHEAD):
        if cycle_start(console, experiment, day) > now:
            break
        day += timedelta(days=1)
    return day


def _names(console: Console, kinds: Collection[str]) -> dict[str, str]:
    with console.database.read() as connection:
        rows = connection.execute(
            catalogue.select()
            .with_only_columns(catalogue.c.id, catalogue.c.name)
            .where(catalogue.c.kind.in_(list(kinds)))
        ).all()
    return {row.id: row.name for row in rows}
