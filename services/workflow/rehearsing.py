"""Dry run: a whole decision day as it would be, from what is known now. Nothing is sent."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from services.activation.comparing import Differences, differences
from services.activation.dry_run import Rehearsal, dry_run, rehearsing_sender
from services.activation.model import SkipReason
from services.activation.plans.store import day_counts
from services.audience.features import fit
from services.audience.store import external_ids
from services.bootstrap import Console, Workplace
from services.decision.groups import draw_groups
from services.errors import DataError
from services.experiment.model import Experiment
from services.experiment.status import LAUNCHED
from services.experiment.store import experiment_row, load_draft, load_version
from services.experiment.validation import complete
from services.intents.model import Intent, message_json
from services.intents.store import report_progress
from services.messages import msg
from services.workflow.beliefs import KeptBelief, latest_belief
from services.workflow.deciding import Proposed, propose
from services.workflow.due import reason_message
from services.workflow.people.store import assigned
from services.workflow.priors import first_belief
from services.workflow.sending import count_states
from services.workflow.watching import watch

REHEARSAL_SALT = "rehearsal-" + "0" * 22  # a draft has no salt yet: sizes are right, who is not
SAMPLE_RECIPIENTS = 2  # of the one request that is shown whole


@dataclass(frozen=True)
class Rehearsed:
    """A rehearsed day with what it came from."""

    experiment: Experiment
    rehearsal: Rehearsal
    proposed: Proposed
    groups: Mapping[int, str]
    today: date


def rehearse(place: Workplace, intent: Intent) -> Mapping[str, Any]:
    """The next decision day of an experiment or a draft, as JSON for the page.

    Raises ExperimentError where the draft is not complete, DataError where nobody is known yet.
    """
    console = place.console
    id = str(intent.experiment_id)
    report_progress(console.database, intent, 0.1, msg("Reading the audience."))
    if console.lake.latest_day("snapshots", id) is None:
        experiment, today = _experiment_today(console, id)
        watch(place, id, experiment.audience, today, zone=experiment.zone)
    report_progress(console.database, intent, 0.4, msg("Deciding, as it would be tomorrow."))
    return told(console, rehearse_next_day(console, id))


def rehearse_next_day(console: Console, id: str) -> Rehearsed:
    """The next decision day from what is known here. Writes nothing and asks nobody.

    Raises ExperimentError where the draft is not complete, DataError where nobody is known yet.
    """
    experiment, today = _experiment_today(console, id)
    launched = experiment_row(console.database, id).status in LAUNCHED
    seen = console.lake.latest_day("snapshots", id)
    if seen is None:
        raise _nobody()
    snapshot = console.lake.load(console.lake.parts("snapshots", id, seen))
    members = assigned(console.database, id) if launched else _drawn(console, experiment, snapshot)
    if members.num_rows == 0:
        raise _nobody()
    day = today + timedelta(days=1)
    kept = _belief(console, experiment, seen, snapshot)
    proposed = propose(console, experiment, day, snapshot, members, kept, keep=False)
    groups = dict(zip(members["person"].to_pylist(), members["grp"].to_pylist(), strict=True))
    rehearsal = dry_run(
        console.database,
        console.lake,
        console.workspace,
        experiment,
        day,
        decisions=proposed.decisions,
        assigned=groups,
    )
    return Rehearsed(experiment, rehearsal, proposed, groups, today)


def told(console: Console, found: Rehearsed) -> dict[str, Any]:
    """A rehearsed day as JSON: counts, reasons, one request, and what is unlike the day before."""
    experiment, rehearsal = found.experiment, found.rehearsal
    proposed, groups, today = found.proposed, found.groups, found.today
    reasons: Counter[str] = Counter()
    sentences: dict[str, Any] = {}
    for code in proposed.skips["reason"].to_pylist():
        reasons[code] += 1
        sentences[code] = message_json(reason_message(code))
    for reason, n in rehearsal.not_sent.items():
        reasons[reason.value] += n
        sentences[reason.value] = message_json(SkipReason(reason).what)
    held = sum(1 for group in groups.values() if group == "holdout")
    if held:
        reasons["holdout"] = held
        sentences["holdout"] = message_json(msg("In the holdout, which gets nothing"))
    yesterday = count_states(console, experiment.id, today)
    first = next(rehearsal.bodies(rehearsing_sender(experiment)), None)
    unlike = differences(console.database, experiment, rehearsal, today)
    return {
        "day": rehearsal.day.isoformat(),
        "would_send": rehearsal.n_would_send,
        "would_not_send": sum(reasons.values()),
        "cost": round(rehearsal.cost, 2),
        "currency": experiment.currency,
        "requests": len(rehearsal.batches),
        "by_option": {d: dict(options) for d, options in rehearsal.by_option.items()},
        "by_target": [
            {"kind": kind.value, "id": id, "n": n} for (kind, id), n in rehearsal.by_target.items()
        ],
        "by_hour": {hour.isoformat(): n for hour, n in sorted(rehearsal.by_hour.items())},
        "reasons": [{"code": c, "n": n, **sentences[c]} for c, n in reasons.most_common()],
        "one_request": None if first is None else _shortened(first[1]),
        "today": {"sent": yesterday.sent, "skipped": yesterday.skipped}
        if day_counts(console.database, experiment.id, today)
        else None,
        "unlike_today": _unlike(unlike),
        "content": {target: state.value for target, state in unlike.content.items()},
    }


def _unlike(found: Differences) -> dict[str, Any] | None:
    if found.was is None:
        return None
    return {
        "day": found.was.isoformat(),
        "sent": found.sent.by,
        "by_option": [
            {"dimension": d, "option": o, "before": c.before, "now": c.now}
            for (d, o), c in found.by_option.items()
        ],
        "by_target": [
            {"kind": kind, "id": id, "before": c.before, "now": c.now}
            for (kind, id), c in found.by_target.items()
        ],
    }


def _experiment_today(console: Console, id: str) -> tuple[Experiment, date]:
    launched = experiment_row(console.database, id).status in LAUNCHED
    experiment = load_version(console.database, id) if launched else _drafted(console, id)
    return experiment, console.clock.now().astimezone(ZoneInfo(experiment.zone)).date()


def _nobody() -> DataError:
    return DataError(
        msg("Nobody is in the experiment yet, so there is nothing to rehearse."),
        hint=msg("Export the audience once, on Audience; then come back."),
    )


def _shortened(body: dict[str, object]) -> dict[str, object]:
    """The body as it would go out, with its first recipients and a count of the others."""
    shown = json.loads(json.dumps(body))
    for name in ("recipients", "external_user_ids"):
        if isinstance(shown.get(name), list) and len(shown[name]) > SAMPLE_RECIPIENTS:
            left = len(shown[name]) - SAMPLE_RECIPIENTS
            shown[name] = [*shown[name][:SAMPLE_RECIPIENTS], f"… {left} more"]
    return dict(shown)


def _drafted(console: Console, id: str) -> Experiment:
    return complete(load_draft(console.database, id).document, id, 1, REHEARSAL_SALT)


def _drawn(console: Console, experiment: Experiment, snapshot: pa.Table) -> pa.Table:
    """Groups as the launch would draw them, up to the salt."""
    people = np.asarray(snapshot["person"], dtype=np.int64)[np.asarray(snapshot["in_audience"])]
    with console.database.read() as connection:
        names = external_ids(connection, people.tolist())
    known = [p for p in people.tolist() if p in names]
    groups = draw_groups([names[p] for p in known], experiment.salt, experiment.groups)
    return pa.table(
        {
            "person": pa.array(known, pa.int64()),
            "grp": pa.array([group.value for group in groups], pa.string()),
        }
    )


def _belief(console: Console, experiment: Experiment, seen: date, snapshot: pa.Table) -> KeptBelief:
    kept = latest_belief(console.lake, experiment.id)
    if kept is not None:
        return kept
    spec = fit(snapshot)
    return KeptBelief(first_belief(console, experiment, seen, spec), spec, "")
