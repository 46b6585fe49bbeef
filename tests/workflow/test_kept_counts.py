"""What pages read of the ledger and of the groups is what a count would say."""

from __future__ import annotations

import sqlalchemy as sa

from services.activation.model import LedgerState
from services.experiment.store import experiments
from services.workflow.kept_counts import ENTERED, SENT, entered, keep_counts, sent_states
from services.workflow.ledger_counts.store import day_states
from services.workflow.people.store import entered_counts


def running(console) -> str:
    (row,) = [r for r in experiments(console.database) if r.status.value == "running"]
    return row.id


def test_kept_counts_and_fresh_ones_agree_on_every_day(played_console):
    console, id = played_console, running(played_console)
    keep_counts(console.database, console.lake, id)
    days = console.lake.days("decisions", id)
    counted = sorted(day_states(console.database, id, days))
    assert sent_states(console.database, console.lake, id) == counted
    assert sorted(entered(console.database, console.lake, id)) == sorted(
        entered_counts(console.database, id)
    )
    assert len(console.lake.days(SENT, id)) >= len(days) - 1
    assert console.lake.days(ENTERED, id)


def test_a_day_with_a_message_in_doubt_is_counted_anew_until_it_is_settled(played_console):
    console, id = played_console, running(played_console)
    day = console.lake.days("decisions", id)[-1]
    before = set(console.lake.days(SENT, id))
    assert day not in before  # today's later messages are still planned
    planned = [n for d, state, n in sent_states(console.database, console.lake, id) if d == day]
    assert planned
    with console.database.read() as connection:
        found = connection.execute(
            sa.text("SELECT COUNT(*) FROM ledger WHERE day = :day AND state = :state"),
            {"day": day.isoformat(), "state": LedgerState.PLANNED.value},
        ).scalar()
    states = {s: n for d, s, n in sent_states(console.database, console.lake, id) if d == day}
    assert states[LedgerState.PLANNED] == found
    keep_counts(console.database, console.lake, id)
    assert day not in console.lake.days(SENT, id)


def test_before_the_first_evening_people_are_counted_now(played_console):
    console, id = played_console, running(played_console)

    class Nothing:
        def parts(self, *_args, **_more):
            return []

    assert entered(console.database, Nothing(), id) == entered_counts(console.database, id)
