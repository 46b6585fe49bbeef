"""What people had done before the simulated history begins: counters over their whole lifetime."""

from __future__ import annotations

import numpy as np

from services.sandbox.remembering.profiles import Profiles, Tally
from services.sandbox.world.behaviour import BROWSES_A_WEEK, typical_basket
from services.sandbox.world.hashing import key_of
from services.sandbox.world.model import World
from services.sandbox.world.people import DAY_S, People

WEEK_S = 7 * DAY_S


def remember_lifetimes(world: World, people: People, profiles: Profiles, now_s: float) -> None:
    """Fill counts, first and last times and revenue as of `now_s`, the start of the history."""
    rng = np.random.Generator(np.random.Philox(key=key_of(people.seed, "lifetimes")))
    span_s = np.clip(now_s - people.created_s, 0, None)
    weeks = np.where(np.isfinite(span_s), span_s, 0) / WEEK_S
    span_s = weeks * WEEK_S
    shares = np.array([p.share for p in world.products])
    rate = people.organic_a_week * weeks
    basket = typical_basket(world, people, np.arange(people.n_rows))
    orders = np.zeros(people.n_rows, np.int64)
    for column, (product, share) in enumerate(
        zip(world.products, shares / shares.sum(), strict=True)
    ):
        counts = rng.poisson(rate * share)
        spend = 100 * counts * basket * product.price_factor
        profiles.revenue_cents += np.round(spend).astype(np.int64)
        _fill(profiles.purchases, column, counts, people.created_s, span_s, rng)
        orders += counts
    last = np.where(orders > 0, profiles.purchases.last.max(axis=1), -np.inf)
    first = np.where(orders > 0, profiles.purchases.first.min(axis=1), np.inf)
    column = profiles.events.column(world.conversion_event)
    profiles.events.count[:, column] = orders
    profiles.events.first[:, column], profiles.events.last[:, column] = first, last
    profiles.last_order[:] = last
    if world.app_attribute is not None:
        app = people.flag(world.app_attribute)
        visits = rng.poisson(BROWSES_A_WEEK * weeks * app * (people.organic_a_week > 0))
        column = profiles.events.column(world.browse_event)
        _fill(profiles.events, column, visits, people.created_s, span_s, rng)


def _fill(
    tally: Tally,
    column: int,
    counts: np.ndarray,
    created_s: np.ndarray,
    span_s: np.ndarray,
    rng: np.random.Generator,
) -> None:
    """Spread `counts` events over each person's lifetime; only first and last are kept."""
    some = counts > 0
    gap = span_s / (counts + 1)
    start = np.where(np.isfinite(created_s), created_s, 0.0)
    first = start + gap * rng.random(len(counts))
    last = start + span_s - gap * rng.random(len(counts))
    tally.count[:, column] = counts
    tally.first[:, column] = np.where(some, np.round(np.minimum(first, last), 3), np.inf)
    last = np.where(counts > 1, np.maximum(first, last), np.minimum(first, last))
    tally.last[:, column] = np.where(some, np.round(last, 3), -np.inf)
