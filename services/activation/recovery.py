"""After a crash: what was `sending` with nobody behind it becomes a doubt, never a second send."""

from __future__ import annotations

from services.activation.fates.store import Lost, give_up
from services.clock import Clock
from services.database.engine import Database


def recover(database: Database, clock: Clock, *, alone: bool = False) -> Lost:
    """Call at the worker's start and now and then after. Returns what was found.

    `alone`: the caller holds the lock that makes it the only worker, so no lease is waited for.
    """
    return give_up(database, clock, alone=alone)
