"""`anneal dry-run`: a whole decision day as it would be. Writes nothing, sends nothing."""

from __future__ import annotations

import json
from typing import IO, Any

import click

from services.activation.dry_run import rehearsing_sender
from services.bootstrap import open_console
from services.errors import ExperimentError
from services.experiment.records import ExperimentRow
from services.experiment.status import LAUNCHED
from services.experiment.store import experiments
from services.intents.model import message_from
from services.messages import msg
from services.settings import load_settings
from services.workflow.rehearsing import Rehearsed, rehearse_next_day, told


@click.command("dry-run")
@click.option("--experiment", help="Id of the experiment or draft; default: the only running one.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--requests",
    type=click.File("w", encoding="utf-8", lazy=True),
    help="Write every request that would go out, one JSON object a line ('-' = standard output).",
)
def dry_run(experiment: str | None, as_json: bool, requests: IO[str] | None) -> None:
    """Rehearse the next decision day from what is known here, without asking Braze."""
    console = open_console(load_settings())
    id = experiment or _only(experiments(console.database))
    found = rehearse_next_day(console, id)
    if requests is not None:
        n = write_requests(found, requests)
        if requests.name != "-":
            click.echo(f"{n} requests written to {requests.name}", err=True)
    shown = told(console, found)
    if as_json:
        click.echo(json.dumps(shown, ensure_ascii=False, default=str))
    elif requests is None or requests.name != "-":
        _print(shown)


def write_requests(found: Rehearsed, into: IO[str]) -> int:
    """One line for each request: when, where to, and its exact body. Returns how many."""
    n = 0
    for batch, body in found.rehearsal.bodies(rehearsing_sender(found.experiment)):
        line = {
            "send_at": batch.claimed_at,
            "target": f"{batch.target_kind.value}:{batch.target_id}",
            "people": len(batch.people),
            "body": body,
        }
        into.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
        n += 1
    return n


def _only(rows: list[ExperimentRow]) -> str:
    found = [row.id for row in rows if row.status in LAUNCHED and row.ended_at is None]
    if len(found) != 1:
        raise ExperimentError(
            msg("{n} experiments are running: say which one to rehearse.", n=len(found)),
            hint=msg("Add: --experiment ID. The ids stand on Experiments."),
        )
    return found[0]


def _print(shown: dict[str, Any]) -> None:
    click.echo(f"{shown['day']}: {shown['would_send']} people in {shown['requests']} requests")
    click.echo(f"Cost      {shown['cost']} {shown['currency']}")
    before = shown["unlike_today"]
    if before is not None:
        click.echo(f"Than on {before['day']}: {before['sent']:+d} people")
    was = {(c["dimension"], c["option"]): c["before"] for c in (before or {}).get("by_option", ())}
    for dimension, options in shown["by_option"].items():
        for option, n in options.items():
            change = f" ({n - was[(dimension, option)]:+d})" if (dimension, option) in was else ""
            click.echo(f"{dimension:<20} {option:<24} {n}{change}")
    for target in shown["by_target"]:
        state = shown["content"].get(f"{target['kind']}:{target['id']}", "")
        click.echo(f"{target['kind']:<20} {target['id']:<40} {target['n']}  content {state}")
    for hour, n in shown["by_hour"].items():
        click.echo(f"{hour:<28} {n}")
    for reason in shown["reasons"]:
        click.echo(f"not sent  {reason['n']:>8}  {message_from(reason)}")
