"""Simulated customers with known tastes: what every combination would do for every person."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import pyarrow as pa

from services.audience.features import fit, matrix
from services.decision.model import Reward, Space

N_PEOPLE = 10_000
BASE_SHARE = 0.035


@dataclass(frozen=True)
class World:
    """chance float (n_people, n_combinations); value likewise (1 unless revenue).

    `features` float32 (n_people, k): what the engine may see. `taste_of_day` picks the truth.
    """

    space: Space
    features: np.ndarray
    names: tuple[str, ...]
    attributes: tuple[str, ...]
    chances: tuple[np.ndarray, ...]
    value: np.ndarray
    change_day: int | None
    reward: Reward

    def chance(self, day: int) -> np.ndarray:
        return self.chances[int(self.change_day is not None and day >= self.change_day)]

    def worth(self, day: int) -> np.ndarray:
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
) -> World:
    """Draw a world. `sizes`: options of each dimension; `keep_share`: allowed combinations."""
    rng = np.random.default_rng(seed)
    options = np.array(list(product(*(range(s) for s in sizes))), dtype=np.int16)
    if keep_share < 1:
        keep = np.sort(rng.permutation(len(options))[: int(len(options) * keep_share)])
        options = options[keep]
    dimensions = tuple((f"d{i}", tuple(f"o{j}" for j in range(s))) for i, s in enumerate(sizes))
    space = Space(dimensions, options)
    numbers, kinds = _people(rng, n_people)
    features, names, attributes = _columns(numbers, kinds)
    n_truths = 2 if change_day is not None else 1
    chances = tuple(
        _chance(rng, sizes, options, numbers, kinds, base, heterogeneity, pairs, mains)
        for _ in range(n_truths)
    )
    value = np.ones((1, 1))
    if revenue:
        value = np.exp(3 + 0.5 * _logits(rng, sizes, options, numbers, kinds, heterogeneity, 0, 1))
    reward = Reward.REVENUE if revenue else Reward.BINARY
    return World(space, features, names, attributes, chances, value, change_day, reward)


def _people(rng: np.random.Generator, n: int) -> tuple[np.ndarray, list[np.ndarray]]:
    numbers = rng.normal(size=(n, 5))
    numbers[:, 1] = np.exp(numbers[:, 1])
    numbers[:, 2] = rng.uniform(0, 1, n)
    kinds = [rng.choice(k, size=n, p=rng.dirichlet(np.full(k, 4.0))) for k in (3, 4, 5)]
    return numbers, kinds


def _columns(
    numbers: np.ndarray, kinds: list[np.ndarray]
) -> tuple[np.ndarray, tuple[str, ...], tuple[str, ...]]:
    """What the audience stage makes of these people."""
    columns = {f"attr:n{i}": pa.array(x) for i, x in enumerate(numbers.T)}
    columns |= {f"attr:k{i}": pa.array([f"v{v}" for v in kind]) for i, kind in enumerate(kinds)}
    table = pa.table(columns)
    spec = fit(table)
    return matrix(spec, table), spec.names, spec.attributes


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


def _chance(rng, sizes, options, numbers, kinds, base, heterogeneity, pairs, mains) -> np.ndarray:
    logits = _logits(rng, sizes, options, numbers, kinds, heterogeneity, pairs, mains)
    logits += sum(_effect(rng, numbers, kinds) for _ in range(4))[:, None]
    low, high = -12.0, 6.0
    for _ in range(50):  # bisection: the uniform policy's average is the base rate
        middle = (low + high) / 2
        if (1 / (1 + np.exp(-(logits + middle)))).mean() < base:
            low = middle
        else:
            high = middle
    return (1 / (1 + np.exp(-(logits + low)))).astype(np.float64)
