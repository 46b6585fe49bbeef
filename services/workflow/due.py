"""Who is decided for today, and why the others are not.

Everything here happens before a combination is chosen, so that chances stay exact: frequency caps,
suppression and rhythm take a person out; a gap to the last message takes out the hours that come
too early.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from services.activation.calendar import send_times
from services.activation.guards import limits_of
from services.audience.eligibility import (
    Cap,
    History,
    Refusal,
    channel_consent,
    last_message_s,
    refusals,
)
from services.bootstrap import Console
from services.experiment.combinations import Combinations
from services.experiment.model import DimensionKind, Experiment, Group, QuietDays
from services.messages import Message, msg
from services.workflow.people.store import messages_since, suppressed
from services.workflow.rhythm import rhythm_of_day

Bools = npt.NDArray[np.bool_]
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()  # where Arrow counts days from
DEFAULT_HOUR = 9  # local hour of messages where the experiment does not vary it


class NotDue(StrEnum):
    """Why somebody of the experiment is not decided for today, besides `Refusal`."""

    QUIET_DAY = "quiet_day"
    RHYTHM = "rhythm"
    NO_OPTION = "no_option"
    TOO_SOON = "too_soon"
    BUDGET_SPENT = "budget_spent"
    HOUR_PASSED = "hour_passed"

    @property
    def message(self) -> Message:
        """The reason as a sentence."""
        return _NOT_DUE[self]


_NOT_DUE = {
    NotDue.QUIET_DAY: msg("Nothing is sent on this weekday"),
    NotDue.RHYTHM: msg("Is not due today, by the frequency chosen for this person"),
    NotDue.NO_OPTION: msg("No option was left by the rules and the channels agreed to"),
    NotDue.TOO_SOON: msg("Every hour was too soon after the last message"),
    NotDue.BUDGET_SPENT: msg("The budget of the experiment is spent"),
    NotDue.HOUR_PASSED: msg("The chosen hour had passed"),
}


def reason_message(code: str) -> Message:
    """The sentence behind a code of the `skips` facts."""
    if code in set(NotDue):
        return NotDue(code).message
    return Refusal(code).message


@dataclass(frozen=True)
class Due:
    """People to decide for, row by row, and those who are not due.

    table    their rows of the snapshot; people int64 (n,); groups and cadence object (n,)
    last_at  float64 (n,): planned time of the last message, epoch seconds, -inf without one
    skips    person int64, reason string
    """

    table: pa.Table
    people: npt.NDArray[np.int64]
    groups: npt.NDArray[np.object_]
    cadence: npt.NDArray[np.object_]
    last_at: npt.NDArray[np.float64]
    skips: pa.Table


def due_people(
    console: Console,
    experiment: Experiment,
    day: date,
    snapshot: pa.Table,
    members: pa.Table,
    *,
    keep: bool = True,
) -> Due:
    """Sort the experiment's people into due and not due. The holdout is neither.

    `members` as `people.store.assigned` gives them; `keep` False in a rehearsal.
    """
    groups = np.array(members["grp"].to_pylist(), dtype=object)
    people = np.asarray(members["person"], dtype=np.int64)
    known = np.isin(people, np.asarray(snapshot["person"], dtype=np.int64))
    present = known & (groups != Group.HOLDOUT.value)
    gone = people[~known & (groups != Group.HOLDOUT.value)]
    groups, people = groups[present], people[present]
    table = _rows_of(snapshot, people)
    history = _history(console, experiment, day)
    limits = limits_of(experiment)
    refused = refusals(
        table,
        consent=channel_consent(table, experiment.audience.sms_consent_attribute),
        channels={target.channel for target in experiment.targets},
        day=day,
        earliest_s=np.inf,  # the gap is a matter of the hour: see `after_gap`
        history=history,
        gap_hours=0.0,
        caps=[Cap(rule.messages, rule.days) for rule in limits.at_most],
        suppressed=set(suppressed(console.database).tolist()),
    )
    rhythm = rhythm_of_day(console, experiment, day, people, groups, snapshot, keep=keep)
    going = np.array([reason is None for reason in refused], dtype=bool)
    refused[going & ~rhythm.due] = NotDue.RHYTHM
    going &= rhythm.due
    if _is_quiet(experiment, day):
        refused[going] = NotDue.QUIET_DAY
        going[:] = False
    return Due(
        table=table.filter(pa.array(going)),
        people=people[going],
        groups=groups[going],
        cadence=rhythm.cadence[going],
        last_at=last_message_s(people[going], history),
        skips=skip_table(
            np.concatenate([people[~going], gone]),
            [r.value for r in refused[~going]] + [Refusal.NOT_IN_AUDIENCE.value] * len(gone),
        ),
    )


def after_gap(
    console: Console,
    experiment: Experiment,
    combinations: Combinations,
    due: Due,
    day: date,
) -> Bools:
    """Which combinations keep the minimum gap to the last message: bool (n, n_combinations)."""
    gap_s = limits_of(experiment).gap_s
    fits = np.ones((len(due.people), len(combinations)), bool)
    waiting = np.flatnonzero(np.isfinite(due.last_at))
    if not gap_s or len(waiting) == 0:
        return fits
    zones = due.table.column("time_zone").take(pa.array(waiting)).to_pylist()
    now = console.clock.now()
    of_combination = hours_of(experiment, combinations, np.arange(len(combinations)))
    options = hour_options(experiment)
    for hour in np.unique(of_combination):
        hours = np.full(len(waiting), hour)
        at = send_times(day, hours, zones, experiment.zone, now, hour_options=options)
        seconds = at.astype("datetime64[us]").astype(np.int64) / 1e6
        early = np.isnat(at) | (seconds - due.last_at[waiting] < gap_s)
        fits[np.ix_(waiting[early], of_combination == hour)] = False
    fits[:, combinations.is_nothing] = True  # nothing is never too soon
    return fits


def hours_of(
    experiment: Experiment, combinations: Combinations, chosen: npt.NDArray[np.integer]
) -> npt.NDArray[np.int64]:
    """Local hour of each chosen combination; the default where hours do not vary.

    For sending nothing it is the hour listed last: until then its outcomes are still the last
    message's.
    """
    for i, dimension in enumerate(experiment.send_dimensions):
        if dimension.kind is DimensionKind.HOUR:
            values = np.array([int(str(o.value)) for o in dimension.options], np.int64)
            hours: npt.NDArray[np.int64] = values[combinations.options[np.maximum(chosen, 0), i]]
            return hours
    return np.full(len(chosen), DEFAULT_HOUR, np.int64)


def hour_options(experiment: Experiment) -> tuple[int, ...]:
    """The local hours an experiment may send at, in order."""
    for dimension in experiment.send_dimensions:
        if dimension.kind is DimensionKind.HOUR and dimension.options:
            return tuple(sorted(int(str(o.value)) for o in dimension.options))
    return (DEFAULT_HOUR,)


def skip_table(people: Sequence[int] | npt.NDArray[np.int64], reasons: Sequence[str]) -> pa.Table:
    """Rows of the `skips` facts."""
    return pa.table(
        {"person": pa.array(people, pa.int64()), "reason": pa.array(reasons, pa.string())}
    )


def _is_quiet(experiment: Experiment, day: date) -> bool:
    return any(
        isinstance(rule, QuietDays) and day.isoweekday() in rule.weekdays
        for rule in experiment.rules
    )


def _history(console: Console, experiment: Experiment, day: date) -> History:
    since = limits_of(experiment).first_day(day) - timedelta(days=1)
    sent = messages_since(console.database, console.workspace, since)
    return History(
        person=np.asarray(sent["person"], dtype=np.int64),
        at_s=np.asarray(sent["send_at"], dtype=np.float64),
        day=np.asarray(sent["day"].cast(pa.int32()), dtype=np.int64) + EPOCH_ORDINAL,
    )


def _rows_of(snapshot: pa.Table, people: npt.NDArray[np.int64]) -> pa.Table:
    here = np.asarray(snapshot["person"], dtype=np.int64)
    order = np.argsort(here)
    return snapshot.take(pa.array(order[np.searchsorted(here, people, sorter=order)]))
