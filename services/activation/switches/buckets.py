"""How many requests may go out: our share of Braze's window, or less where it says so. Pure.

The stricter of our own count and Braze's headers holds (RELIABILITY 2.4). `services.braze.limits`
has already dropped absurd header values.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

from services.braze.limits import ALLOWANCES, MAX_RESET_AHEAD_S, Family, RateWindow

DEFAULT_SHARE = 0.5  # half of the workspace's budget is left to others: RELIABILITY P9
MIN_ALLOWANCE = 1


@dataclass(frozen=True)
class Bucket:
    """One family's window. `allowance` and `used` are ours; `provider_*` is what Braze said."""

    window_end: float
    allowance: int
    used: int = 0
    provider_remaining: int | None = None
    provider_reset: float | None = None


@dataclass(frozen=True)
class Taken:
    """A bucket after asking for one request. `wait_until` is None where it was granted."""

    bucket: Bucket
    wait_until: float | None


def take(bucket: Bucket | None, family: Family, share: float, now: float) -> Taken:
    """Ask for one request. A window that is over, or lies absurdly far ahead, is started afresh."""
    whole = ALLOWANCES[family]
    end = whole.window_end_s(now)
    if bucket is None or now >= bucket.window_end or bucket.window_end > end:
        kept = bucket or Bucket(end, 0)
        allowance = max(MIN_ALLOWANCE, int(whole.n_requests * share))
        bucket = replace(kept, window_end=end, allowance=allowance, used=0)
    reset = bucket.provider_reset
    if reset is None or now >= reset or reset > now + MAX_RESET_AHEAD_S:
        bucket = replace(bucket, provider_remaining=None, provider_reset=None)
    if bucket.used >= bucket.allowance:
        return Taken(bucket, bucket.window_end)
    remaining = bucket.provider_remaining
    if remaining is not None:
        if remaining <= 0:
            return Taken(bucket, bucket.provider_reset)
        remaining -= 1
    return Taken(replace(bucket, used=bucket.used + 1, provider_remaining=remaining), None)


def heed(bucket: Bucket, window: RateWindow, share: float) -> Bucket:
    """The bucket after the headers of one answer. Within one window Braze's count only falls."""
    allowance = bucket.allowance
    if window.limit is not None:
        allowance = min(allowance, max(MIN_ALLOWANCE, int(window.limit * share)))
    if window.remaining is None or window.reset_s is None:
        return replace(bucket, allowance=allowance)
    remaining = window.remaining
    if bucket.provider_reset == window.reset_s and bucket.provider_remaining is not None:
        remaining = min(remaining, bucket.provider_remaining)
    return replace(
        bucket,
        allowance=allowance,
        provider_remaining=remaining,
        provider_reset=window.reset_s,
    )


def exhausted(bucket: Bucket, until: float) -> Bucket:
    """The bucket after a 429 that asks to wait until `until`."""
    return replace(bucket, provider_remaining=0, provider_reset=until)


class HeaderNotes:
    """Keeps the newest headers of each family until the next settlement writes them down.

    Writing them at once would cost a durable commit for every answer.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._newest: dict[str, RateWindow] = {}

    def note(self, family: str, window: RateWindow) -> None:
        """Remember one answer's headers: what `BrazeClient` calls `on_window`."""
        with self._lock:
            self._newest[str(family)] = window

    def take(self, family: Family) -> RateWindow | None:
        """The newest unwritten headers of a family, once."""
        with self._lock:
            return self._newest.pop(family.value, None)
