"""`anneal reconcile`: after a restored backup or a move, accept this database for sending."""

from __future__ import annotations

import getpass
import json
import sys
from typing import Any

import click

from services.activation.recognising import recognise
from services.activation.reconciling import reconcile as accept
from services.bootstrap import Console, open_console
from services.experiment.model import Experiment, Status
from services.experiment.store import experiments, load_version
from services.settings import load_settings
from services.worker import one_worker
from services.workflow.sending import marks_beside

ATTENTION = 3
MAY_SEND = (Status.RUNNING, Status.PAUSED, Status.STOPPED)


@click.command()
@click.option("--reason", help="What was restored or moved, and when. Without it: only look.")
@click.option(
    "--moved",
    is_flag=True,
    help="Nothing was lost: the home moved here, and the old one does not run any more.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def reconcile(reason: str | None, moved: bool, as_json: bool) -> None:
    """Say whether this database may be an old one; with a reason, accept it as it is.

    Nothing more goes out for any decision day up to today, because nobody knows what did. Sending
    stays paused until you resume.
    """
    settings = load_settings()
    if reason is None:
        _look(open_console(settings), as_json)
        return
    with one_worker(settings.home):
        console = open_console(settings)
        done = accept(
            console.database,
            console.clock,
            marks_beside(console),
            _launched(console),
            by=f"{getpass.getuser()} (command line)",
            reason=reason,
            moved=moved,
        )
    through = None if done.through is None else done.through.isoformat()
    shown: dict[str, Any] = {
        "was": done.was.value,
        "quiet_through": through,
        "not_sent": done.n_skipped,
        "in_doubt": done.n_in_doubt,
        "paused_until": {id: day.isoformat() for id, day in done.waiting.items()},
    }
    if as_json:
        click.echo(json.dumps(shown))
        return
    if through is None:
        click.echo("The home is known here now. Nothing was skipped.")
    else:
        click.echo(
            f"Nothing more goes out for the days up to {through}: "
            f"{done.n_skipped} people who were planned are skipped."
        )
    for id, day in shown["paused_until"].items():
        click.echo(f"Experiment {id} stays paused: its frequency rules are certain from {day} on.")
    click.echo("Compare what Braze counted, then: anneal resume --reason …")


def _look(console: Console, as_json: bool) -> None:
    found = recognise(console.database, marks_beside(console))
    if as_json:
        click.echo(json.dumps({"difference": None if found is None else found.value}))
    elif found is None:
        click.echo("This database is the one that sent last, from here. Nothing to reconcile.")
    else:
        click.echo(str(found.what))
        click.echo("Nothing is sent until you run: anneal reconcile --reason …")
    if found is not None:
        sys.exit(ATTENTION)


def _launched(console: Console) -> list[Experiment]:
    return [
        load_version(console.database, row.id)
        for row in experiments(console.database)
        if row.status in MAY_SEND
    ]
