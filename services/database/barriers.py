"""The second barrier: triggers that refuse what buggy code might try, on SQLite and PostgreSQL.

The claim checks all of this first; these fire only when the claim is wrong. Migrations run them.
Both engines get the same conditions, word for word, and fail as a broken constraint does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

# From → to. A row that may have reached somebody never becomes `planned` again, except out of
# `sending`, where the answer said that nothing happened.
LEGAL_STEPS = (
    ("planned", "sending"),
    ("planned", "skipped"),
    ("sending", "planned"),
    ("sending", "accepted"),
    ("sending", "accepted_partial"),
    ("sending", "queued"),
    ("sending", "rejected"),
    ("sending", "unknown"),
    ("accepted", "received"),
    ("accepted", "not_received"),
    ("accepted_partial", "received"),
    ("accepted_partial", "not_received"),
    ("queued", "received"),
    ("queued", "not_received"),
    ("unknown", "received"),
    ("unknown", "not_received"),
    ("not_received", "received"),
)
_STEPS = ", ".join(f"'{before}>{after}'" for before, after in LEGAL_STEPS)
_HOLDOUT = """EXISTS (SELECT 1 FROM assignments a WHERE a.experiment_id = NEW.experiment_id
    AND a.person = NEW.person AND a.grp = 'holdout')"""
_ASSIGNED = """EXISTS (SELECT 1 FROM assignments a WHERE a.experiment_id = NEW.experiment_id
    AND a.person = NEW.person AND a.grp <> 'holdout')"""


@dataclass(frozen=True)
class Barrier:
    """What must not happen to a row of the ledger: `event` (as SQL) while `condition` holds."""

    name: str
    event: str
    condition: str
    words: str

    def statements(self, dialect: str) -> tuple[str, ...]:
        """The SQL that puts it up, or puts it up anew."""
        return self._for_postgresql() if dialect == "postgresql" else self._for_sqlite()

    def _for_sqlite(self) -> tuple[str, ...]:
        return (
            f"DROP TRIGGER IF EXISTS {self.name}",
            f"CREATE TRIGGER {self.name} BEFORE {self.event} ON ledger FOR EACH ROW "
            f"WHEN {self.condition} BEGIN SELECT RAISE(ABORT, '{self.words}'); END",
        )

    def _for_postgresql(self) -> tuple[str, ...]:
        # A condition of CREATE TRIGGER may not look into other tables there: a function may. Each
        # of its queries sees what is committed by then, under the lock of the one writer.
        row = "OLD" if self.event == "DELETE" else "NEW"
        return (
            f"CREATE OR REPLACE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql AS $$ "
            f"BEGIN IF {self.condition} THEN RAISE EXCEPTION '{self.words}' "
            "USING ERRCODE = 'integrity_constraint_violation'; END IF; "
            f"RETURN {row}; END $$",
            f"DROP TRIGGER IF EXISTS {self.name} ON ledger",
            f"CREATE TRIGGER {self.name} BEFORE {self.event} ON ledger FOR EACH ROW "
            f"EXECUTE FUNCTION {self.name}()",
        )


def statements(barriers: Iterable[Barrier], dialect: str) -> list[str]:
    """The SQL that puts up these barriers, in order."""
    return [sql for barrier in barriers for sql in barrier.statements(dialect)]


BARRIERS: tuple[Barrier, ...] = (
    Barrier(
        "ledger_no_holdout",
        "INSERT",
        f"NEW.grp = 'holdout' OR {_HOLDOUT}",
        "the holdout is never messaged",
    ),
    Barrier(
        "ledger_starts_planned",
        "INSERT",
        f"NEW.state NOT IN ('planned', 'skipped') OR (NEW.state = 'planned' AND NOT {_ASSIGNED})",
        "a row starts as planned, for an assigned person, or as skipped",
    ),
    Barrier(
        "ledger_legal_steps",
        "UPDATE OF state",
        f"NEW.state <> OLD.state AND (OLD.state || '>' || NEW.state) NOT IN ({_STEPS})",
        "a ledger row cannot take this step",
    ),
    Barrier(
        "ledger_only_allowed_people",
        "UPDATE OF state",
        f"""NEW.state = 'sending' AND (NOT {_ASSIGNED}
    OR EXISTS (SELECT 1 FROM suppressions s WHERE s.person = NEW.person)
    OR NOT EXISTS (SELECT 1 FROM people p WHERE p.person = NEW.person))""",
        "this person must not be messaged",
    ),
    Barrier(
        "ledger_not_while_paused",
        "UPDATE OF state",
        """NEW.state = 'sending' AND EXISTS (SELECT 1 FROM pauses q WHERE q.paused
    AND q.scope IN ('*', NEW.experiment_id, NEW.target_kind || ':' || NEW.target_id))""",
        "sending is paused",
    ),
    Barrier(
        "ledger_decided_first",
        "UPDATE OF state",
        """NEW.state = 'sending' AND NOT EXISTS (SELECT 1 FROM manifest m WHERE m.kind = 'decisions'
    AND m.experiment = NEW.experiment_id AND m.day = NEW.day)""",
        "a send needs its durable decision first",
    ),
    Barrier(
        "ledger_key_stays",
        "UPDATE OF workspace, person, day, slot, experiment_id, decision_id",
        """NEW.workspace <> OLD.workspace OR NEW.person <> OLD.person OR NEW.day <> OLD.day
    OR NEW.slot <> OLD.slot OR NEW.experiment_id <> OLD.experiment_id
    OR NEW.decision_id <> OLD.decision_id""",
        "whose row it is never changes",
    ),
    Barrier(
        "ledger_doubts_stay",
        "DELETE",
        "OLD.state IN ('sending', 'unknown', 'queued', 'accepted_partial')",
        "a row in doubt is never deleted",
    ),
)

# A day on which nobody knows what went out stays quiet. Installed with its table, in 0004.
AFTER_RECONCILING = Barrier(
    "ledger_quiet_after_reconciling",
    "UPDATE OF state",
    """NEW.state = 'sending' AND EXISTS (SELECT 1 FROM reconciliations r
    WHERE r.through_day >= NEW.day)""",
    "nobody knows what went out on this day",
)
