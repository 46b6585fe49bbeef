"""What the guards need to know about many people at once, read for a dry run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from services.activation.model import MAY_HAVE_REACHED, LedgerState
from services.database.engine import Database

_IDS = sa.text("SELECT person, external_id FROM people")
_SUPPRESSED = sa.text("SELECT person FROM suppressions")
_ENDED = sa.text("SELECT person, ended FROM assignments WHERE experiment_id = :experiment")
_HISTORY = sa.text(
    "SELECT person, day, send_at FROM ledger WHERE workspace = :workspace AND day >= :since "
    "AND day <= :day AND state IN :reached"
).bindparams(sa.bindparam("reached", expanding=True))
_SPENT = sa.text(
    "SELECT COUNT(*) AS messages, COALESCE(SUM(cost), 0) AS money FROM ledger "
    "WHERE experiment_id = :experiment AND day = :day AND state IN :reached"
).bindparams(sa.bindparam("reached", expanding=True))


_BREAKDOWN = sa.text(
    "SELECT target_kind, target_id, combination, state, reason, COUNT(*) AS n FROM ledger "
    "WHERE experiment_id = :experiment AND day = :day "
    "GROUP BY target_kind, target_id, combination, state, reason"
)


@dataclass(frozen=True)
class Share:
    """People of one day who share target, combination (JSON), state and reason."""

    target: tuple[str, str]
    combination: str
    state: LedgerState
    reason: str | None
    n: int


@dataclass(frozen=True)
class Standing:
    """People's ids, who is suppressed, whose membership ended, what was sent, what is spent."""

    external_ids: dict[int, str]
    suppressed: frozenset[int]
    ended: frozenset[int]
    history: dict[int, list[tuple[date, float]]]
    messages: int
    money: float


def standing(
    database: Database, workspace: str, experiment_id: str, day: date, since: date
) -> Standing:
    """Read everything in one view. `since`: first day whose messages matter for frequency."""
    reached = [state.value for state in MAY_HAVE_REACHED]
    dates = {"since": since.isoformat(), "day": day.isoformat(), "reached": reached}
    history: dict[int, list[tuple[date, float]]] = {}
    with database.read() as c:
        for row in c.execute(_HISTORY, {"workspace": workspace, **dates}):
            history.setdefault(row.person, []).append((date.fromisoformat(row.day), row.send_at))
        spent = c.execute(
            _SPENT, {"experiment": experiment_id, "day": day.isoformat(), "reached": reached}
        ).one()
        ended = c.execute(_ENDED, {"experiment": experiment_id})
        return Standing(
            external_ids={r.person: r.external_id for r in c.execute(_IDS)},
            suppressed=frozenset(r.person for r in c.execute(_SUPPRESSED)),
            ended=frozenset(r.person for r in ended if r.ended),
            history=history,
            messages=spent.messages,
            money=spent.money,
        )


def breakdown(database: Database, experiment_id: str, day: date) -> list[Share]:
    """What became of a day's people, by target and combination."""
    values = {"experiment": experiment_id, "day": day.isoformat()}
    with database.read() as c:
        return [
            Share((r.target_kind, r.target_id), r.combination, LedgerState(r.state), r.reason, r.n)
            for r in c.execute(_BREAKDOWN, values)
        ]
