"""Small spaces, people and beliefs for the tests of deciding."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product

import numpy as np

from services.decision.learning import learn, prior
from services.decision.model import Belief, Space

FIRST_DAY = date(2026, 3, 2)


def space_of(*sizes: int) -> Space:
    options = np.array(list(product(*(range(size) for size in sizes))), dtype=np.int16)
    keys = tuple((f"d{i}", tuple(f"o{j}" for j in range(size))) for i, size in enumerate(sizes))
    return Space(keys, options)


def people_of(n: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, width)).astype(np.float32)


def masks_of(n: int, n_combinations: int, share: float, seed: int = 0) -> np.ndarray:
    """Random eligible sets, at least one combination each."""
    rng = np.random.default_rng(seed)
    eligible = rng.random((n, n_combinations)) < share
    eligible[np.arange(n), rng.integers(0, n_combinations, n)] = True
    return eligible


def believer(
    space: Space, logit, *, n_days: int = 6, n: int = 2000, width: int = 2, seed: int = 0
) -> Belief:
    """A belief that has seen uniform days in a world with `logit(features, options)`."""
    rng = np.random.default_rng(seed)
    belief = prior(space, width, 0.1)
    for day in range(n_days):
        features = rng.normal(size=(n, width)).astype(np.float32)
        combination = rng.integers(0, space.n_combinations, n)
        chance = 1 / (1 + np.exp(-logit(features, space.options[combination])))
        reward = (rng.random(n) < chance).astype(float)
        belief = learn(belief, space, features, combination, reward, after(day))
    return belief


def after(days: int) -> date:
    return FIRST_DAY + timedelta(days=days)


def planted(features: np.ndarray, options: np.ndarray) -> np.ndarray:
    """Option 1 of the first dimension is better, and much better for people with a high x0."""
    return -2.2 + (options[:, 0] == 1) * (0.5 + 0.9 * features[:, 0])
