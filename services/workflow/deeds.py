"""What the worker does for each kind of intent. Each deed is safe to be cut off at any point."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from services.activation.pausing import pause, resume
from services.activation.plans.store import withdraw
from services.activation.preflight import CheckState, may_start, preflight
from services.audience.discovery import discover_attributes
from services.bootstrap import Workplace
from services.content.lock import content_at
from services.errors import ConflictError, ExperimentError
from services.experiment.approvals.store import approve
from services.experiment.audit.store import record
from services.experiment.catalogue.model import Catalogue
from services.experiment.catalogue.store import content_digests, load_catalogue
from services.experiment.model import Audience, Experiment, Status
from services.experiment.records import ApprovalKind
from services.experiment.store import (
    experiment_row,
    freeze,
    load_draft,
    load_version,
    set_status,
    set_watched,
)
from services.intents.model import Intent
from services.intents.store import report_progress
from services.messages import msg
from services.workflow import catalogue
from services.workflow import connection as braze_connection
from services.workflow.capping import set_cap
from services.workflow.cycle import cycle_start
from services.workflow.history import play_day
from services.workflow.people.store import release
from services.workflow.sandbox_control import SandboxControl
from services.workflow.sending import settle_now
from services.workflow.watching import watch, zone_of

Result = Mapping[str, Any] | None


def launch(place: Workplace, intent: Intent) -> Result:
    """Freeze the draft, check, approve in the name of who asked, and start.

    Raises ConflictError where the draft was changed since the click, ExperimentError where a check
    blocks: nothing has started then.
    """
    console, id = place.console, _experiment_id(intent)
    row = experiment_row(console.database, id)
    if row.status is Status.RUNNING:
        raise ConflictError(
            msg("This experiment has started already."),
            hint=msg("Reload the page: Today shows what it is doing."),
        )
    draft = load_draft(console.database, id)
    wanted = intent.payload.get("revision")
    if wanted is not None and wanted != draft.revision:
        raise ConflictError(
            msg("The draft was changed after you pressed Start."),
            hint=msg("Nothing has started. Read the summary again, then start."),
        )
    set_cap(console, id, intent.filed_by)
    experiment = freeze(console.database, console.clock, id, intent.filed_by)
    report_progress(console.database, intent, 0.3, msg("Checking once more."))
    checks = preflight(
        console.database,
        experiment,
        ticked=tuple(intent.payload.get("ticked", ())),
        n_people=intent.payload.get("people"),
    )
    if not may_start(checks):
        blocker = next(c for c in checks if c.state is CheckState.BLOCK)
        raise ExperimentError(blocker.what, hint=blocker.action)
    digest = experiment.configuration_hash()
    approve(
        console.database, console.clock, ApprovalKind.CONFIGURATION, id, digest, intent.filed_by
    )
    first_day = first_possible_day(place, experiment)
    set_status(
        console.database,
        console.clock,
        id,
        Status.RUNNING,
        by=intent.filed_by,
        first_day=first_day,
    )
    return {"version": experiment.version, "hash": digest, "first_day": first_day.isoformat()}


def first_possible_day(place: Workplace, experiment: Experiment) -> date:
    """The first local day whose cycle has not had to begin yet."""
    console = place.console
    now = console.clock.now()
    day = now.astimezone(ZoneInfo(experiment.zone)).date()
    while cycle_start(console, experiment, day) <= now:
        day += timedelta(days=1)
    return day


def pause_sending(place: Workplace, intent: Intent) -> Result:
    """Pause one experiment, or everything."""
    scope = str(intent.payload.get("scope") or intent.experiment_id or "*")
    console = place.console
    pause(
        console.database,
        console.clock,
        scope,
        by=intent.filed_by,
        reason=str(intent.payload.get("reason") or "-"),
    )
    return None


def resume_sending(place: Workplace, intent: Intent) -> Result:
    """Let one scope go on; a person and a reason are on record."""
    scope = str(intent.payload.get("scope") or intent.experiment_id or "*")
    console = place.console
    resume(
        console.database,
        console.clock,
        scope,
        by=intent.filed_by,
        reason=str(intent.payload.get("reason") or "-"),
    )
    return None


def end(place: Workplace, intent: Intent) -> Result:
    """End the experiment: nothing more is decided, what is planned is withdrawn."""
    console, id = place.console, _experiment_id(intent)
    set_status(console.database, console.clock, id, Status.ENDED, by=intent.filed_by)
    n = withdraw(console.database, console.clock, console.workspace, id)
    release(console.database, id)
    return {"withdrawn": n}


def refresh_everything(place: Workplace, intent: Intent) -> Result:
    """Read segments, campaigns, Canvases and templates anew."""
    return {"n": catalogue.refresh(place, _reporting(place, intent))}


def check_connection(place: Workplace, intent: Intent) -> Result:
    """Try every permission, and read the lists where that works."""
    found = braze_connection.check(place)
    if intent.payload.get("only_permissions") is None:
        catalogue.refresh(place, _reporting(place, intent))
    return {"works": sum(1 for result in found.values() if result == "works")}


def export_audience(place: Workplace, intent: Intent) -> Result:
    """Export the draft's audience now, and watch it from here on."""
    console, id = place.console, _experiment_id(intent)
    document = load_draft(console.database, id).document
    audience = Audience.model_validate(document.get("audience", {}))
    if not audience.segment_ids:
        raise ExperimentError(
            msg("No segment is chosen yet."), hint=msg("Choose one, then export again.")
        )
    set_watched(console.database, console.clock, id, True, by=intent.filed_by)
    zone = zone_of(document)
    today = console.clock.now().astimezone(ZoneInfo(zone)).date()
    report = _reporting(place, intent)
    return {"people": watch(place, id, audience, today, report, zone=zone)}


