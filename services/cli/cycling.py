"""`anneal cycle`: one round for one experiment, for cron."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import click

from services.activation.recovery import recover
from services.bootstrap import open_workplace
from services.experiment.store import load_version
from services.settings import load_settings
from services.worker import advance_day, one_worker
from services.workflow.cycle import day_figures


@click.command()
@click.option("--experiment", required=True, help="Id of the experiment.")
@click.option(
    "--day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Decision day, YYYY-MM-DD; default: today in the experiment's zone.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def cycle(experiment: str, day: datetime | None, as_json: bool) -> None:
    """Do what is due now for one decision day, then end. Doing it again does nothing twice."""
    settings = load_settings(with_keys=True)
    with one_worker(settings.home):
        place = open_workplace(settings)
        console = place.console
        recover(console.database, console.clock, alone=True)
        found = load_version(console.database, experiment)
        today = console.clock.now().astimezone(ZoneInfo(found.zone)).date()
        wanted: date = day.replace(tzinfo=UTC).date() if day else today
        advance_day(place, found, wanted)
        figures = day_figures(console, found.id, wanted)
    shown = {
        "day": figures.day.isoformat(),
        "decided": figures.decided,
        "sent": figures.sent,
        "skipped": figures.skipped,
        "outcomes": figures.outcomes,
    }
    click.echo(json.dumps(shown) if as_json else ", ".join(f"{k} {v}" for k, v in shown.items()))
