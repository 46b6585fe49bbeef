"""The decision engine by itself: three calls on data frames, without Braze, database or console.

    import numpy as np
    import pandas as pd
    from services.decision.policy import Policy

    combinations = pd.DataFrame(
        [(offer, hour) for offer in ("10% off", "free delivery") for hour in (9, 18)],
        columns=["offer", "hour"],
    )
    rng = np.random.default_rng(1)
    policy = Policy(combinations, reward="binary", seed=1)
    for day in range(5):
        people = pd.DataFrame(
            {
                "age": rng.normal(40, 12, 2000),
                "plan": rng.choice(["basic", "plus", None], 2000),
            }
        )
        rows, propensities = policy.decide(people)
        likes = (combinations["offer"].to_numpy()[rows] == "free delivery") == (people["age"] > 40)
        rewards = (rng.random(2000) < np.where(likes, 0.10, 0.04)).astype(float)
        policy.learn(people, rows, rewards, propensities)

Columns of people may be numbers, truths, texts, categories or moments, with values missing; texts
never seen before are fine. Everything is reproducible from `seed` and the order of the calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from services.audience.features import FeatureSpec, fit, matrix
from services.decision.arrays import Bools, Floats
from services.decision.choosing import EPSILON_SHARE, choose, choose_uniform, sample_draws
from services.decision.frames import ColumnKind, kinds_of, table_of
from services.decision.learning import learn, prior
from services.decision.model import Belief, Choices, Draws, Reward, Space
from services.errors import DataError, ExperimentError
from services.messages import msg

CHUNK_PEOPLE = 50_000
FITTED_PEOPLE = 5_000  # from here on the columns of the features are fixed
GUESSED_SHARE = 0.03  # of decisions with a reward, before anything is known
FIRST_DAY = date(2000, 1, 1)  # where days are counted from when none is given

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class _Batch:
    people: pd.DataFrame
    rows: Rows
    rewards: Floats
    day: date


@dataclass(frozen=True)
class _Known:
    """What has been learnt, and how people's columns are read for it."""

    belief: Belief
    kinds: Mapping[str, ColumnKind]
    spec: FeatureSpec

    def features(self, people: pd.DataFrame) -> npt.NDArray[np.float32]:
        return matrix(self.spec, table_of(people, self.kinds))

    def after(self, space: Space, batch: _Batch) -> _Known:
        features = self.features(batch.people)
        belief = learn(self.belief, space, features, batch.rows, batch.rewards, batch.day)
        return replace(self, belief=belief)


