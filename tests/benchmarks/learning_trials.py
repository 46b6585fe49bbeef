"""Days of deciding and learning in a simulated world, against uniform and against perfect."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np

from services.decision.model import Reward
from tests.benchmarks.decision_worlds import World
from tests.benchmarks.learning_peers import Closed, Peer

DELAYS_DAYS = (1, 2, 3)
LAST_DAYS = 10
N_DAYS, PER_DAY = 40, 3000
TAIL_DEGREES, TAIL_SCALE = 3, 0.6  # of the logarithm of a basket around what is expected


@dataclass(frozen=True)
class Trial:
    """One run. Worth is the expected reward by the truth, so luck with rewards does not count.

    captured   (policy − uniform) / (oracle − uniform), in percent; `captured_last` of the last days
    of_fixed   policy / best fixed combination of each day (chosen with hindsight)
    of_last    the same over the last days
    over_uniform  policy / uniform
    luck       difference between rewards seen and those of as many uniform decisions, in standard
               errors
    alarms     days on which the peer said that the market has changed
    """

    captured: float
    captured_last: float
    of_fixed: float
    of_last: float
    over_uniform: float
    luck: float
    learn_s: float
    decide_s: float
    alarms: tuple[int, ...] = field(default=())


def trial(
    world: World, peer: Peer, seed: int, *, n_days: int = N_DAYS, per_day: int = PER_DAY
) -> Trial:
    """Decide for `per_day` random people a day; each reward comes back 1 to 3 days later."""
    rng = np.random.default_rng(10_000 + seed)
    waiting: list[tuple[int, Closed]] = []
    worth: dict[str, list[float]] = {"policy": [], "uniform": [], "oracle": [], "fixed": []}
    got: list[np.ndarray] = []
    control: list[np.ndarray] = []
    alarms, learn_s, decide_s = [], 0.0, 0.0
    for day in range(n_days):
        started = time.perf_counter()
        peer.learn([closed for due, closed in waiting if due == day])
        learn_s += time.perf_counter() - started
        if getattr(peer, "alarm", False):
            alarms.append(day)
        who = rng.permutation(world.n_people)[:per_day]
        started = time.perf_counter()
        chosen, chance = peer.decide(who, day)
        decide_s += time.perf_counter() - started
        _account(worth, world, day, who, chosen)
        reward = _rewards(world, day, who, chosen, rng)
        got.append(reward)
        control.append(_rewards(world, day, who, _at_random(world.may(who), rng), rng))
        delay = rng.choice(DELAYS_DAYS, len(who))
        for days in DELAYS_DAYS:
            late = delay == days
            closed = Closed(day, who[late], chosen[late], reward[late], chance[late])
            waiting.append((day + days, closed))
    policy, uniform, oracle, fixed = (np.array(values) for values in worth.values())
    last = slice(-LAST_DAYS, None)
    difference = np.concatenate(got) - np.concatenate(control)
    return Trial(
        captured=_percent((policy - uniform).sum(), (oracle - uniform).sum()),
        captured_last=_percent((policy - uniform)[last].sum(), (oracle - uniform)[last].sum()),
        of_fixed=float(policy.sum() / fixed.sum()),
        of_last=float(policy[last].sum() / fixed[last].sum()),
        over_uniform=float(policy.sum() / uniform.sum()),
        luck=float(difference.mean() / max(difference.std() / np.sqrt(len(difference)), 1e-300)),
        learn_s=learn_s,
        decide_s=decide_s,
        alarms=tuple(alarms),
    )


def _account(
    worth: dict[str, list[float]], world: World, day: int, who: np.ndarray, chosen: np.ndarray
) -> None:
    n_combinations = world.space.n_combinations
    true = np.broadcast_to(world.worth(day), (world.n_people, n_combinations))[who]
    may = world.may(who)
    worth["policy"].append(true[np.arange(len(who)), chosen].mean())
    worth["uniform"].append((true * may).sum(axis=1).__truediv__(may.sum(axis=1)).mean())
    worth["oracle"].append(np.where(may, true, -np.inf).max(axis=1).mean())
    worth["fixed"].append(true.mean(axis=0).max())


def _at_random(may: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.where(may, rng.random(may.shape), -1.0).argmax(axis=1)


def _percent(part: float, whole: float) -> float:
    return float(100 * part / whole) if whole > 1e-9 else float("nan")


def _rewards(
    world: World, day: int, who: np.ndarray, chosen: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    hit = (rng.random(len(who)) < world.chance(day)[who, chosen]).astype(float)
    if world.reward is Reward.BINARY:
        return hit
    spread = np.exp(TAIL_SCALE * rng.standard_t(TAIL_DEGREES, len(who)))
    return hit * world.value[who, chosen] * spread
