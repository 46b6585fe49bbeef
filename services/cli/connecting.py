"""`anneal connect`: where Braze is, and the key, without either in the shell's history."""

from __future__ import annotations

from pathlib import Path

import click
from pydantic import SecretStr

from services.braze.origins import allowed_endpoint
from services.errors import SetupError
from services.messages import msg
from services.settings import load_settings, write_connection

SANDBOX_ENDPOINT = "http://127.0.0.1:8620"  # where `anneal sandbox` answers


@click.command()
@click.option("--endpoint", help="For example https://rest.iad-01.braze.com")
@click.option(
    "--export-origin",
    multiple=True,
    help="Where Braze puts your segment exports, for example https://s3.amazonaws.com. Repeatable; "
    "the first refused export names the one it saw.",
)
@click.option(
    "--sandbox",
    is_flag=True,
    help="Connect to the simulated Braze that `anneal sandbox` serves for this home. Its key is "
    "found there.",
)
def connect(endpoint: str | None, export_origin: tuple[str, ...], sandbox: bool) -> None:
    """Ask for endpoint and key, and keep them in a file that only you can read."""
    settings = load_settings()
    if sandbox:
        checked = allowed_endpoint((endpoint or SANDBOX_ENDPOINT).strip(), sandbox=True)
        key = _key_of_the_sandbox(settings.home)
    else:
        checked = allowed_endpoint((endpoint or click.prompt("REST endpoint")).strip())
        key = click.prompt("REST API key", hide_input=True)
    path = write_connection(
        settings.home,
        endpoint=checked,
        key=SecretStr(key.strip()),
        sandbox=sandbox,
        export_origins=export_origin,
    )
    click.echo(f"Kept in {path}. Next: anneal doctor")


def _key_of_the_sandbox(home: Path) -> str:
    try:
        return (home / "sandbox" / "console-key").read_text(encoding="ascii")
    except OSError as problem:
        raise SetupError(
            msg("There is no sandbox in the home {home}.", home=home),
            hint=msg("Start one with the same ANNEAL_HOME first: anneal sandbox."),
        ) from problem
