"""What each due person may get on a day: rules, consent, the gap, and money that is left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from services.audience.eligibility import channel_consent
from services.bootstrap import Console
from services.experiment.combinations import Combinations, judge, with_a_message
from services.experiment.model import Experiment, Group
from services.experiment.none_left import then, usual_for, without_option
from services.intents.model import message_json
from services.workflow.day_limits import Purse
from services.workflow.due import Due, NotDue, after_gap

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Possible:
    """For each due person (row), fixed before anything is chosen.

    may       bool (n_people, n_combinations)
    settled   bool (n_people,): nothing is chosen for them; they get it as usual, or not at all
    why_none  object (n_people,): code of `NotDue` where nothing is left, else None
    none_left what the rules alone leave nothing of: {"then", "groups": [{"n", "why"}]}, for the log
    """

    may: Bools
    settled: Bools
    why_none: npt.NDArray[np.object_]
    none_left: dict[str, Any]


def possible(
    console: Console,
    experiment: Experiment,
    combinations: Combinations,
    due: Due,
    day: date,
    purse: Purse,
) -> Possible:
    """Work out what everybody may get, and why some may get nothing."""
    consent = channel_consent(due.table, experiment.audience.sms_consent_attribute)
    judged = judge(combinations, experiment, due.table, consent)
    may = judged.matrix()
    usual = due.groups == Group.USUAL.value
    may[usual] = only_usual(experiment, combinations, may[usual])
    instead = usual_for(experiment, combinations, judged)
    falls_back = instead.any(axis=1)
    may |= instead
    why = np.full(len(may), None, dtype=object)
    for reason, allows in (
        (NotDue.NO_OPTION, np.ones_like(may)),
        (NotDue.TOO_SOON, after_gap(console, experiment, combinations, due, day)),
        (NotDue.BUDGET_SPENT, purse.affordable(combinations.costs)[None, :]),
    ):
        may = with_a_message(may & allows, combinations)
        why[(why == None) & ~may.any(axis=1)] = reason.value  # noqa: E711 (element by element)
    return Possible(
        may,
        usual | falls_back,
        why,
        {
            "then": then(experiment),
            "groups": [
                {"n": one.n, "why": [message_json(reason) for reason in one.why]}
                for one in without_option(experiment, judged)
            ],
        },
    )


def only_usual(experiment: Experiment, combinations: Combinations, may: Bools) -> Bools:
    """Of what people may get, only the combination that stands for business as usual."""
    wanted = experiment.groups.usual_combination or {}
    at = combinations.index({d.key: wanted.get(d.key, "") for d in experiment.send_dimensions})
    only = np.zeros_like(may)
    if at is not None:
        only[:, at] = may[:, at]
    return only
