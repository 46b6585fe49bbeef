"""`anneal worker`: the only process that acts."""

from __future__ import annotations

import signal
import threading
from types import FrameType

import click

from services.settings import load_settings
from services.worker import work


@click.command()
def worker() -> None:
    """Decide, send, learn, settle, until stopped. SIGTERM ends it after the request under way."""
    stop = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    click.echo("The worker is working. Stop with Ctrl+C.")
    work(load_settings(with_keys=True), stop)
