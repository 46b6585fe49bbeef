"""The wiring: from settings to the things that the console and the worker work with.

Only here is chosen between the real Braze and the sandbox on this machine. The choice changes the
base URL, the clock and the one origin from which an export may be fetched, and nothing else.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from services.activation.switches.buckets import HeaderNotes
from services.braze.client import BrazeClient
from services.clock import Clock, SandboxClock, SystemClock
from services.database.engine import Database
from services.database.migrate import migrate
from services.errors import SetupError
from services.lake import Lake
from services.logs import configure
from services.messages import msg
from services.settings import SANDBOX_FOLDER, Settings

SANDBOX_POLL_S = 0.02  # a sandbox on this machine is ready at once
BRAZE_POLL_S = 5.0  # an export of the real Braze takes minutes
WORKSPACE_DIGITS = 16


@dataclass(frozen=True)
class Console:
    """What pages and commands read from. Holds no key and no connection to Braze."""

    database: Database
    lake: Lake
    clock: Clock
    settings: Settings
    home: Path

    @property
    def workspace(self) -> str:
        """Short stable name of the Braze workspace the settings point to."""
        return SANDBOX_FOLDER if self.settings.sandbox else workspace_of(self.settings.endpoint)


@dataclass(frozen=True)
class Workplace:
    """What the worker works with: the console's things, two clients for Braze, and what the
    sending one's answers said of the rate limit."""

    console: Console
    reading: BrazeClient
    sending: BrazeClient
    notes: HeaderNotes


def open_console(settings: Settings) -> Console:
    """Open the state and the facts. Raises SetupError or Locked where that is impossible."""
    database = Database(settings.database_url)
    migrate(database)
    clock: Clock = SystemClock()
    if settings.sandbox:
        clock = SandboxClock(settings.home / SANDBOX_FOLDER / "clock.sqlite")
    return Console(database, Lake(settings.facts_url, database), clock, settings, settings.home)


def open_workplace(settings: Settings) -> Workplace:
    """Open everything the worker needs; `settings` were loaded with keys.

    From here on the log goes to standard error, and neither key can appear in it.

    Raises SetupError where the endpoint or a key is missing or not allowed.
    """
    if not settings.endpoint:
        raise SetupError(
            msg("Anneal does not know your Braze endpoint yet."),
            hint=msg("Run: anneal connect. Or look around first with: anneal demo."),
        )
    configure(tuple(k for k in (settings.read_key, settings.send_key) if k is not None))
    notes = HeaderNotes()
    console = open_console(settings)
    return Workplace(
        console=console,
        reading=_client(settings, settings.read_key, console.clock),
        sending=_client(settings, settings.send_key, console.clock, notes),
        notes=notes,
    )


def workspace_of(endpoint: str) -> str:
    """Short stable name for the workspace behind an endpoint, free of the key."""
    return hashlib.sha256(endpoint.encode()).hexdigest()[:WORKSPACE_DIGITS]


def _client(
    settings: Settings, key: SecretStr | None, clock: Clock, notes: HeaderNotes | None = None
) -> BrazeClient:
    if key is None:
        raise SetupError(
            msg("There is no Braze key."),
            hint=msg("Set ANNEAL_KEY, or run: anneal connect."),
        )
    return BrazeClient(
        settings.endpoint,
        key,
        sandbox=settings.sandbox,
        export_origins=(settings.endpoint,) if settings.sandbox else settings.export_origins,
        clock=clock,
        poll_s=SANDBOX_POLL_S if settings.sandbox else BRAZE_POLL_S,
        on_window=None if notes is None else notes.note,
    )