def discover(place: Workplace, intent: Intent) -> Result:
    """Find out which attributes people have: names, kinds and coverage, never a value."""
    console = place.console
    segments = [str(s) for s in intent.payload.get("segment_ids", ())]
    found = discover_attributes(place.reading, segments)
    with console.database.write() as connection:
        record(
            connection,
            console.clock,
            intent.filed_by,
            "attributes.discovered",
            intent.experiment_id or "workspace",
            {"segments": segments, "people_looked_at": found.n_people},
        )
    return {
        "n_people": found.n_people,
        "attributes": [
            {
                "name": one.name,
                "kind": one.kind.value,
                "coverage_share": one.coverage_share,
                "personal": one.personal,
                "usable": one.usable,
            }
            for one in found.attributes
        ],
    }


def approve_content(place: Workplace, intent: Intent) -> Result:
    """Approve what somebody saw. Raises ConflictError where Braze says something else by now."""
    console = place.console
    now = content_digests(console.database)
    subjects = list(intent.payload.get("subjects", ()))
    for item in subjects:
        if now.get(item["subject"]) != item["digest"]:
            raise ConflictError(
                msg("The message was changed in Braze after you looked at it."),
                hint=msg("Nothing was approved. Look at it again, then approve."),
            )
    known = load_catalogue(console.database) or Catalogue()
    for item in subjects:
        approve(
            console.database,
            console.clock,
            ApprovalKind.CONTENT,
            item["subject"],
            item["digest"],
            intent.filed_by,
            content=content_at(known, item["subject"]),
        )
    return {"approved": len(subjects)}


def ask_braze_now(place: Workplace, intent: Intent) -> Result:
    """Look at every message in doubt at once, without waiting for its time."""
    experiment = load_version(place.console.database, _experiment_id(intent))
    return {"looked_at": settle_now(place, experiment)}


def next_day(place: Workplace, intent: Intent) -> Result:
    """Sandbox only: play the rest of today and all of tomorrow."""
    console, id = place.console, _experiment_id(intent)
    if not console.settings.sandbox:
        raise ExperimentError(
            msg("Only simulated customers can be hurried."),
            hint=msg("A real day takes a day. Nothing was changed."),
        )
    control = SandboxControl(console.settings.endpoint)
    experiment = load_version(console.database, id)
    today = console.clock.now().astimezone(ZoneInfo(experiment.zone)).date()
    control.run_at(0)
    try:
        for number, day in enumerate((today, today + timedelta(days=1))):
            report_progress(
                console.database, intent, number / 2, msg("Playing {day}.", day=day.isoformat())
            )
            first = experiment_row(console.database, id).first_day
            if first is not None and day >= first:
                play_day(place, control, experiment, day)
    finally:
        control.run_at(1)
    return {"day": (today + timedelta(days=1)).isoformat()}


def _experiment_id(intent: Intent) -> str:
    if intent.experiment_id is None:
        raise ExperimentError(msg("The request names no experiment."))
    return intent.experiment_id


def _reporting(place: Workplace, intent: Intent) -> Any:
    def report(done: int, total: int) -> None:
        share = done / total if total else None
        report_progress(place.console.database, intent, share)

    return report
