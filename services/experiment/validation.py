"""Say what is wrong with a draft, and make a finished draft an experiment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.errors import ExperimentError
from services.experiment.audience_problems import audience_problems
from services.experiment.catalogue.model import Catalogue
from services.experiment.drafts import Unreadable, plain_document, read_draft
from services.experiment.metric_problems import metric_problems
from services.experiment.model import Experiment
from services.experiment.option_problems import option_problems
from services.experiment.problem import Problem, Step
from services.experiment.rule_problems import rule_problems
from services.experiment.target_problems import target_problems
from services.messages import Message, msg

STEP_OF_PART = {
    "audience": Step.AUDIENCE,
    "groups": Step.AUDIENCE,
    "primary_comparison": Step.AUDIENCE,
    "metric": Step.METRIC,
    "guardrails": Step.METRIC,
    "currency": Step.METRIC,
    "planned_weeks": Step.METRIC,
    "dimensions": Step.OPTIONS,
    "rules": Step.OPTIONS,
    "targets": Step.TEMPLATES,
}

REASONS = {
    "missing": msg("is missing"),
    "string_too_short": msg("is empty"),
    "string_too_long": msg("is too long"),
    "too_short": msg("has too few entries"),
    "greater_than": msg("is too small"),
    "greater_than_equal": msg("is too small"),
    "less_than_equal": msg("is too large"),
    "int_from_float": msg("is not a whole number"),
    "int_parsing": msg("is not a whole number"),
    "int_type": msg("is not a whole number"),
    "float_parsing": msg("is not a number"),
    "float_type": msg("is not a number"),
    "string_pattern_mismatch": msg("has characters that are not possible here"),
    "enum": msg("is none of the possible values"),
    "date_from_datetime_parsing": msg("is not a date"),
    "extra_forbidden": msg("is not known"),
}


def problems(
    document: Mapping[str, Any], catalogue: Catalogue | None = None, *, day: date | None = None
) -> list[Problem]:
    """Everything to put right in a draft, step by step, blocking ones first within a step.

    With a `catalogue`, segments, campaigns and Canvases are checked against what Braze says. `day`
    is today in the experiment's zone: options whose time is over are named.
    """
    reading = read_draft(document)
    experiment = reading.experiment
    found = [_shape_problem(part) for part in reading.unreadable if part.place[0] != "name"]
    if not str(document.get("name") or "").strip():
        found.append(
            Problem(Step.LAUNCH, msg("The experiment has no name."), msg("Give it a short name."))
        )
    elif not reading.readable("name"):
        found.append(
            Problem(Step.LAUNCH, msg("The experiment's name is too long."), msg("Shorten it."))
        )
    found += audience_problems(experiment, catalogue)
    if reading.readable("metric"):
        found += metric_problems(experiment)
    if reading.readable("dimensions"):
        found += option_problems(experiment, day)
        if reading.readable("rules"):
            found += rule_problems(experiment)
        if reading.readable("targets"):
            found += target_problems(experiment, catalogue)
    order = list(Step)
    return sorted(found, key=lambda p: (order.index(p.step), not p.blocking))


def complete(document: Mapping[str, Any], id: str, version: int, salt: str) -> Experiment:
    """The experiment that a finished draft describes.

    Raises ExperimentError with the first blocking problem that can be seen without Braze.
    """
    blocking = [problem for problem in problems(document) if problem.blocking]
    if blocking:
        raise ExperimentError(blocking[0].what, hint=blocking[0].hint)
    parts = plain_document(document)
    return Experiment.model_validate(parts | {"id": id, "version": version, "salt": salt})


def _shape_problem(part: Unreadable) -> Problem:
    place = ".".join(str(p + 1) if isinstance(p, int) else p for p in part.place)
    reason: Message = REASONS.get(part.kind, msg("cannot be read"))
    return Problem(
        STEP_OF_PART.get(str(part.place[0]), Step.LAUNCH),
        msg("“{place}” {reason}.", place=place, reason=reason),
        msg("Change the value, or take the entry out."),
        about=place,
    )
