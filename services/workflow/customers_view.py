"""What Customers shows of one person: what was decided on a day, and what became of it by day."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from services.activation.words import WORDS, Word
from services.audience.eligibility import Refusal
from services.database.engine import Database
from services.experiment.model import Experiment, Group
from services.experiment.sentences import combination_text
from services.lake import Lake
from services.messages import Message, msg
from services.outcomes.model import OutcomeMetric
from services.workflow.due import reason_message
from services.workflow.ledger_counts.store import PersonMessage, messages_of
from services.workflow.person_lookup.store import Member


@dataclass(frozen=True)
class Decision:
    """One logged decision. `draw` is -1 where no belief was used: lot, first day, trying out."""

    decision_id: str
    day: date
    group: Group
    combination: int
    options: dict[str, str]
    text: str
    propensity: float
    n_eligible: int
    eligible_hash: str
    score: float | None
    draw: int
    seed: int
    send_at_s: float
    row: dict[str, Any]


@dataclass(frozen=True)
class DayLine:
    """What was decided for a person on a day, what became of it, and what they did."""

    day: date
    text: str
    word: Word | None
    why_not: Message | None
    outcome: float


@dataclass(frozen=True)
class PersonDay:
    """A person on a day: the decision, or the sentence that says why there is none."""

    member: Member
    day: date
    decision: Decision | None
    why_none: Message | None
    message: PersonMessage | None


def decision_days(lake: Lake, experiment_id: str) -> list[date]:
    """Days on which anybody was decided for, the newest first."""
    return sorted(lake.days("decisions", experiment_id), reverse=True)


def likely_day(
    database: Database, experiment_id: str, member: Member, days: Sequence[date]
) -> date | None:
    """The newest day on which this person has a message, else the newest day of all."""
    for message in messages_of(database, experiment_id, member.person):
        if message.day in days:
            return message.day
    return days[0] if days else None


def person_day(
    database: Database, lake: Lake, experiment: Experiment, member: Member, day: date
) -> PersonDay:
    """Read the decision of one person and day, or why there is none."""
    if member.group is None:
        why = msg("This person is known, but not in this experiment’s audience.")
        return PersonDay(member, day, None, why, None)
    if member.group is Group.HOLDOUT:
        why = msg(
            "This person is in the holdout: they get nothing, so that you can see what the "
            "messages are worth."
        )
        return PersonDay(member, day, None, why, None)
    message = next(
        (m for m in messages_of(database, experiment.id, member.person) if m.day == day), None
    )
    decision = _decision(lake, experiment, member, day)
    if decision is not None:
        return PersonDay(member, day, decision, None, message)
    return PersonDay(member, day, None, _why_not_due(lake, experiment, member, day), message)


def history(
    database: Database, lake: Lake, experiment: Experiment, member: Member
) -> list[DayLine]:
    """Decisions, messages and outcomes of one person, the newest day first."""
    messages = {m.day: m for m in messages_of(database, experiment.id, member.person)}
    outcomes = _outcomes(lake, experiment.id, member.person)
    lines = []
    for day in sorted(messages.keys() | outcomes.keys(), reverse=True):
        message = messages.get(day)
        lines.append(
            DayLine(
                day=day,
                text=combination_text(_combination(message), experiment) if message else "",
                word=WORDS[message.state] if message else None,
                why_not=message.reason.what if message and message.reason else None,
                outcome=outcomes.get(day, 0.0),
            )
        )
    return lines


def rows_of_person(lake: Lake, kind: str, experiment_id: str, day: date, person: int) -> pa.Table:
    """Rows of one person in the parts of one day; an empty table where there are none."""
    table = lake.load(lake.parts(kind, experiment_id, day))
    if table.num_rows == 0:
        return table
    return table.filter(pc.equal(table["person"], person))


def _decision(lake: Lake, experiment: Experiment, member: Member, day: date) -> Decision | None:
    found = rows_of_person(lake, "decisions", experiment.id, day, member.person)
    if found.num_rows == 0:
        return None
    row: dict[str, Any] = found.to_pylist()[0]
    options = {
        name.removeprefix("opt:"): str(value)
        for name, value in row.items()
        if name.startswith("opt:")
    }
    score = row["score"]
    return Decision(
        decision_id=row["decision_id"],
        day=day,
        group=Group(row["grp"]),
        combination=row["combination"],
        options=options,
        text=combination_text(options, experiment),
        propensity=row["propensity"],
        n_eligible=row["n_eligible"],
        eligible_hash=row["eligible_hash"],
        score=None if score is None or score != score else float(score),
        draw=row["draw"],
        seed=row["seed"],
        send_at_s=row["send_at"].timestamp(),
        row=row,
    )


def _why_not_due(lake: Lake, experiment: Experiment, member: Member, day: date) -> Message:
    if member.entered_on is not None and day < member.entered_on:
        return msg("This person entered the experiment later, on {day}.", day=member.entered_on)
    if member.suppressed:
        return Refusal.SUPPRESSED.message
    found = rows_of_person(lake, "skips", experiment.id, day, member.person)
    if found.num_rows:
        return reason_message(str(found["reason"][0].as_py()))
    return msg("Nothing was decided for this person on this day.")


def _outcomes(lake: Lake, experiment_id: str, person: int) -> dict[date, float]:
    table = lake.read("outcomes", experiment_id)
    if table.num_rows == 0:
        return {}
    mine = table.filter(
        pc.and_(
            pc.equal(table["person"], person),
            pc.equal(table["metric"], OutcomeMetric.PRIMARY.value),
        )
    )
    found: dict[date, float] = {}
    for row in mine.to_pylist():
        found[row["day"]] = found.get(row["day"], 0.0) + row["value"]
    return found


def _combination(message: PersonMessage) -> dict[str, str]:
    read = json.loads(message.combination or "{}")
    return {str(k): str(v) for k, v in read.items()} if isinstance(read, dict) else {}
