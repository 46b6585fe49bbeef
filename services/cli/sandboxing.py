"""`anneal sandbox`: a simulated Braze, for trying things and for tests."""

from __future__ import annotations

import click

from services.sandbox.server import serve
from services.settings import load_settings


@click.command()
@click.option("--port", default=8620, show_default=True, help="Port on this machine; 0 = any.")
@click.option("--people", default=5000, show_default=True, help="Simulated customers.")
@click.option("--world", default="coffee", show_default=True, help="Story of the customers.")
@click.option("--seed", default=0, show_default=True, help="Same seed, same customers.")
@click.option("--history-days", default=60, show_default=True, help="Past behaviour to simulate.")
def sandbox(port: int, people: int, world: str, seed: int, history_days: int) -> None:
    """Serve a simulated Braze on this machine until stopped. Nothing leaves the machine."""
    home = load_settings().home

    def tell(bound: int) -> None:
        click.echo(f"A simulated Braze answers at http://127.0.0.1:{bound}")
        click.echo(f"Its key stands in {home / 'sandbox' / 'key'}")

    serve(
        home,
        port=port,
        people=people,
        world=world,
        seed=seed,
        history_days=history_days,
        ready=tell,
    )
