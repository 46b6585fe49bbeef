"""The second barrier: triggers that refuse what buggy code might try (SQLite).

The claim checks all of this first; these fire only when the claim is wrong. Migrations run them.
"""

from __future__ import annotations

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


def _trigger(name: str, event: str, condition: str, words: str) -> str:
    return (
        f"CREATE TRIGGER IF NOT EXISTS {name} BEFORE {event} ON ledger "
        f"FOR EACH ROW WHEN {condition} BEGIN SELECT RAISE(ABORT, '{words}'); END"
    )


TRIGGERS: tuple[str, ...] = (
    _trigger(
        "ledger_no_holdout",
        "INSERT",
        f"NEW.grp = 'holdout' OR {_HOLDOUT}",
        "the holdout is never messaged",
    ),
    _trigger(
        "ledger_starts_planned",
        "INSERT",
        f"NEW.state NOT IN ('planned', 'skipped') OR (NEW.state = 'planned' AND NOT {_ASSIGNED})",
        "a row starts as planned, for an assigned person, or as skipped",
    ),
    _trigger(
        "ledger_legal_steps",
        "UPDATE OF state",
        f"NEW.state <> OLD.state AND (OLD.state || '>' || NEW.state) NOT IN ({_STEPS})",
        "a ledger row cannot take this step",
    ),
    _trigger(
        "ledger_only_allowed_people",
        "UPDATE OF state",
        f"""NEW.state = 'sending' AND (NOT {_ASSIGNED}
    OR EXISTS (SELECT 1 FROM suppressions s WHERE s.person = NEW.person)
    OR NOT EXISTS (SELECT 1 FROM people p WHERE p.person = NEW.person))""",
        "this person must not be messaged",
    ),
    _trigger(
        "ledger_not_while_paused",
        "UPDATE OF state",
        """NEW.state = 'sending' AND EXISTS (SELECT 1 FROM pauses q WHERE q.paused
    AND q.scope IN ('*', NEW.experiment_id, NEW.target_kind || ':' || NEW.target_id))""",
        "sending is paused",
    ),
    _trigger(
        "ledger_decided_first",
        "UPDATE OF state",
        """NEW.state = 'sending' AND NOT EXISTS (SELECT 1 FROM manifest m WHERE m.kind = 'decisions'
    AND m.experiment = NEW.experiment_id AND m.day = NEW.day)""",
        "a send needs its durable decision first",
    ),
    _trigger(
        "ledger_key_stays",
        "UPDATE OF workspace, person, day, slot, experiment_id, decision_id",
        """NEW.workspace <> OLD.workspace OR NEW.person <> OLD.person OR NEW.day <> OLD.day
    OR NEW.slot <> OLD.slot OR NEW.experiment_id <> OLD.experiment_id
    OR NEW.decision_id <> OLD.decision_id""",
        "whose row it is never changes",
    ),
    _trigger(
        "ledger_doubts_stay",
        "DELETE",
        "OLD.state IN ('sending', 'unknown', 'queued', 'accepted_partial')",
        "a row in doubt is never deleted",
    ),
)

# A day on which nobody knows what went out stays quiet. Installed with its table, in 0004.
AFTER_RECONCILING = _trigger(
    "ledger_quiet_after_reconciling",
    "UPDATE OF state",
    """NEW.state = 'sending' AND EXISTS (SELECT 1 FROM reconciliations r
    WHERE r.through_day >= NEW.day)""",
    "nobody knows what went out on this day",
)
