"""The simulated people: plausible profiles, canary PII and the hidden organic order rate.

Rows are people. The first `n` exist when the simulated history ends, some more join later, and the
last rows are spare: `users/track` turns them into new profiles.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from services.sandbox.world.hashing import key_of, normals, uniforms
from services.sandbox.world.model import (
    CategoryAttribute,
    DerivedAttribute,
    FlagAttribute,
    NumberAttribute,
    World,
)

DAY_S = 86_400
JOINERS_SHARE = 0.02  # join evenly in the JOINING_DAYS after the history
JOINING_DAYS = 120
RECENT_SHARE = 0.04  # joined during the history
SPARE_ROWS = 2_000  # profiles `users/track` may create
BUCKETS = 10_000  # of `random_bucket`
OLDEST_S = 5 * 365 * DAY_S

UNSUBSCRIBED, SUBSCRIBED, OPTED_IN, NO_STATE = 0, 1, 2, 3
STATES: tuple[str | None, ...] = ("unsubscribed", "subscribed", "opted_in", None)
EMAIL_SHARES = (0.04, 0.52, 0.42, 0.02)
PUSH_SHARES = (0.09, 0.28, 0.63, 0.0)  # of those with the app; others have no state
MISSING = -1


@dataclass
class Column:
    """One custom attribute of everybody. Numbers are NaN, codes -1 where the value is missing."""

    values: NDArray[np.float64]
    categories: list[str] = field(default_factory=list)
    flag: bool = False
    decimals: int = 0


@dataclass
class People:
    """Columns over rows; `alive` below `n_rows` only where `created_s` has passed."""

    seed: int
    n_rows: int
    external_ids: list[str]
    row_of: dict[str, int]
    created_s: NDArray[np.float64]
    zone: NDArray[np.int16]
    email_state: NDArray[np.int8]
    push_state: NDArray[np.int8]
    random_bucket: NDArray[np.int16]
    columns: dict[str, Column]
    features: NDArray[np.float32]
    feature_names: tuple[str, ...]
    organic_a_week: NDArray[np.float64]
    first_spare: int
    overrides: dict[int, dict[str, object]] = field(default_factory=dict)
    profile: dict[int, dict[str, object]] = field(default_factory=dict)
    made: set[int] = field(default_factory=set)  # rows of profiles made through the API
    held_buckets: int = 0  # people in the buckets below are the global control group

    def alive(self, now_s: float) -> NDArray[np.bool_]:
        """Who has a profile, bool (n_rows,)."""
        return np.asarray(self.created_s <= now_s)

    def held_back(self, now_s: float) -> NDArray[np.int64]:
        """Rows of the global control group, ascending."""
        return np.flatnonzero(self.alive(now_s) & (self.random_bucket < self.held_buckets))

    def flag(self, name: str | None) -> NDArray[np.bool_]:
        """True where a boolean attribute is known to be true, bool (n_rows,)."""
        if name is None or name not in self.columns:
            return np.zeros(self.n_rows, bool)
        return np.asarray(self.columns[name].values == 1)


def populate(world: World, n: int, seed: int, start_s: float, history_days: int) -> People:
    """Draw `n` people (plus joiners and spare rows) of a world.

    start_s       end of the history, epoch seconds
    history_days  days of past behaviour before it
    """
    key = key_of(world.key, seed, "people")
    joiners = max(1, round(n * JOINERS_SHARE))
    rows = np.arange(n + joiners + SPARE_ROWS)
    used = n + joiners
    columns, features = _attributes(world, rows, key)
    created = _created(rows, n, joiners, key, start_s, history_days)
    log_rate = np.log(world.organic_a_week) + world.organic_spread * normals(key, rows, 11)
    for name, weight in world.organic_likes.items():
        log_rate = log_rate + weight * features[name]
    log_rate -= np.log(np.mean(np.exp(log_rate[:used]))) - np.log(world.organic_a_week)
    features["habit"] = (log_rate - log_rate.mean()) / log_rate.std()
    rate = np.exp(log_rate)
    rate[used:] = 0.0
    ids = [f"{world.key}-{i:07d}" for i in range(used)]
    app = columns[world.app_attribute].values == 1 if world.app_attribute else rows >= 0
    push = _pick(uniforms(key, rows, 13), PUSH_SHARES)
    email = _pick(uniforms(key, rows, 12), EMAIL_SHARES)
    email[used:] = NO_STATE
    return People(
        seed=seed,
        n_rows=len(rows),
        external_ids=ids,
        row_of={name: i for i, name in enumerate(ids)},
        created_s=created,
        zone=_pick(uniforms(key, rows, 14), tuple(z[3] for z in world.zones)).astype(np.int16),
        email_state=email,
        push_state=np.where(app, push, NO_STATE).astype(np.int8),
        random_bucket=(uniforms(key, rows, 15) * BUCKETS).astype(np.int16),
        columns=columns,
        features=np.column_stack(list(features.values())).astype(np.float32),
        feature_names=tuple(features),
        organic_a_week=rate,
        first_spare=used,
    )


def _created(
    rows: NDArray[np.int64], n: int, joiners: int, key: int, start_s: float, history_days: int
) -> NDArray[np.float64]:
    u = uniforms(key, rows, 10)
    history_s = history_days * DAY_S
    recent = uniforms(key, rows, 9) < RECENT_SHARE
    created = np.where(
        recent, start_s - u * history_s, start_s - history_s - u**1.5 * OLDEST_S - DAY_S
    )
    later = start_s + (rows - n + u) / joiners * JOINING_DAYS * DAY_S
    created = np.where(rows >= n, later, created)
    created[n + joiners :] = np.inf
    return np.asarray(np.round(created, 3))


def _attributes(
    world: World, rows: NDArray[np.int64], key: int
) -> tuple[dict[str, Column], dict[str, NDArray[np.float64]]]:
    """Observed columns (with gaps) and the hidden features behind them (without)."""
    columns: dict[str, Column] = {}
    features: dict[str, NDArray[np.float64]] = {}
    for position, attribute in enumerate(world.attributes):
        u = uniforms(key, rows, 100 + position)
        missing = uniforms(key, rows, 200 + position)
        match attribute:
            case NumberAttribute():
                values: NDArray[np.float64]
                z = normals(key, rows, 100 + position)
                values = np.exp(np.log(attribute.median) + attribute.spread * z)
                values = np.round(values.clip(attribute.low, attribute.high), attribute.decimals)
                features[f"number:{attribute.name}"] = z
                values[missing < attribute.missing_share] = np.nan
                columns[attribute.name] = Column(values, decimals=attribute.decimals)
            case CategoryAttribute():
                codes = _pick(u, tuple(attribute.shares.values()))
                for code, (value, share) in enumerate(attribute.shares.items()):
                    features[f"category:{attribute.name}={value}"] = (codes == code).astype(
                        np.float64
                    ) - share
                values = codes.astype(float)
                values[missing < attribute.missing_share] = MISSING
                columns[attribute.name] = Column(values, list(attribute.shares))
            case FlagAttribute():
                flags = u < attribute.share
                features[f"flag:{attribute.name}"] = flags.astype(np.float64) - attribute.share
                columns[attribute.name] = Column(flags.astype(float), flag=True)
            case DerivedAttribute():
                continue
    return columns, features


def _pick(u: NDArray[np.float64], shares: tuple[float, ...]) -> NDArray[np.int8]:
    edges = np.cumsum(shares) / np.sum(shares)
    return np.minimum(np.searchsorted(edges, u, side="right"), len(shares) - 1).astype(np.int8)
