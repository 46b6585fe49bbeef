"""Who decides in the benchmark: this engine and three published libraries, behind two calls.

Peers see the same columns as the engine (a centred value and two thresholds for each number, one
column for each common category), the same eligible sets, the same delayed rewards, each once, in
one batch a day, and spend the days before the first rewards on uniform choices. Their settings were
picked as a careful data scientist would: by trials on seeds 100 and above, never on those reported.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.util import find_spec
from typing import Protocol

import numpy as np
import pandas as pd

from services.decision.learning import market_changed
from services.decision.model import Reward
from services.decision.policy import Policy
from tests.benchmarks.decision_worlds import World

FIRST_DAY = date(2026, 1, 1)


@dataclass(frozen=True)
class Closed:
    """Rewards that came in together, of decisions made on `day`: rows of people, combinations."""

    day: int
    who: np.ndarray
    chosen: np.ndarray
    reward: np.ndarray
    propensity: np.ndarray


class Peer(Protocol):
    """Decides and learns."""

    def decide(self, who: np.ndarray, day: int) -> tuple[np.ndarray, np.ndarray]:
        """Combination and its chance (NaN where the library does not say) for rows of people."""

    def learn(self, closed: list[Closed]) -> None:
        """All rewards that closed since the day before."""


class Anneal:
    """This engine, as `services.decision.policy.Policy`: data frames in, its defaults throughout.

    It makes its own columns from the customer table. The base rate is what it guesses by itself.
    """

    def __init__(self, world: World, seed: int) -> None:
        dimensions = world.space.dimensions
        options = {
            key: [names[at] for at in world.space.options[:, i]]
            for i, (key, names) in enumerate(dimensions)
        }
        self._world = world
        self._policy = Policy(pd.DataFrame(options), reward=world.reward.value, seed=seed)

    @property
    def alarm(self) -> bool:
        """Whether the engine says that the market has changed."""
        belief = self._policy.belief
        return belief is not None and market_changed(belief)

    def decide(self, who: np.ndarray, day: int) -> tuple[np.ndarray, np.ndarray]:
        people = self._world.people.iloc[who]
        may = None if self._world.eligible is None else self._world.eligible[who]
        return self._policy.decide(people, eligible=may)

    def learn(self, closed: list[Closed]) -> None:
        for one in closed:
            people = self._world.people.iloc[one.who]
            when = FIRST_DAY + timedelta(days=one.day)
            self._policy.learn(people, one.chosen, one.reward, one.propensity, day=when)


class _ByArm:
    """A library that scores each combination as an arm of its own, from columns about the person.

    Rewards are divided by their first batch's mean, so that one setting fits money and chances.
    """

    def __init__(self, world: World, seed: int) -> None:
        self._world = world
        self._rng = np.random.default_rng(seed)
        self._n_arms = world.space.n_combinations
        self._columns = np.ascontiguousarray(world.features, dtype=np.float64)
        self._unit = 0.0

    def decide(self, who: np.ndarray, day: int) -> tuple[np.ndarray, np.ndarray]:
        may = self._world.may(who)
        if not self._unit:
            scores = self._rng.random(may.shape)
        else:
            scores = self.scores(self._columns[who])
        chosen = np.where(may, scores, -np.inf).argmax(axis=1)
        return chosen, np.full(len(who), np.nan)

    def learn(self, closed: list[Closed]) -> None:
        if not closed:
            return
        who, chosen, reward = (
            np.concatenate([getattr(one, name) for one in closed])
            for name in ("who", "chosen", "reward")
        )
        self._unit = self._unit or float(reward.mean()) or 1.0
        self.fit(self._columns[who], chosen, reward / self._unit)

    def scores(self, columns: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def fit(self, columns: np.ndarray, chosen: np.ndarray, reward: np.ndarray) -> None:
        raise NotImplementedError


class Mabwiser(_ByArm):
    """mabwiser LinGreedy: a ridge regression an arm, the best one, and some chosen at random.

    Penalties from 10 to 3,000 were tried: 300 was best after a change, 1,000 without one.
    """

    def __init__(
        self, world: World, seed: int, *, epsilon: float = 0.02, l2: float = 600.0
    ) -> None:
        from mabwiser.mab import MAB, LearningPolicy

        super().__init__(world, seed)
        self._columns = np.insert(self._columns, 0, 1.0, axis=1)
        policy = LearningPolicy.LinGreedy(epsilon=epsilon, l2_lambda=l2)
        self._mab = MAB(list(range(self._n_arms)), policy, seed=seed)

    def scores(self, columns: np.ndarray) -> np.ndarray:
        return np.array([list(row.values()) for row in self._mab.predict_expectations(columns)])

    def fit(self, columns: np.ndarray, chosen: np.ndarray, reward: np.ndarray) -> None:
        self._mab.partial_fit(chosen, reward, columns)


class LinUcb(_ByArm):
    """contextualbandits LinUCB: a ridge regression an arm, and an upper bound on each.

    Penalties from 1 to 1,000 and bounds from 0.03 to 1 were tried.
    """

    def __init__(self, world: World, seed: int, *, alpha: float = 0.1, l2: float = 300.0) -> None:
        from contextualbandits.online import LinUCB

        super().__init__(world, seed)
        self._model = LinUCB(
            self._n_arms,
            alpha=alpha,
            lambda_=l2,
            use_float=False,
            method="chol",
            random_state=seed + 1,  # 0 is refused
        )

    def scores(self, columns: np.ndarray) -> np.ndarray:
        return np.asarray(self._model.decision_function(columns))

    def fit(self, columns: np.ndarray, chosen: np.ndarray, reward: np.ndarray) -> None:
        self._model.partial_fit(columns, chosen, reward)


class SquareCb:
    """Vowpal Wabbit squarecb on options as action features, crossed with the person's columns.

    Learns by online gradient steps, each decision once with the chance it was made with. Of five
    settings tried on one seed (rates 0.1, 0.5; greed 1,000, 10,000; columns centred, or as zeros
    and ones) these did best.
    """

    def __init__(
        self,
        world: World,
        seed: int,
        *,
        rate: float = 0.5,
        gamma_scale: float = 10_000.0,
        extra: str = "",
    ) -> None:
        import vowpalwabbit

        self._vw = vowpalwabbit.Workspace(
            "--cb_explore_adf --squarecb -q UA --cb_type mtr --quiet "
            f"--gamma_scale {gamma_scale} -l {rate} --random_seed {seed} {extra}"
        )
        self._world, self._rng, self._learnt = world, np.random.default_rng(seed), False
        self._people = [
            "shared |U " + " ".join(f"{i}:{x:.4g}" for i, x in enumerate(row) if x)
            for row in world.features
        ]
        self._actions = [
            "|A " + " ".join(f"d{d}o{o}" for d, o in enumerate(row)) for row in world.space.options
        ]

    def decide(self, who: np.ndarray, day: int) -> tuple[np.ndarray, np.ndarray]:
        chosen, chance = np.empty(len(who), np.int64), np.empty(len(who))
        for n, (person, may) in enumerate(zip(who, self._world.may(who), strict=True)):
            rows = np.flatnonzero(may)
            if self._learnt:
                actions = [self._actions[row] for row in rows]
                weights = np.array(self._vw.predict([self._people[person], *actions]))
                weights /= weights.sum()
            else:
                weights = np.full(len(rows), 1 / len(rows))
            at = self._rng.choice(len(rows), p=weights)
            chosen[n], chance[n] = rows[at], weights[at]
        return chosen, chance

    def learn(self, closed: list[Closed]) -> None:
        for one in closed:
            decisions = zip(one.who, one.chosen, one.reward, one.propensity, strict=True)
            for person, row, reward, chance in decisions:
                rows = np.flatnonzero(self._world.may(np.array([person]))[0])
                actions = [self._actions[other] for other in rows]
                at = int(np.searchsorted(rows, row))
                actions[at] = f"0:{-reward:g}:{chance:.6g} {actions[at]}"
                self._vw.learn([self._people[person], *actions])
                self._learnt = True


PEERS: dict[str, tuple[str, Callable[[World, int], Peer]]] = {
    "anneal": ("services.decision", Anneal),
    "mabwiser": ("mabwiser", Mabwiser),
    "vw": ("vowpalwabbit", SquareCb),
    "linucb": ("contextualbandits", LinUcb),
}


def is_installed(peer: str) -> bool:
    """Whether the library behind a peer can be imported."""
    return find_spec(PEERS[peer][0]) is not None


def serves(peer: str, world: World) -> bool:
    """Whether a peer takes part: squarecb's costs are bounded, so it is not asked about money."""
    return not (peer == "vw" and world.reward is Reward.REVENUE)
