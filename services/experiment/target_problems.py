"""Does every combination have somewhere to go, and is that place in Braze fit for it?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from services.errors import ExperimentError
from services.experiment.braze_problems import braze_problems
from services.experiment.catalogue.model import Catalogue
from services.experiment.combinations import NO_TARGET, Combinations, allowed
from services.experiment.model import CADENCE_KINDS, DimensionKind, Experiment, TargetKind
from services.experiment.problem import Problem, Step
from services.experiment.rule_problems import unknown_parts
from services.messages import Message, msg


def target_problems(experiment: Experiment, catalogue: Catalogue | None) -> Iterator[Problem]:
    """Problems of the step Templates: targets, and the campaigns and Canvases behind them."""
    if not experiment.targets:
        yield _problem(
            msg("No campaign or Canvas is chosen yet."),
            msg("Choose an API-triggered campaign for each channel."),
        )
        return
    for target in experiment.targets:
        yield from unknown_parts(experiment, target.when, Step.TEMPLATES)
    yield from _reach(experiment)
    if catalogue is not None:
        seen: set[tuple[str, str, str]] = set()
        for target in experiment.targets:
            mark = (target.kind.value, target.id, target.channel.value)
            if mark not in seen:
                seen.add(mark)
                yield from braze_problems(target, catalogue.details(target))
    yield from _incomplete(experiment)


def _incomplete(experiment: Experiment) -> Iterator[Problem]:
    for target in experiment.targets:
        parts = (target.template_id, target.sender, target.app_id)
        if target.kind is TargetKind.API_CAMPAIGN and not all(parts):
            yield _problem(
                msg("An API campaign is not set up completely."),
                msg("It needs an app, a sender and a template."),
                about=target.id,
            )


def _reach(experiment: Experiment) -> Iterator[Problem]:
    rhythm = {d.key: d.label for d in experiment.dimensions if d.kind in CADENCE_KINDS}
    for target in experiment.targets:
        for key in target.when.keys() & rhythm.keys():
            yield _problem(
                msg("“{label}” cannot decide which campaign is used.", label=rhythm[key]),
                msg("Take it out of the condition."),
                about=target.id,
            )
    try:
        combinations = allowed(experiment, None)
    except ExperimentError:
        return  # the step Options says so already
    n_lost = combinations.n_removed_by(NO_TARGET)
    if n_lost:
        first = int(np.flatnonzero(combinations.removed_by == NO_TARGET)[0])
        yield _problem(
            msg(
                "{n} combinations have no campaign, for example {example}.",
                n=n_lost,
                example=_example(experiment, combinations.named_removed(first)),
            ),
            msg("Add a target for them, or one without a condition at the end."),
        )
    yield from _wrong_channels(experiment, combinations)
    used = set(combinations.targets.tolist())
    for number, target in enumerate(experiment.targets):
        if len(combinations) and number not in used:
            yield _problem(
                msg(
                    "Target {n} is never used: earlier ones take all its combinations.",
                    n=number + 1,
                ),
                msg("Move it up, or take it out."),
                about=target.id,
                blocking=False,
            )


def _wrong_channels(experiment: Experiment, combinations: Combinations) -> Iterator[Problem]:
    for at, dimension in enumerate(experiment.send_dimensions):
        if dimension.kind is not DimensionKind.CHANNEL:
            continue
        for number, option in enumerate(dimension.options):
            rows = combinations.options[:, at] == number
            for used in sorted(set(combinations.targets[rows].tolist())):
                target = experiment.targets[used]
                if target.channel.value != option.value:
                    yield _problem(
                        msg(
                            "“{option}” would be sent by a target of the channel {channel}.",
                            option=option.label,
                            channel=target.channel.value,
                        ),
                        msg("Give each channel its own campaign."),
                        about=target.id,
                    )


def _example(experiment: Experiment, combination: dict[str, str]) -> str:
    labels = {(d.key, o.key): o.label for d in experiment.dimensions for o in d.options}
    return ", ".join(labels[part] for part in combination.items())


def _problem(what: Message, hint: Message, about: str = "", *, blocking: bool = True) -> Problem:
    return Problem(Step.TEMPLATES, what, hint, blocking, about)
