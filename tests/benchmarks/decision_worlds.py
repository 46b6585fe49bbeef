"""Simulated customers with known tastes: what every combination would do for every person."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
import pyarrow as pa

from services.audience.features import fit, matrix
from services.decision.model import Reward, Space

N_PEOPLE = 10_000
BASE_SHARE = 0.035


@dataclass(frozen=True)
class World:
    """What every combination would do for every person.

    people      one row a person: the attributes as they stand in a customer table
    features    float32 (n_people, k): the same as the audience stage turns them into columns
    logits      one float (n_people, n_combinations) a truth; the first two are used one after the
                other where the market changes
    value       likewise: worth of one conversion (1 unless revenue)
    change_day  first day of the second truth; None = it never comes
    drift_days  days over which the first truth turns little by little into the second; 0 = at once
    eligible    bool (n_people, n_combinations), None = everybody may get everything
    """

    space: Space
    people: pd.DataFrame
    features: np.ndarray
    names: tuple[str, ...]
    attributes: tuple[str, ...]
    logits: tuple[np.ndarray, ...]
    value: np.ndarray
    change_day: int | None
    reward: Reward
    drift_days: int = 0
    eligible: np.ndarray | None = None

    @property
    def n_people(self) -> int:
        """How many people live here."""
        return len(self.people)

    def may(self, who: np.ndarray) -> np.ndarray:
        """Eligible combinations of some people: bool (n, n_combinations)."""
        if self.eligible is None:
            return np.ones((len(who), self.space.n_combinations), dtype=bool)
        return self.eligible[who]

    def chance(self, day: int) -> np.ndarray:
        """Chance of a conversion on a day: float64 (n_people, n_combinations)."""
        if self.change_day is None or day < self.change_day:
            return _expit(self.logits[0])
        passed = day - self.change_day + 1
        turned = 1.0 if passed >= self.drift_days else passed / self.drift_days
        return _expit((1 - turned) * self.logits[0] + turned * self.logits[1])

    def worth(self, day: int) -> np.ndarray:
        """Expected reward: chance times value."""
        return self.chance(day) * self.value


def world(
    seed: int,
    sizes: tuple[int, ...],
    *,
    base: float = BASE_SHARE,
    heterogeneity: float = 0.5,
    pairs: float = 0.0,
    mains: float = 0.5,
    change_day: int | None = None,
    revenue: bool = False,
    n_people: int = N_PEOPLE,
    keep_share: float = 1.0,
    n_idle: int = 0,
    drift_days: int = 0,
    barred_share: float = 0.0,
) -> World:
    """Draw a world.

    sizes         options of each dimension
    base          average chance of a conversion when combinations are sent at random
    heterogeneity, pairs, mains  strength of what depends on the person, on two options together,
                  and on one option for everybody
    keep_share    of all combinations, those allowed
    n_idle        the last so many dimensions make no difference to anybody
    barred_share  of options, those a person may not get; one of each dimension always remains
    """
    rng = np.random.default_rng(seed)
    options = np.array(list(product(*(range(s) for s in sizes))), dtype=np.int16)
    if keep_share < 1:
        keep = np.sort(rng.permutation(len(options))[: int(len(options) * keep_share)])
        options = options[keep]
    dimensions = tuple((f"d{i}", tuple(f"o{j}" for j in range(s))) for i, s in enumerate(sizes))
    space = Space(dimensions, options)
    numbers, kinds = _people(rng, n_people)
    people = _table(numbers, kinds)
    snapshot = pa.table({f"attr:{name}": pa.array(people[name].tolist()) for name in people})
    spec = fit(snapshot)
    n_truths = 2 if change_day is not None else 1
    felt = sizes[: len(sizes) - n_idle]
    logits = tuple(
        _levelled(rng, felt, options, numbers, kinds, base, heterogeneity, pairs, mains)
        for _ in range(n_truths)
    )
    value = np.ones((1, 1))
    if revenue:
        value = np.exp(3 + 0.5 * _logits(rng, sizes, options, numbers, kinds, heterogeneity, 0, 1))
    return World(
        space=space,
        people=people,
        features=matrix(spec, snapshot),
        names=spec.names,
        attributes=spec.attributes,
        logits=logits,
        value=value,
        change_day=change_day,
        reward=Reward.REVENUE if revenue else Reward.BINARY,
        drift_days=drift_days,
        eligible=_eligible(rng, sizes, options, n_people, barred_share) if barred_share else None,
    )


def _expit(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logits))


def _eligible(
    rng: np.random.Generator, sizes: tuple[int, ...], options: np.ndarray, n: int, barred: float
) -> np.ndarray:
    eligible = np.ones((n, len(options)), dtype=bool)
    for d, size in enumerate(sizes):
        may = rng.random((n, size)) >= barred
        may[np.arange(n), rng.integers(0, size, n)] = True
        eligible &= may[:, options[:, d]]
    return eligible


def _people(rng: np.random.Generator, n: int) -> tuple[np.ndarray, list[np.ndarray]]:
    numbers = rng.normal(size=(n, 5))
    numbers[:, 1] = np.exp(numbers[:, 1])
    numbers[:, 2] = rng.uniform(0, 1, n)
    kinds = [rng.choice(k, size=n, p=rng.dirichlet(np.full(k, 4.0))) for k in (3, 4, 5)]
    return numbers, kinds


def _table(numbers: np.ndarray, kinds: list[np.ndarray]) -> pd.DataFrame:
    columns = {f"n{i}": x for i, x in enumerate(numbers.T)}
    return pd.DataFrame(columns | {f"k{i}": [f"v{v}" for v in k] for i, k in enumerate(kinds)})


def _effect(rng: np.random.Generator, numbers: np.ndarray, kinds: list[np.ndarray]) -> np.ndarray:
    """One person-dependent effect with standard deviation about 0.3 over people, or none."""
    which = int(rng.integers(0, 8))
    if which < 5:
        x = numbers[:, which]
        if rng.random() < 0.5:
            return rng.normal(0, 0.3) * (x - x.mean()) / x.std()
        return rng.normal(0, 0.6) * ((x > np.quantile(x, rng.uniform(0.2, 0.8))) - 0.5)
    kind = kinds[which - 5]
    return rng.normal(0, 0.3, kind.max() + 1)[kind]


def _logits(rng, sizes, options, numbers, kinds, heterogeneity, pairs, mains) -> np.ndarray:
    n = len(numbers)
    logits = np.zeros((n, len(options)))
    for d, size in enumerate(sizes):
        for o in range(size):
            effect = mains * rng.normal(0, 0.2) + heterogeneity * sum(
                _effect(rng, numbers, kinds) for _ in range(2)
            )
            logits[:, options[:, d] == o] += np.reshape(effect * np.ones(n), (n, 1))
    for one in range(len(sizes)):
        for two in range(one):
            table = pairs * rng.normal(0, 0.2, (sizes[one], sizes[two]))
            logits += table[options[:, one], options[:, two]]
    return logits


def _levelled(rng, sizes, options, numbers, kinds, base, heterogeneity, pairs, mains) -> np.ndarray:
    logits = _logits(rng, sizes, options, numbers, kinds, heterogeneity, pairs, mains)
    logits += sum(_effect(rng, numbers, kinds) for _ in range(4))[:, None]
    low, high = -12.0, 6.0
    for _ in range(50):  # bisection: the uniform policy's average is the base rate
        middle = (low + high) / 2
        if _expit(logits + middle).mean() < base:
            low = middle
        else:
            high = middle
    return logits + low
