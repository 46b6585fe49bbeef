"""Stop an experiment because a health check says its numbers or its sending cannot be trusted."""

from __future__ import annotations

from services.activation.pausing import ITSELF
from services.activation.switches import store as switches
from services.clock import Clock
from services.database.engine import Database
from services.experiment.audit.store import history, record
from services.messages import Message

ACTION = "sending.stopped"
REMEMBERED = 1000  # entries of one experiment's history that are looked through


def stop_for(database: Database, clock: Clock, scope: str, alarm: str, why: Message) -> bool:
    """Pause a scope because of an alarm, once; True where this call did it.

    A person who resumed has seen the alarm: the same one does not pause again.
    """
    seen = history(database, subject=scope, limit=REMEMBERED)
    if any(row.action == ACTION and row.detail.get("alarm") == alarm for row in seen):
        return False
    now = clock.now().timestamp()
    with database.write() as connection:
        if not switches.pauses(connection, (scope,)):
            switches.set_pause(
                connection, scope, True, by=ITSELF, reason=str(why), at=now, automatic=True
            )
        record(connection, clock, ITSELF, ACTION, scope, {"reason": str(why), "alarm": alarm})
    return True
