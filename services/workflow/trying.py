"""Before launch: every reachable combination rendered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.bootstrap import Console, Workplace
from services.content.checks import ContentProblem
from services.content.preview import preview_of
from services.errors import ContentError
from services.experiment.catalogue.model import Catalogue
from services.experiment.catalogue.store import load_catalogue
from services.experiment.combinations import allowed
from services.experiment.model import Experiment, TargetKind
from services.experiment.properties import trigger_properties
from services.experiment.store import load_draft
from services.experiment.validation import complete
from services.intents.model import Intent, message_json
from services.intents.store import report_progress
from services.messages import msg
from services.workflow.rehearsing import REHEARSAL_SALT

EVERY = 25  # combinations between two reports of progress
# Somebody of whom everything is known, and somebody of whom nothing is.
PROFILES: tuple[Mapping[str, Any], ...] = (
    {"first_name": "Sample", "language": "en", "country": "US"},
    {},
)


def render_combinations(place: Workplace, intent: Intent) -> Mapping[str, Any]:
    """Render every combination somebody could get, and count what is wrong with them."""
    console = place.console
    experiment = _drafted(console, intent)
    catalogue = load_catalogue(console.database) or Catalogue()
    combinations = allowed(experiment, console.clock.now().date())
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for number in range(len(combinations)):
        named = combinations.named(number)
        for problem in _problems(experiment, catalogue, named):
            key = (problem.kind.value, str(problem.what))
            known = found.setdefault(
                key,
                {
                    "kind": problem.kind.value,
                    "what": message_json(problem.what),
                    "hint": message_json(problem.hint),
                    "blocking": problem.blocking,
                    "n": 0,
                    "example": named,
                },
            )
            known["n"] += 1
        if number % EVERY == 0:
            report_progress(
                console.database,
                intent,
                number / len(combinations),
                msg("{n} of {total} combinations rendered.", n=number, total=len(combinations)),
            )
    worst_first = sorted(found.values(), key=lambda p: (not p["blocking"], -p["n"]))
    return {"n": len(combinations), "problems": worst_first}


def _problems(
    experiment: Experiment, catalogue: Catalogue, combination: Mapping[str, str]
) -> list[ContentProblem]:
    target = experiment.target_for(dict(combination))
    if target is not None and target.kind is TargetKind.PROFILE:
        return []  # attributes are written as they are: there is nothing to render
    details = None if target is None else catalogue.details(target)
    if target is None or details is None:
        raise ContentError(
            msg("Braze no longer lists the campaign or Canvas of a combination."),
            hint=msg("Choose another one on Templates."),
        )
    found: list[ContentProblem] = []
    for profile in PROFILES:
        shown = preview_of(
            details,
            trigger_properties(experiment, combination),
            profile,
            canvas=target.kind is TargetKind.CANVAS,
            variation_id=target.variation_id,
        )
        found += [p for p in shown.problems if p not in found]
    return found


def _drafted(console: Console, intent: Intent) -> Experiment:
    id = str(intent.experiment_id)
    return complete(load_draft(console.database, id).document, id, 1, REHEARSAL_SALT)
