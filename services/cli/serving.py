"""`anneal console` and `anneal serve`."""

from __future__ import annotations

import click

from services.cli.console_process import DEFAULT_PORT, console_process
from services.settings import load_settings


@click.command()
@click.option("--port", default=DEFAULT_PORT, show_default=True, help="Port of the console.")
@click.option("--address", default="127.0.0.1", show_default=True, help="Address to listen on.")
def console(port: int, address: str) -> None:
    """Serve the console until stopped. The worker is a process of its own: anneal worker."""
    with console_process(load_settings().home, port=port, address=address) as running:
        click.echo(f"Console: {running.url}")
        running.wait()


@click.command()
@click.option("--port", default=DEFAULT_PORT, show_default=True, help="Port of the console.")
@click.option("--address", default="127.0.0.1", show_default=True, help="Address to listen on.")
def serve(port: int, address: str) -> None:
    """Console and worker together, until stopped."""
    from services.worker import work

    settings = load_settings(with_keys=True)
    with console_process(settings.home, port=port, address=address) as running:
        click.echo(f"Console: {running.url}")
        work(settings, patient=True)
