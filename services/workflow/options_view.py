"""What the page Options shows beside the draft: how many combinations, and whom the rules leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import pyarrow.compute as pc

from services.audience.eligibility import channel_consent
from services.errors import ConsoleError
from services.experiment.cadences import cadences
from services.experiment.combinations import allowed, judge
from services.experiment.drafts import Document, read_draft
from services.experiment.model import DimensionKind, Experiment
from services.experiment.none_left import WithoutOption, then, without_option
from services.experiment.use_cases import starting_document
from services.lake import Lake


@dataclass(frozen=True)
class OptionsState:
    """Counts for the side card and the rules.

    removed_by   combinations a rule takes out, by the rule's place in the document
    kept_out     people who do not fulfil a rule, likewise; empty before the first export
    may_get      share of people, 0 to 1, who may get an option, by (dimension, option)
    n_nobody     people without any option left; None before the first export
    without      those people by what keeps them out, the largest group first
    instead      what they get
    """

    n_full: int
    n_left: int
    n_rhythms: int
    removed_by: Mapping[int, int]
    kept_out: Mapping[int, int]
    may_get: Mapping[tuple[str, str], float]
    n_people: int | None
    n_nobody: int | None
    as_of: date | None
    too_many: ConsoleError | None = None
    without: tuple[WithoutOption, ...] = ()
    instead: Literal["usual", "nothing"] = "nothing"

    def people_for(self, dimension: str, option: str) -> int | None:
        """How many people may get an option; None before the first export."""
        share = self.may_get.get((dimension, option))
        return None if share is None or self.n_people is None else round(share * self.n_people)


def options_state(lake: Lake, experiment_id: str, document: Document, today: date) -> OptionsState:
    """Work the counts out from the draft and the newest export of its audience."""
    experiment = read_draft(document).experiment
    n_full = 1
    for dimension in experiment.send_dimensions:
        n_full *= max(1, len(dimension.options))
    rhythms = len(cadences(experiment)) if experiment.cadence_dimensions else 1
    try:
        left = allowed(experiment.model_copy(update={"targets": ()}), today)
    except ConsoleError as problem:
        return OptionsState(n_full, 0, rhythms, {}, {}, {}, None, None, None, problem)
    removed = {number: left.n_removed_by(number) for number in range(len(experiment.rules))}
    day = lake.latest_day("snapshots", experiment_id)
    people = _people(lake, experiment_id, day, experiment, document) if day and len(left) else None
    if people is None:
        return OptionsState(n_full, len(left), rhythms, removed, {}, {}, None, None, None)
    kept_out, may_get, n_people, without = people
    return OptionsState(
        n_full,
        len(left),
        rhythms,
        removed,
        kept_out,
        may_get,
        n_people,
        sum(group.n for group in without),
        day,
        without=without,
        instead=then(experiment),
    )


def suggestions(document: Document, key: str, kind: DimensionKind) -> list[dict[str, object]]:
    """Up to three options that the use case would start this dimension with, not there yet."""
    try:
        start = starting_document(str(document.get("use_case") or ""))
    except ConsoleError:
        return []
    present = {
        str(option.get("key"))
        for dimension in document.get("dimensions") or ()
        if dimension.get("key") == key
        for option in dimension.get("options") or ()
    }
    same = [d for d in start["dimensions"] if d["key"] == key or d["kind"] == kind.value]
    return [option for d in same for option in d["options"] if option["key"] not in present][:3]


def _people(
    lake: Lake, experiment_id: str, day: date, experiment: Experiment, document: Document
) -> tuple[dict[int, int], dict[tuple[str, str], float], int, tuple[WithoutOption, ...]] | None:
    table = lake.read("snapshots", experiment_id, since=day, until=day)
    table = table.filter(pc.field("in_audience"))
    if not table.num_rows:
        return None
    # Where messages go through is a later step, and takes nothing away from anybody here.
    combinations = allowed(experiment.model_copy(update={"targets": ()}), None)
    if not len(combinations):
        return None
    consent = channel_consent(table, experiment.audience.sms_consent_attribute)
    try:
        judged = judge(combinations, experiment, table, consent)
    except ConsoleError:
        return None  # a rule names an attribute that has not been exported yet
    kept_out = {
        condition.rule: judged.n_kept_out(number)
        for number, condition in enumerate(judged.conditions)
        if condition.rule is not None
    }
    patterns = judged.patterns
    n_alike = np.bincount(judged.pattern_of, minlength=len(patterns))  # people of each pattern
    may_get: dict[tuple[str, str], float] = {}
    for place, dimension in enumerate(combinations.dimensions):
        for number, option in enumerate(combinations.option_keys[place]):
            with_it = combinations.options[:, place] == number
            people = int(n_alike[patterns[:, with_it].any(axis=1)].sum())
            may_get[dimension, option] = people / table.num_rows
    return kept_out, may_get, table.num_rows, without_option(experiment, judged)
