"""`anneal pause` and `anneal resume`."""

from __future__ import annotations

import getpass

import click

from services.activation.pausing import pause as stop_sending
from services.activation.pausing import resume as go_on
from services.bootstrap import open_console
from services.settings import load_settings

EVERYTHING = "*"


@click.command()
@click.option("--experiment", default=EVERYTHING, help="Id of one experiment; default: all.")
@click.option("--reason", default="paused from the command line", help="Kept in the log.")
def pause(experiment: str, reason: str) -> None:
    """Stop sending, at once. What Braze already has cannot be called back."""
    console = open_console(load_settings())
    stop_sending(console.database, console.clock, scope=experiment, by=_who(), reason=reason)
    click.echo("Paused. At most the requests already on their way still go out.")


@click.command()
@click.option("--experiment", default=EVERYTHING, help="Id of one experiment; default: all.")
@click.option("--reason", required=True, help="Why it is safe to go on. Kept in the log.")
def resume(experiment: str, reason: str) -> None:
    """Go on sending. Messages whose hour has passed today are not made up for."""
    console = open_console(load_settings())
    go_on(console.database, console.clock, scope=experiment, by=_who(), reason=reason)
    click.echo("Sending goes on.")


def _who() -> str:
    return f"{getpass.getuser()} (command line)"
