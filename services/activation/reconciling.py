"""After a restore or a move: make it certain again that nobody is written to twice.

What went out since the backup cannot be known person by person, so nothing more goes out on any
decision day up to today; from tomorrow on each person-day is new. Frequency rules that look further
back than a day keep their experiment paused until they have forgotten the unknown days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from services.activation.fates.store import give_up
from services.activation.guards import DAY_H, HOUR_S, limits_of
from services.activation.marks import Mark
from services.activation.pausing import ITSELF
from services.activation.recognising import Difference, Marks, recognise
from services.activation.second_life.store import begin_anew, life_of
from services.activation.switches import store as switches
from services.clock import Clock
from services.database.engine import Database
from services.errors import AccessError, SetupError
from services.experiment.audit.store import record
from services.experiment.model import Experiment
from services.messages import msg


@dataclass(frozen=True)
class Reconciled:
    """What a reconciliation did. `through` is the last quiet day, None where a home only moved.

    `waiting`: experiment id → first day on which its frequency rules are certain again. Everything
    stays paused until a person resumes.
    """

    was: Difference
    through: date | None
    n_skipped: int
    n_in_doubt: int
    waiting: dict[str, date]


def reconcile(
    database: Database,
    clock: Clock,
    marks: Marks,
    experiments: Sequence[Experiment],
    *,
    by: str,
    reason: str,
    moved: bool = False,
) -> Reconciled:
    """Accept this database as the one that sends, after a person has looked.

    experiments   all that have been launched and not ended
    moved         the home only moved, this database is the newest there is, and the old home does
                  not run any more: nothing is skipped

    The caller holds the worker's lock. Raises SetupError where there is nothing to reconcile or it
    is more than a move, AccessError without a person or a reason. Cut off half-way it can be
    done again.
    """
    if not by.strip() or by == ITSELF or not reason.strip():
        raise AccessError(
            msg("Nothing was changed: reconciling needs a person and a reason."),
            hint=msg("Say in a few words what was restored or moved, and when."),
        )
    was = recognise(database, marks)
    if was is None:
        raise SetupError(msg("There is nothing to reconcile: this database sent last, from here."))
    if moved and not was.may_be_moved:
        raise SetupError(
            was.what,
            hint=msg("That is more than a move. Run it without: --moved."),
        )
    lost = give_up(database, clock, alone=database.is_sqlite)
    done = Reconciled(was, None, 0, lost.n_people, {})
    if not moved:
        done = _begin_anew(database, clock, experiments, was, lost.n_people, by, reason)
    else:
        with database.write() as connection:
            detail = {"was": was.value, "reason": reason}
            record(connection, clock, by, "installation.moved", "*", detail)
    life = life_of(database)
    for file in marks.files:
        file.renew(Mark(life.epoch, life.batch, life.batch_at))
    return done


def _begin_anew(
    database: Database,
    clock: Clock,
    experiments: Sequence[Experiment],
    was: Difference,
    n_in_doubt: int,
    by: str,
    reason: str,
) -> Reconciled:
    now = clock.now()
    today = [now.astimezone(ZoneInfo(e.zone)).date() for e in experiments] or [now.date()]
    through = max(today)
    waiting = {
        e.id: through + timedelta(days=n) for e in experiments if (n := _days_to_forget(e)) > 1
    }
    at = now.timestamp()
    with database.write() as connection:
        anew = begin_anew(connection, at=at, by=by, reason=reason, through=through)
        words = msg("Reconciled. Look at what Braze counted, then resume.")
        switches.set_pause(
            connection, switches.EVERYTHING, True, by=by, reason=str(words), at=at, automatic=True
        )
        for id, day in waiting.items():
            why = msg("Its frequency rules know all messages again from {day} on.", day=day)
            switches.set_pause(
                connection, id, True, by=ITSELF, reason=str(why), at=at, automatic=True
            )
        detail = {
            "was": was.value,
            "reason": reason,
            "through": through.isoformat(),
            "skipped": anew["n_skipped"],
            "waiting": {id: day.isoformat() for id, day in waiting.items()},
        }
        record(connection, clock, by, "installation.reconciled", "*", detail)
    return Reconciled(was, through, int(anew["n_skipped"]), n_in_doubt, waiting)


def _days_to_forget(experiment: Experiment) -> int:
    """Days after the last unknown one until no rule looks back at it; 1 = from the next day on.

    A gap of up to a day is left to Braze's own re-eligibility: it could only be a little short.
    """
    limits = limits_of(experiment)
    by_gap = int(-(-limits.gap_s // (DAY_H * HOUR_S)))
    return max([rule.days for rule in limits.at_most] + [by_gap, 1])
