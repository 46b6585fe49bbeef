"""`anneal replay`: are the logged decisions of a day what Anneal would decide from the facts?"""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime

import click

from services.bootstrap import Console, open_console
from services.compute import processes
from services.errors import DataError
from services.experiment.store import experiments
from services.messages import msg
from services.settings import load_settings
from services.workflow.replaying import CHUNK_PEOPLE, DayReplay, replay_day


@click.command()
@click.option(
    "--day",
    required=True,
    type=click.DateTime(["%Y-%m-%d"]),
    help="Decision day, YYYY-MM-DD, in the experiment's zone.",
)
@click.option("--experiment", help="Id of one experiment; default: all that decided on that day.")
@click.option("--workers", default=1, show_default=True, help="Processes to share the work.")
@click.option("--chunk", default=CHUNK_PEOPLE, show_default=True, help="People a piece of work.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def replay(day: datetime, experiment: str | None, workers: int, chunk: int, as_json: bool) -> None:
    """Recompute a day's decisions and compare every bit. Ends with 1 at any difference.

    Reads only; nothing is decided or sent. Neither workers nor chunks change a result.
    """
    if min(workers, chunk) < 1:
        raise click.UsageError("Workers and chunk must be at least 1.")
    console = open_console(load_settings())
    wanted: date = day.replace(tzinfo=UTC).date()
    compute = processes(workers) if workers > 1 else None
    found = [
        replay_day(console, id, wanted, compute=compute, chunk_people=chunk)
        for id in _experiments(console, wanted, experiment)
    ]
    click.echo(json.dumps(_figures(found, wanted)) if as_json else _sentences(found))
    if not all(one.is_identical for one in found):
        sys.exit(1)


def _experiments(console: Console, day: date, asked: str | None) -> list[str]:
    if asked is not None:
        return [asked]
    known = [row.id for row in experiments(console.database)]
    found = [id for id in known if console.lake.parts("decisions", id, day)]
    if not found:
        raise DataError(
            msg("Nothing was decided on {day}.", day=day),
            hint=msg("Days are counted in the experiment's own time zone."),
        )
    return found


def _figures(found: list[DayReplay], day: date) -> dict[str, object]:
    return {
        "day": day.isoformat(),
        "decisions": sum(one.decisions for one in found),
        "identical": sum(one.decisions - one.different for one in found),
        "holds": all(one.is_identical for one in found),
        "experiments": [
            {
                "experiment": one.experiment,
                "decisions": one.decisions,
                "different": one.different,
                "first": None if one.first is None else str(one.first),
            }
            for one in found
        ],
    }


def _sentences(found: list[DayReplay]) -> str:
    lines = []
    for one in found:
        same = one.decisions - one.different
        lines.append(f"{one.experiment}: {same} of {one.decisions} decisions identical.")
        if one.first is not None:
            lines.append(f"  First difference: {one.first}")
    return "\n".join(lines)
