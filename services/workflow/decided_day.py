"""Everything that was stored about one decided day, for one person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from services.audience.eligibility import channel_consent
from services.decision.choosing import propensities
from services.decision.model import Draws, Space
from services.errors import DataError
from services.experiment.combinations import Combinations, Judgement, choices_of_day, judge
from services.experiment.model import Experiment, Group
from services.lake import Lake
from services.messages import msg
from services.workflow.beliefs import KeptBelief, belief_named
from services.workflow.customers_view import Decision, rows_of_person
from services.workflow.eligible_sets import KIND as ELIGIBLE_SETS
from services.workflow.eligible_sets import sets_of
from services.workflow.group_choices import DayTerms, choose_in_groups
from services.workflow.priors import stored_json

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class DecidedDay:
    """One person's day as it was when it was decided.

    person    one row of the snapshot; judgement: of that row
    eligible  bool (n_combinations,), as it was logged
    uniform   whether this person's choice was left to the lot
    """

    experiment: Experiment
    decision: Decision
    combinations: Combinations
    snapshot: pa.Table
    person: pa.Table
    judgement: Judgement
    eligible: Bools
    kept: KeptBelief
    terms: DayTerms
    uniform: bool

    @property
    def after_rules(self) -> int:
        """Combinations that rules and consent allowed and something else took: gap or budget."""
        return int((self.judgement.matrix()[0] & ~self.eligible).sum())

    def eligible_of(self, rows: pa.Table) -> Bools:
        """What people with such rows might have got: bool (n_rows, n_combinations).

        What gap and budget took from this person is taken from them too.
        """
        consent = channel_consent(rows, self.experiment.audience.sms_consent_attribute)
        judged = judge(self.combinations, self.experiment, rows, consent).matrix()
        taken = self.judgement.matrix()[0] & ~self.eligible
        return np.asarray(judged & ~taken)

    def chances(self, features: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Chance of each combination: float64 (n_combinations,). `features` float32 (1, k)."""
        terms = self.terms
        if self.uniform:
            weight = self.eligible * (1.0 if terms.weights is None else terms.weights)
            return np.asarray(weight / weight.sum(), dtype=np.float64)
        chances = propensities(
            terms.draws,
            terms.space,
            features,
            self.eligible[None, :],
            terms.epsilon,
            names=terms.spec.names,
            prices=terms.prices,
            least=terms.least,
        )
        return np.asarray(chances[0], dtype=np.float64)

    def replayed(self) -> bool:
        """Whether choosing again gives what was logged, to the last bit."""
        decision = self.decision
        again = choose_in_groups(
            self.terms,
            np.asarray(self.person["person"], dtype=np.int64),
            np.array([decision.group.value], dtype=object),
            self.person,
            self.eligible[None, :],
        )
        return bool(
            again.combination[0] == decision.combination
            and again.propensity[0] == decision.propensity
            and again.draw[0] == decision.draw
        )


def read_decided_day(
    lake: Lake, experiment: Experiment, decision: Decision, person: int
) -> DecidedDay:
    """Read it back. Raises DataError where a fact of that day is no longer there."""
    id, day = experiment.id, decision.day
    snapshot = lake.load(lake.parts("snapshots", id, day))
    mine = rows_of_person(lake, "snapshots", id, day, person)
    if mine.num_rows == 0:
        raise DataError(
            msg("The export of that day is no longer stored, so the choice cannot be explained."),
            hint=msg("What was chosen and sent is still in the table below."),
        )
    meta = lake.parts("decisions", id, day)[0].meta
    drawn = lake.load(lake.parts("draws", id, day))
    sets = lake.load(lake.parts(ELIGIBLE_SETS, id, day))
    if drawn.num_rows == 0 or sets.num_rows == 0:
        raise _gone()
    kept = belief_named(lake, id, str(meta["belief"]), until=day)
    space = Space.from_json(stored_json(meta["space"]))
    eligible = sets_of(sets, space.n_combinations).get(decision.eligible_hash)
    if eligible is None:
        raise _gone()
    combinations = choices_of_day(experiment, day)
    consent = channel_consent(mine, experiment.audience.sms_consent_attribute)
    learnt = kept.belief.learnt
    draws = Draws.from_columns(drawn.to_pydict())
    return DecidedDay(
        experiment=experiment,
        decision=decision,
        combinations=combinations,
        snapshot=snapshot,
        person=mine,
        judgement=judge(combinations, experiment, mine, consent),
        eligible=eligible,
        kept=kept,
        terms=DayTerms(space, draws, kept.spec, learnt, decision.seed).with_meta(meta),
        uniform=decision.group is not Group.PERSONALISED or not learnt,
    )


def _gone() -> DataError:
    return DataError(
        msg("What was believed on that day is no longer stored."),
        hint=msg("Restore the facts folder from a backup."),
    )
