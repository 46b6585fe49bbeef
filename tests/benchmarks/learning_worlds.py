"""The worlds of the learning benchmark, by name. Truth is known in each; no seed is special."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tests.benchmarks.decision_worlds import World, world

CHANGE_DAY = 20
SMALL, LARGE = (3, 4, 3), (3, 4, 4, 3)

WORLDS: dict[str, Callable[[int], World]] = {
    "36": partial(world, sizes=SMALL),
    "144": partial(world, sizes=LARGE),
    "pairs": partial(world, sizes=LARGE, pairs=0.5),
    "443": partial(world, sizes=(5, 5, 5, 4), keep_share=0.886),
    "revenue": partial(world, sizes=SMALL, revenue=True),
    "change": partial(world, sizes=SMALL, change_day=CHANGE_DAY),
    "drift": partial(world, sizes=SMALL, change_day=5, drift_days=30),
    "irrelevant": partial(world, sizes=LARGE, n_idle=2),
    "eligible": partial(world, sizes=SMALL, barred_share=0.3),
    "plain": partial(world, sizes=(3,), heterogeneity=0.0, mains=1.0),
    "nothing": partial(world, sizes=SMALL, heterogeneity=0.0, mains=0.0),
}

ABOUT: dict[str, str] = {
    "36": "36 combinations, people differ",
    "144": "144 combinations",
    "pairs": "144 with pair effects",
    "443": "443 allowed of 500",
    "revenue": "36, heavy-tailed revenue",
    "change": f"36, all effects redrawn on day {CHANGE_DAY}",
    "drift": "36, all effects turn into others from day 5 to day 35",
    "irrelevant": "144, two of four dimensions make no difference",
    "eligible": "36, each person may not get three options in ten",
    "plain": "one dimension of three options, people do not differ",
    "nothing": "36, no option makes a difference",
}
