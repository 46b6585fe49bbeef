"""When a comparison goes on, and when it has to begin anew.

A changed rule or option changes what people get, and the lift is that of whatever they got: the
comparison goes on. A changed metric, cap, audience, planned length or group changes the question:
what was found so far stays as it is, and a new clock starts (STATISTICS 8 and 11), because error
that was spent on one question cannot be taken back for another.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from services.experiment.model import Experiment
from services.insights.looks import People
from services.lake import Part


@dataclass(frozen=True)
class Phase:
    """One comparison's own time: it counts from `first_day`, and only its own looks (`parts`)."""

    question: str
    first_day: date
    parts: tuple[Part, ...]


def question(experiment: Experiment) -> str:
    """Digest of what is asked, by whom and for how long. Two versions with the same one go on."""
    asked = {
        "segments": list(experiment.audience.segment_ids),
        "metric": experiment.metric.model_dump(mode="json", exclude={"noun"}),
        "groups": experiment.groups.model_dump(mode="json"),
        "primary_comparison": experiment.primary_comparison.value,
        "planned_weeks": experiment.planned_weeks,
        "salt": experiment.salt,
        "zone": experiment.zone,
    }
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def phase_of(
    experiment: Experiment, looks: Sequence[Part], closed: Sequence[date], due: Sequence[date]
) -> Phase:
    """The phase that the due days belong to.

    looks   parts of earlier looks, in order of day
    closed  all days with final outcomes; `due`: those without a look, at least one

    A new question begins on the first day that has no look: its outcomes are the first that were
    counted by the new version. Looks that do not say what they asked belong to the present one.
    """
    asked = question(experiment)
    mine: list[Part] = []
    for part in reversed(looks):
        if part.meta.get("question", asked) != asked:
            break
        mine.append(part)
    mine.reverse()
    begun = mine[-1].meta.get("first_day") if mine else None
    if isinstance(begun, str):
        return Phase(asked, date.fromisoformat(begun), tuple(mine))
    if mine or not looks:
        return Phase(asked, closed[0], tuple(mine))
    return Phase(asked, due[0], ())


def as_of(people: People, first_day: date) -> People:
    """The same people, those who entered earlier counted from `first_day` on."""
    begin = np.datetime64(first_day)
    return People(
        people.person,
        people.group,
        np.maximum(people.entered_on, begin),
        people.covariate,
        people.segments,
    )


def first_day_of(day: date, day_number: int) -> date:
    """First day of the phase in which `day` was the `day_number`-th."""
    return day - timedelta(days=day_number - 1)
