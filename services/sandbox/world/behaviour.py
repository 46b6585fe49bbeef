"""What people do after a message, and what they do anyway. Pure: numbers in, events out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from services.sandbox.world.hashing import key_of, normals, uniforms
from services.sandbox.world.model import World
from services.sandbox.world.people import DAY_S, People
from services.sandbox.world.preferences import delays

OPEN, CLICK, ORDER, UNSUBSCRIBE, SPAM, BROWSE, STEP = range(7)
NO_STREAM = -1

EVENT = np.dtype(
    [
        ("at", "f8"),
        ("kind", "u1"),
        ("person", "i4"),
        ("stream", "i2"),
        ("target", "i2"),
        ("product", "i2"),
        ("amount", "i8"),  # cents of an order, number of opens, step number
    ]
)

BOUNCE_SHARE = 0.012
OPEN_BASE_LOGIT = -1.2  # about a quarter open
OPEN_SPREAD = 0.45  # between people, logits
OPEN_FIT = 0.25  # how much of the preference shows in opens
CLICK_SHARE = 0.018  # of those without an order
CLICK_WITH_ORDER_SHARE = 0.5
OPEN_WITH_ORDER_SHARE = 0.85
SPAM_SHARE = 0.0003
REPEAT_OPEN_SHARE = 0.3
N_DRAWS = 11  # uniform numbers for each message, see responses
OPEN_SCALE_S = 2 * 3600.0
CLICK_AFTER_OPEN_S = 90.0
UNSUBSCRIBE_AFTER_S = 300.0
BROWSES_A_WEEK = 1.6  # sessions of people with the app


def events(n: int) -> NDArray[np.void]:
    """An empty batch of `n` events without stream, target or product."""
    batch = np.zeros(n, EVENT)
    batch["stream"] = NO_STREAM
    batch["target"] = NO_STREAM
    batch["product"] = NO_STREAM
    return batch


def joined(batches: Sequence[NDArray[np.void]]) -> NDArray[np.void]:
    """Batches of events in one. numpy's own concatenate works out the record type anew each time,
    which took a fifth of a send."""
    whole = np.empty(sum(map(len, batches)), EVENT)
    start = 0
    for batch in batches:
        whole[start : start + len(batch)] = batch
        start += len(batch)
    return whole


def responses(
    world: World,
    people: People,
    *,
    message: NDArray[np.int64],
    rows: NDArray[np.int64],
    chance: NDArray[np.float64],
    lift: NDArray[np.float64],
    basket_factor: NDArray[np.float64],
    channel: str,
    at_s: float,
    stream: int,
    target: int,
) -> tuple[NDArray[np.bool_], NDArray[np.void]]:
    """Draw everything that follows from messages sent at one moment.

    message        int (n,), the running numbers of the messages: they are the randomness
    rows           int (n,), their people
    chance         float (n,), probability of an incremental order
    lift           float (n,), logit of that over the world's base: liked messages are opened more
    basket_factor  float (n,)

    Returns bool (n,), which messages bounced, and the events, unsorted.
    """
    key = key_of(people.seed, "responses")

    # all draws at once: for the few people of a request the calls cost more than the numbers
    u = uniforms(key, message[None, :], np.arange(N_DRAWS)[:, None])
    bounced = u[0] < BOUNCE_SHARE if channel != "push" else u[0] < BOUNCE_SHARE / 4
    reached = ~bounced
    orders = reached & (u[1] < chance)
    habit = OPEN_SPREAD * normals(key, rows, 50)
    opening = 1 / (1 + np.exp(-(OPEN_BASE_LOGIT + habit + OPEN_FIT * lift)))
    opens = reached & ((u[2] < opening) | (orders & (u[3] < OPEN_WITH_ORDER_SHARE)))
    clicks = opens & (u[4] < np.where(orders, CLICK_WITH_ORDER_SHARE, CLICK_SHARE / 0.27))
    if channel == "sms":
        clicks = reached & (u[4] < np.where(orders, CLICK_WITH_ORDER_SHARE, CLICK_SHARE))
    leaves = reached & (u[5] < world.unsubscribe_share)
    spam = reached & (u[6] < SPAM_SHARE) if channel == "email" else np.zeros(len(rows), bool)

    order_at = at_s + 60.0 + delays(u[7]) * 0.999
    open_at = at_s + 20.0 - OPEN_SCALE_S * np.log(u[8])
    open_at = np.where(orders, np.minimum(open_at, order_at - 30.0), open_at)
    batches = []
    if channel != "sms":
        amount = 1 + (u[9] < REPEAT_OPEN_SHARE)
        batches.append(_batch(OPEN, rows, opens, open_at, stream, target, amount))
    click_at = np.where(channel == "sms", at_s + 45.0, open_at + CLICK_AFTER_OPEN_S)
    click_at = np.minimum(click_at, np.where(orders, order_at - 5.0, np.inf))
    amount = np.ones(len(rows), np.int64)
    batches.append(_batch(CLICK, rows, clicks, click_at, stream, target, amount))
    left_at = at_s + UNSUBSCRIBE_AFTER_S * (1 + u[10])
    batches.append(_batch(UNSUBSCRIBE, rows, leaves, left_at, stream, target, amount))
    batches.append(_batch(SPAM, rows, spam, left_at, stream, target, amount))
    cents, product = baskets(world, people, rows, key, message, basket_factor)
    bought = _batch(ORDER, rows, orders, order_at, NO_STREAM, NO_STREAM, cents)
    bought["product"] = product[orders]
    batches.append(bought)
    return bounced, joined(batches)


def organic_day(world: World, people: People, day: int, day_start_s: float) -> NDArray[np.void]:
    """Orders and visits of one UTC day that no message caused.

    day  days since 1970-01-01; the randomness depends on it and the seed only
    """
    rng = np.random.Generator(np.random.Philox(key=key_of(people.seed, "organic", day)))
    alive = people.created_s < day_start_s + DAY_S
    weekday = (day + 3) % 7  # 1970-01-01 was a Thursday
    rate = people.organic_a_week / 7 * world.weekday_rhythm[weekday] * alive
    rows = np.repeat(np.arange(people.n_rows), rng.poisson(rate))
    orders = events(len(rows))
    orders["kind"] = ORDER
    orders["person"] = rows
    orders["at"] = _moments(world, rng, len(rows), day_start_s)
    key = key_of(people.seed, "organic baskets", day)
    serial = np.arange(len(rows))
    factor = np.ones(len(rows))
    orders["amount"], orders["product"] = baskets(world, people, rows, key, serial, factor)

    app = people.flag(world.app_attribute) if world.app_attribute else alive
    relative = np.sqrt(people.organic_a_week / world.organic_a_week)
    sessions = rng.poisson(BROWSES_A_WEEK / 7 * relative * (app & alive))
    browsers = np.repeat(np.arange(people.n_rows), sessions)
    browses = events(len(browsers))
    browses["kind"] = BROWSE
    browses["person"] = browsers
    browses["at"] = _moments(world, rng, len(browsers), day_start_s)
    both = joined([orders, browses])
    return np.asarray(both[both["at"] >= people.created_s[both["person"]]])


def baskets(
    world: World,
    people: People,
    rows: NDArray[np.int64],
    key: int,
    serial: NDArray[np.int64],
    factor: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cents and product index of orders, int (n,) each."""
    edges = np.cumsum([p.share for p in world.products])
    product = np.searchsorted(edges / edges[-1], uniforms(key, serial, 20))
    prices = np.array([p.price_factor for p in world.products])[product]
    z = normals(key, serial, 21)
    amount = typical_basket(world, people, rows) * prices * factor
    cents = np.round(100 * amount * np.exp(world.basket_spread * z)).astype(np.int64)
    return np.maximum(cents, 1), product


def typical_basket(world: World, people: People, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Median price of one order of each person, float (n,), in the world's currency."""
    if world.basket_attribute is None:
        return np.full(len(rows), world.basket_median)
    values = people.columns[world.basket_attribute].values[rows]
    return np.where(np.isnan(values), world.basket_median, values)


def _moments(
    world: World, rng: np.random.Generator, n: int, day_start_s: float
) -> NDArray[np.float64]:
    shares = np.asarray(world.hour_rhythm)
    hours = np.searchsorted(np.cumsum(shares / shares.sum()), rng.random(n), side="right")
    return np.asarray(day_start_s + (np.minimum(hours, 23) + rng.random(n)) * 3600.0)


def _batch(
    kind: int,
    rows: NDArray[np.int64],
    which: NDArray[np.bool_],
    at: NDArray[np.float64],
    stream: int,
    target: int,
    amount: NDArray[np.float64] | NDArray[np.int64],
) -> NDArray[np.void]:
    batch = events(int(which.sum()))
    batch["kind"] = kind
    batch["person"] = rows[which]
    batch["at"] = at[which]
    batch["stream"] = stream
    batch["target"] = target
    batch["amount"] = amount[which]
    return batch
