"""`anneal connect`: where Braze is, and the key, without either in the shell's history."""

from __future__ import annotations

import click
from pydantic import SecretStr

from services.braze.origins import allowed_endpoint
from services.settings import load_settings, write_connection


@click.command()
@click.option(
    "--endpoint", prompt="REST endpoint", help="For example https://rest.iad-01.braze.com"
)
@click.option(
    "--export-origin",
    multiple=True,
    help="Where Braze puts your segment exports, for example https://s3.amazonaws.com. Repeatable; "
    "the first refused export names the one it saw.",
)
def connect(endpoint: str, export_origin: tuple[str, ...]) -> None:
    """Ask for endpoint and key, and keep them in a file that only you can read."""
    settings = load_settings()
    checked = allowed_endpoint(endpoint.strip())
    key = click.prompt("REST API key", hide_input=True)
    path = write_connection(
        settings.home,
        endpoint=checked,
        key=SecretStr(key.strip()),
        export_origins=export_origin,
    )
    click.echo(f"Kept in {path}. Next: anneal doctor")
