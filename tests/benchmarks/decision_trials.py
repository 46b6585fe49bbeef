"""Forty days of deciding and learning in a simulated world, against uniform and against perfect."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from services.decision.choosing import choose, choose_uniform, sample_draws
from services.decision.learning import learn, market_changed, prior
from services.decision.model import Reward
from tests.benchmarks.decision_worlds import World

FIRST_DAY = date(2026, 1, 1)
DELAYS_DAYS = (1, 2, 3)
GUESSED_RATE_SHARE = 0.03  # what the marketer typed: not the truth
LAST_DAYS = 10


@dataclass(frozen=True)
class Trial:
    """captured = (policy − uniform) / (oracle − uniform), in percent.

    `of_fixed` = policy / best fixed combination; `over_uniform` = policy / uniform, all in worth.
    """

    captured: float
    captured_last: float
    of_fixed: float
    over_uniform: float
    oracle_over_uniform: float
    alarm_days: tuple[int, ...]
    learn_s: float
    decide_s: float
    slowest_day_s: float


def trial(world: World, seed: int, *, n_days: int = 40, per_day: int = 3000) -> Trial:
    """Decide for `per_day` random people a day; rewards come back 1 to 3 days later."""
    rng = np.random.default_rng(10_000 + seed)
    n, n_combinations = len(world.features), world.space.n_combinations
    belief = prior(
        world.space,
        world.names,
        GUESSED_RATE_SHARE,
        reward=world.reward,
        attributes=world.attributes,
    )
    waiting: list[tuple[int, int, np.ndarray, np.ndarray, np.ndarray]] = []
    worth = {"policy": [], "uniform": [], "oracle": [], "fixed": []}
    alarms, learn_s, decide_s = [], [], []
    for day in range(n_days):
        started = time.perf_counter()
        for _, decided, who, chosen, reward in (w for w in waiting if w[0] == day):
            when = FIRST_DAY + timedelta(days=decided)
            belief = learn(
                belief, world.space, world.features[who], chosen, reward, when, names=world.names
            )
        learn_s.append(time.perf_counter() - started)
        if market_changed(belief):
            alarms.append(day)
        who = rng.permutation(n)[:per_day]
        eligible = np.ones((len(who), n_combinations), dtype=bool)
        started = time.perf_counter()
        if belief.learnt:
            draws = sample_draws(belief, world.space, seed * 1000 + day)
            chosen = choose(
                draws, world.space, world.features[who], eligible, seed * 1000 + day, people=who
            ).combination
        else:
            chosen = choose_uniform(eligible, seed * 1000 + day, people=who).combination
        decide_s.append(time.perf_counter() - started)
        true = np.broadcast_to(world.worth(day), (n, n_combinations))[who]
        worth["policy"].append(true[np.arange(len(who)), chosen].mean())
        worth["uniform"].append(true.mean())
        worth["oracle"].append(true.max(axis=1).mean())
        worth["fixed"].append(true.mean(axis=0).max())
        reward = _rewards(world, day, who, chosen, rng)
        delay = rng.choice(DELAYS_DAYS, len(who))
        for days in DELAYS_DAYS:
            late = delay == days
            waiting.append((day + days, day, who[late], chosen[late], reward[late]))
    policy, uniform, oracle, fixed = (np.array(worth[k]) for k in worth)
    last = slice(-LAST_DAYS, None)
    room = (oracle - uniform).sum()
    return Trial(
        captured=_percent((policy - uniform).sum(), room),
        captured_last=_percent((policy - uniform)[last].sum(), (oracle - uniform)[last].sum()),
        of_fixed=float(policy.sum() / fixed.sum()),
        over_uniform=float(policy.sum() / uniform.sum()),
        oracle_over_uniform=float(oracle.sum() / uniform.sum()),
        alarm_days=tuple(alarms),
        learn_s=float(np.mean(learn_s)),
        decide_s=float(np.mean(decide_s)),
        slowest_day_s=float(np.max(np.add(learn_s, decide_s)[5:])),
    )


def _percent(part: float, whole: float) -> float:
    return float(100 * part / whole) if whole > 0 else float("nan")


def _rewards(
    world: World, day: int, who: np.ndarray, chosen: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    hit = (rng.random(len(who)) < world.chance(day)[who, chosen]).astype(float)
    if world.reward is Reward.BINARY:
        return hit
    return hit * world.value[who, chosen] * np.exp(0.6 * rng.standard_t(3, len(who)))
