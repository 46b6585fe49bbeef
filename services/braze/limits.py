"""How often Braze may be asked: families of requests that share one allowance.

Allowances are those of one workspace, shared with everybody else who uses it. Source: Braze docs,
"API limits". What the headers of an answer say counts for more than what stands here, if stricter.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

HOUR_S = 3_600.0
MINUTE_S = 60.0
MAX_RESET_AHEAD_S = 65 * MINUTE_S  # windows last an hour at most; a clock may be a little off
MAX_CLOCK_SKEW_S = 5.0  # a window that ended longer ago than this says nothing about now
DEFAULT_WAIT_S = 30.0  # after a 429 that does not say for how long
MIN_WAIT_S = 0.5


class Family(StrEnum):
    """Requests that draw from one bucket."""

    SHARED = "shared"
    TRACK = "track"
    EXPORT_IDS = "export_ids"
    CAMPAIGN_SERIES = "campaign_series"


@dataclass(frozen=True)
class Allowance:
    """`n_requests` in every window of `window_s` seconds, aligned to the clock."""

    n_requests: int
    window_s: float

    def window_end_s(self, now_s: float) -> float:
        """Epoch seconds at which the window that holds `now_s` ends."""
        return (math.floor(now_s / self.window_s) + 1) * self.window_s


ALLOWANCES: Mapping[Family, Allowance] = {
    Family.SHARED: Allowance(250_000, HOUR_S),
    Family.TRACK: Allowance(3_000, 3.0),
    Family.EXPORT_IDS: Allowance(
        250, MINUTE_S
    ),  # customers since 2024-08-22; older ones have 2,500
    Family.CAMPAIGN_SERIES: Allowance(50_000, MINUTE_S),
}

_FAMILY_OF = {
    "/users/track": Family.TRACK,
    "/users/export/ids": Family.EXPORT_IDS,
    "/campaigns/data_series": Family.CAMPAIGN_SERIES,
}


def family_of(path: str) -> Family:
    """The bucket a request to `path` draws from."""
    return _FAMILY_OF.get(path, Family.SHARED)


@dataclass(frozen=True)
class RateWindow:
    """What one answer said about its window. None = not said, or not to be believed.

    `limit` and `remaining` are requests; `reset_s` is epoch seconds.
    """

    limit: int | None
    remaining: int | None
    reset_s: float | None


def read_window(headers: Mapping[str, str], *, now_s: float) -> RateWindow:
    """Read the three rate-limit headers (lower-case keys), leaving out absurd values.

    Absurd: not a whole number, negative, more remaining than the limit, a reset that has passed or
    lies more than `MAX_RESET_AHEAD_S` ahead. Real 401 answers carry empty strings.
    """
    limit = _count(headers.get("x-ratelimit-limit"))
    remaining = _count(headers.get("x-ratelimit-remaining"))
    reset = _count(headers.get("x-ratelimit-reset"))
    if limit == 0:
        limit = None
    if remaining is not None and limit is not None and remaining > limit:
        remaining = None
    reset_s = float(reset) if reset is not None else None
    if reset_s is not None and not -MAX_CLOCK_SKEW_S <= reset_s - now_s <= MAX_RESET_AHEAD_S:
        reset_s = None
    return RateWindow(limit=limit, remaining=remaining, reset_s=reset_s)


def wait_after_429_s(headers: Mapping[str, str], *, now_s: float) -> float:
    """Seconds to wait after a 429: `Retry-After`, else until the reset, else a default. Bounded."""
    said = _count(headers.get("retry-after"))
    if said is not None and said <= MAX_RESET_AHEAD_S:
        return max(float(said), MIN_WAIT_S)
    reset_s = read_window(headers, now_s=now_s).reset_s
    if reset_s is None:
        return DEFAULT_WAIT_S
    return max(reset_s - now_s, MIN_WAIT_S)


def _count(text: str | None) -> int | None:
    """A whole number of at most 15 ASCII digits, else None."""
    text = (text or "").strip()
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        return None
    return int(text)
