"""What the demo shows: one experiment that runs, with history, and one that is half set up.

Both are made from what the sandbox says of its world, through the same functions that the console
and the worker use: drafts, versions, approvals, launch.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.activation.gates.store import content_of, target_name
from services.bootstrap import Workplace
from services.content.lock import content_at
from services.errors import SetupError
from services.experiment.approvals.store import approve
from services.experiment.catalogue.model import Catalogue
from services.experiment.catalogue.store import content_digests, load_catalogue
from services.experiment.model import Experiment, Status
from services.experiment.records import ApprovalKind
from services.experiment.store import create_draft, freeze, set_status
from services.messages import msg

SHOWN_DIMENSIONS = ("offer", "subject", "channel", "hour", "frequency")
FIRST_SEGMENT = "app_lunch"  # people with the app can be reached by all three channels
PLANNED_WEEKS = 8
DRAFT_USE_CASE = "winback"
BY = "demo"


def running_experiment(place: Workplace, world: Mapping[str, Any], first_day: date) -> Experiment:
    """Draw up, approve and start the experiment that the demo has been running for weeks."""
    console = place.console
    id = create_draft(console.database, console.clock, by=BY, document=experiment_document(world))
    experiment = freeze(console.database, console.clock, id, BY)
    approve(
        console.database,
        console.clock,
        ApprovalKind.CONFIGURATION,
        id,
        experiment.configuration_hash(),
        BY,
    )
    approve_targets(place, experiment, BY)
    set_status(console.database, console.clock, id, Status.RUNNING, by=BY, first_day=first_day)
    return experiment


def unfinished_draft(place: Workplace) -> str:
    """A draft as somebody left it: a use case chosen, no audience yet."""
    console = place.console
    return create_draft(console.database, console.clock, by=BY, use_case=DRAFT_USE_CASE)


def approve_targets(place: Workplace, experiment: Experiment, by: str) -> None:
    """Approve the content of every target as the catalogue holds it now.

    Raises SetupError where a target is not in the catalogue.
    """
    console = place.console
    digests = content_digests(console.database)
    known = load_catalogue(console.database) or Catalogue()
    for target in experiment.targets:
        subject = target_name(*content_of(target, target.kind.value, target.id))
        if subject not in digests:
            raise SetupError(
                msg("The target {subject} is not in Braze's list.", subject=subject),
                hint=msg("Refresh the list on Connection, then choose the target again."),
            )
        approve(
            console.database,
            console.clock,
            ApprovalKind.CONTENT,
            subject,
            digests[subject],
            by,
            content=content_at(known, subject),
        )


def experiment_document(world: Mapping[str, Any]) -> dict[str, Any]:
    """The draft document of the running experiment, from what the sandbox says of its world."""
    metric = world["metric"]
    dimensions = [_dimension(d) for d in world["dimensions"] if d["key"] in SHOWN_DIMENSIONS]
    return {
        "name": "The next order",
        "use_case": world["use_case"],
        "audience": {
            "segment_ids": [_segment(world)],
            "attributes": list(world["attributes"]),
            "sms_consent_attribute": world["sms_consent_attribute"],
        },
        "metric": {
            "kind": metric["kind"],
            "sources": [{"kind": metric["source"], "name": metric["name"]}],
            "window_days": metric["window_days"],
            "noun": metric["noun"],
        },
        "guardrails": [{"kind": "unsubscribes", "limit": 0.01}],
        "dimensions": dimensions,
        "targets": [
            {
                "when": {"channel": channel},
                "kind": "campaign",
                "id": target["id"],
                "channel": channel,
            }
            for channel, target in world["campaigns"].items()
        ],
        "rules": [{"kind": "minimum_gap", "hours": 12}],
        "groups": {"personalised": 0.8, "random": 0.1, "usual": 0.0, "holdout": 0.1},
        "zone": "UTC",
        "planned_weeks": PLANNED_WEEKS,
        "currency": world["currency"],
    }


def _segment(world: Mapping[str, Any]) -> str:
    """The segment a marketer of this world would begin with; everybody where it has none such."""
    by_key = {segment["key"]: segment["id"] for segment in world["segments"]}
    return str(by_key.get(FIRST_SEGMENT, world["segments"][0]["id"]))


def _dimension(told: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "key": told["key"],
        "kind": told["kind"],
        "label": told["label"],
        "options": [
            {
                "key": option["key"],
                "label": option["label"],
                "value": option["value"],
                "cost": option["cost"],
            }
            for option in told["options"]
        ],
    }