class Policy:
    """Chooses one of the given combinations for each person, and learns from rewards.

    combinations  one row a combination, one column a dimension; each row must differ
    reward        "binary" (0 or 1), "revenue" (0 or an amount above 0) or "signed" (any number)
    seed          0 to 2**63 - 1; the same seed and calls give the same choices, bit for bit
    base_rate     expected share of decisions with a reward (0 to 1); a guess is good enough
    epsilon       share of choices that are any combination at all (0 to 1)

    Raises ExperimentError where the combinations cannot be told apart or something is missing.
    """

    def __init__(
        self,
        combinations: pd.DataFrame,
        reward: Literal["binary", "revenue", "signed"] = "binary",
        seed: int = 0,
        *,
        base_rate: float = GUESSED_SHARE,
        epsilon: float = EPSILON_SHARE,
    ) -> None:
        self._space = space_of_frame(combinations)
        self._reward = Reward(reward)
        self._seed = seed
        self._base_rate = base_rate
        self._epsilon = epsilon
        self._known: _Known | None = None
        self._early: list[_Batch] = []  # kept until the columns are fixed
        self._n_fitted = self._n_decided = self._n_learnt = 0

    @property
    def belief(self) -> Belief | None:
        """What has been learnt; None before the first rewards."""
        return None if self._known is None else self._known.belief

    def decide(self, people: pd.DataFrame, *, eligible: Bools | None = None) -> tuple[Rows, Floats]:
        """(row numbers of the combinations int64 (n,), propensities float64 (n,) above 0 to 1).

        eligible  bool (n, n_combinations): which combinations each person may get; None = all

        A person with no eligible combination gets row -1 and propensity 0. Until the first `learn`
        every eligible combination has the same chance.

        Raises DataError where `eligible` does not fit.
        """
        n = len(people)
        if eligible is not None and eligible.shape != (n, self._space.n_combinations):
            raise DataError(
                msg("People and eligible combinations do not fit together."),
                hint=msg("Nothing was chosen. Give one row a person, one column a combination."),
            )
        seed = _seed_of_call(self._seed, self._n_decided)
        self._n_decided += 1
        belief = self.belief
        draws = None if belief is None else sample_draws(belief, self._space, seed)
        parts = [
            self._choose(people.iloc[at : at + CHUNK_PEOPLE], at, eligible, draws, seed)
            for at in range(0, max(n, 1), CHUNK_PEOPLE)
        ]
        chosen = Choices.joined(parts)
        return chosen.combination.astype(np.int64), chosen.propensity

    def learn(
        self,
        people: pd.DataFrame,
        rows: npt.ArrayLike,
        rewards: npt.ArrayLike,
        propensities: npt.ArrayLike,
        *,
        day: date | None = None,
    ) -> None:
        """Learn the closed rewards of decisions. Each decision's reward must be given once only.

        people        as they were when they were decided for: n rows
        rows          int (n,), as `decide` returned them; rows of -1 are passed over
        rewards       float (n,)
        propensities  float (n,), as returned. They are checked, not weighed with: the model knows
                      the person and the combination, and weighing would only add noise
        day           when the decisions were made; older days count for less. Default: every call
                      is a day of its own

        Raises DataError for rewards this kind of metric cannot have, or rows that do not fit.
        """
        row = np.asarray(rows, dtype=np.int64)
        reward = np.asarray(rewards, dtype=np.float64)
        chance = np.asarray(propensities, dtype=np.float64)
        if not len(people) == len(row) == len(reward) == len(chance):
            raise DataError(msg("Decisions and rewards do not have the same number."))
        decided = row >= 0
        if not ((chance[decided] > 0) & (chance[decided] <= 1)).all():
            raise DataError(
                msg("A propensity is not above 0 and at most 1."),
                hint=msg("Nothing was learnt. Give the propensities that came with the rows."),
            )
        when = day or FIRST_DAY + timedelta(days=self._n_learnt)
        batch = _Batch(people.loc[decided.tolist()], row[decided], reward[decided], when)
        if len(batch.rows) == 0:
            return
        if self._known is None or self._n_fitted < FITTED_PEOPLE:
            self._learn_early(batch)
        else:
            self._known = self._known.after(self._space, batch)
        self._n_learnt += 1

    def _learn_early(self, batch: _Batch) -> None:
        """Work out the columns anew whenever there are twice as many people, and learn again.

        The first call may hold one person, from whom no column can be made.
        """
        early = [*self._early, batch]
        n_early = sum(len(one.rows) for one in early)
        if self._known is not None and n_early < 2 * self._n_fitted:
            self._known, self._early = self._known.after(self._space, batch), early
            return
        everybody = pd.concat([one.people for one in early], ignore_index=True)
        kinds = kinds_of(everybody)
        spec = fit(table_of(everybody, kinds))
        start = prior(
            self._space,
            spec.names,
            self._base_rate,
            reward=self._reward,
            attributes=spec.attributes,
        )
        known = _Known(start, kinds, spec)
        for one in early:
            known = known.after(self._space, one)
        self._known, self._n_fitted = known, n_early
        self._early = early if n_early < FITTED_PEOPLE else []

    def _choose(
        self,
        people: pd.DataFrame,
        at: int,
        eligible: Bools | None,
        draws: Draws | None,
        seed: int,
    ) -> Choices:
        n = len(people)
        may = (
            np.ones((n, self._space.n_combinations), dtype=bool)
            if eligible is None
            else np.asarray(eligible[at : at + n], dtype=bool)
        )
        numbers = np.arange(at, at + n, dtype=np.int64)
        if draws is None or self._known is None:
            return choose_uniform(may, seed, people=numbers)
        features = self._known.features(people)
        return choose(draws, self._space, features, may, seed, self._epsilon, people=numbers)


def space_of_frame(combinations: pd.DataFrame) -> Space:
    """The combinations of a data frame as the engine sees them, in the same order.

    Raises ExperimentError where there is none, two are alike, or a value is missing.
    """
    hint = msg("Give one row a combination and one column a dimension, all of them filled in.")
    names = tuple(str(name) for name in combinations.columns)
    if len(combinations) == 0 or not names or len(set(names)) < len(names):
        raise ExperimentError(msg("There are no combinations to choose from."), hint=hint)
    if bool(combinations.isna().to_numpy().any()):
        raise ExperimentError(msg("A combination leaves an option open."), hint=hint)
    texts = combinations.astype(str)
    if texts.duplicated().any():
        raise ExperimentError(msg("Two combinations are alike."), hint=hint)
    columns = [pd.factorize(texts.iloc[:, i]) for i in range(len(names))]
    return Space(
        tuple((name, tuple(found)) for name, (_, found) in zip(names, columns, strict=True)),
        np.stack([codes for codes, _ in columns], axis=1).astype(np.int16),
    )


def _seed_of_call(seed: int, call: int) -> int:
    """Another seed for every call of `decide`: 63 bits."""
    return int(np.random.SeedSequence([seed, call]).generate_state(1, np.uint64)[0] >> 1)
