"""`anneal report`: what was learnt, as one HTML file that opens anywhere without a network."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import click

from services.bootstrap import open_console
from services.errors import SetupError
from services.messages import msg
from services.settings import load_settings
from services.speech import LOCALES, Speech
from services.workflow.takeaway.gathering import gather, launched_experiment
from services.workflow.takeaway.html_report import html_report

A_DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.option("--experiment", help="Id of the experiment; default: the only launched one.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write; default: anneal-report-DAY.html here.",
)
@click.option("--language", type=click.Choice(sorted(LOCALES)), default="en", show_default=True)
@click.option("--from", "since", type=A_DAY, help="First day that charts show, YYYY-MM-DD.")
@click.option("--to", "until", type=A_DAY, help="Tell it as it stood on this day, YYYY-MM-DD.")
def report(
    experiment: str | None,
    out: Path | None,
    language: str,
    since: datetime | None,
    until: datetime | None,
) -> None:
    """Write the report of an experiment as one HTML file: pictures, numbers, definitions.

    Reads only. The file holds no names or ids of customers. The lift always counts all days up to
    --to; --from only shortens what the charts show.
    """
    console = open_console(load_settings())
    row = launched_experiment(console, experiment)
    found = gather(console, row, since=_date(since), until=_date(until), judge_options=True)
    place = out or Path(f"anneal-report-{found.told_on.isoformat()}.html")
    write_file(place, html_report(found, Speech(language)).encode())
    click.echo(f"Report of {found.experiment.name} written to {place}")


def write_file(place: Path, content: bytes) -> None:
    """Write a file whole. Raises SetupError where that is impossible."""
    try:
        place.write_bytes(content)
    except OSError as problem:
        raise SetupError(
            msg("{place} cannot be written: {why}.", place=str(place), why=str(problem.strerror)),
            hint=msg("Name another place with --out. Nothing else was changed."),
        ) from problem


def _date(asked: datetime | None) -> date | None:
    return None if asked is None else asked.date()
