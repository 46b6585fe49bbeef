"""Can the numbers be trusted? Each check as healthy, worth a look, or to act on.

Checks of the machinery (worker, Braze, exports) are the console's; these are of the experiment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

import numpy as np
import pyarrow as pa

from services.experiment.model import Experiment, Group
from services.insights.balance import Alarm, Balance, group_balance
from services.messages import Message, msg, msgn
from services.outcomes.model import CLOSING_DAYS

MAX_AGE_DAYS = CLOSING_DAYS + 2  # one missed export more than usual


class State(StrEnum):
    HEALTHY = "healthy"
    LOOK = "look"
    ACT = "act"


@dataclass(frozen=True)
class Check:
    """One answer. `hides_lift`: the lift may not be read until this is dealt with."""

    key: str
    state: State
    words: Message
    advice: Message | None = None
    hides_lift: bool = False


def checks(
    experiment: Experiment,
    assigned: pa.Table,
    looks: pa.Table,
    *,
    today: date,
    choices: Balance | None = None,
    n_fallen: int = 0,
    n_suspicious: int = 0,
) -> tuple[Check, ...]:
    """All checks of one experiment, those that need somebody first.

    assigned  person, grp, entered_on; looks the immutable looks; choices from `choice_balance`
    n_fallen, n_suspicious  of the newest collection
    """
    found = [check_groups(groups_drawn(experiment, assigned)), check_freshness(looks, today)]
    if choices is not None:
        found.append(check_choices(choices))
    found.append(_check_counts(n_fallen, n_suspicious))
    uneven = _check_spread(looks)
    if uneven is not None:
        found.append(uneven)
    order = list(reversed(State))
    return tuple(sorted(found, key=lambda check: order.index(check.state)))


def groups_drawn(experiment: Experiment, assigned: pa.Table) -> Balance:
    """People who entered, by day and group, against the launched shares."""
    groups = list(Group)
    shares = np.array([experiment.groups.of(group) for group in groups])
    if assigned.num_rows == 0:
        return group_balance(np.zeros((1, len(groups)), dtype=np.int64), shares)
    frame = assigned.select(["grp", "entered_on"]).to_pandas()
    counts = frame.groupby(["entered_on", "grp"]).size().unstack(fill_value=0)
    counts = counts.reindex(columns=[group.value for group in groups], fill_value=0).sort_index()
    return group_balance(counts.to_numpy(), shares)


def check_groups(balance: Balance) -> Check:
    """Do the groups match the draw?"""
    match balance.alarm:
        case Alarm.FINE:
            return Check("groups", State.HEALTHY, msg("Groups match the draw"))
        case Alarm.WARN:
            return Check(
                "groups",
                State.LOOK,
                msg("Group sizes are unusual"),
                msg("Somebody may be lost between the draw and the record. Watch it daily."),
            )
        case Alarm.PAUSE:
            return Check(
                "groups",
                State.ACT,
                msg("Groups do not match the draw"),
                msg("The lift cannot be trusted. Find out who is missing before going on."),
                hides_lift=True,
            )


def check_choices(balance: Balance) -> Check:
    """Do the choices match their logged chances?"""
    if balance.alarm is Alarm.FINE:
        return Check("choices", State.HEALTHY, msg("Choices match their logged chances"))
    return Check(
        "choices",
        State.ACT if balance.alarm is Alarm.PAUSE else State.LOOK,
        msg("Some options go out less often than chosen"),
        msg("Look for a target or a rule that loses messages of one option."),
    )


def check_freshness(looks: pa.Table, today: date) -> Check:
    """How old the last final day is."""
    if looks.num_rows == 0:
        return Check("freshness", State.HEALTHY, msg("No day is final yet"))
    last: Any = max(looks["day"].to_pylist())
    if (today - last).days <= MAX_AGE_DAYS + 1:
        return Check("freshness", State.HEALTHY, msg("Outcomes up to {day}", day=last))
    return Check(
        "freshness",
        State.LOOK,
        msg("Outcomes end on {day}", day=last),
        msg("An export is missing. The day becomes final when the next one has been read."),
    )


def _check_counts(n_fallen: int, n_suspicious: int) -> Check:
    if n_suspicious:
        return Check(
            "counts",
            State.LOOK,
            msgn(
                "{n} person did something unusually often",
                "{n} people did something unusually often",
                n_suspicious,
            ),
            msg("A test account or a bot, perhaps. They still count: look whether they should."),
        )
    if n_fallen:
        return Check(
            "counts",
            State.LOOK,
            msgn("{n} count went down in Braze", "{n} counts went down in Braze", n_fallen),
            msg("Profiles were merged or deleted. A fall is taken as no change."),
        )
    return Check("counts", State.HEALTHY, msg("Counts only grow"))


def _check_spread(looks: pa.Table) -> Check | None:
    if looks.num_rows == 0:
        return None
    newest = max(looks["day"].to_pylist())
    rows: list[Mapping[str, Any]] = looks.to_pylist()
    if not any(r["uneven"] for r in rows if r["day"] == newest and r["segment"] == ""):
        return None
    return Check(
        "spread",
        State.LOOK,
        msg("The groups spread very differently"),
        msg("One group may hold a few very large customers. Read the interval with care."),
    )
