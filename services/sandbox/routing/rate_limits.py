"""Rate-limit buckets with windows aligned to the clock: one set for the whole workspace."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

DAY_S, HOUR_S, MINUTE_S = 86_400, 3600, 60
SHARED = "shared"
WITH_RECEIPTS = frozenset({"campaigns_received", "canvases_received"})


@dataclass(frozen=True)
class Limit:
    """`allowance` requests in each window of `window_s` seconds."""

    allowance: int
    window_s: int


# Braze docs, "API limits" and the endpoints' own pages; the families' names are ours.
LIMITS = {
    SHARED: Limit(250_000, HOUR_S),
    "track": Limit(3_000, 3),
    "export_ids": Limit(250, MINUTE_S),  # 2,500 for customers from before 2024-08-22
    "export_ids_light": Limit(40, 1),  # without campaigns_received and canvases_received
    "delete": Limit(20_000, MINUTE_S),
    "broadcast": Limit(250, MINUTE_S),  # sends to a segment or an audience
    "campaign_series": Limit(50_000, MINUTE_S),
    "send_ids": Limit(100, DAY_S),
}
SENDS = frozenset(
    {
        "/messages/send",
        "/campaigns/trigger/send",
        "/canvas/trigger/send",
        "/campaigns/trigger/schedule/create",
        "/canvas/trigger/schedule/create",
    }
)


@dataclass(frozen=True)
class Count:
    """Where a bucket stands after one request, as its three headers say."""

    allowance: int
    remaining: int
    reset_s: int
    exceeded: bool

    def headers(self) -> dict[str, str]:
        """The rate-limit headers of every answer."""
        return {
            "X-RateLimit-Limit": str(self.allowance),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset_s),
        }


NO_HEADERS = dict.fromkeys(("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"), "")


@dataclass
class Buckets:
    """Used allowances by family. Limits can be changed while the sandbox runs."""

    limits: dict[str, Limit] = field(default_factory=lambda: dict(LIMITS))
    _used: dict[str, tuple[int, int]] = field(default_factory=dict)

    def take(self, family: str, now_s: float) -> Count:
        """Count one request. Beyond the allowance nothing more is used up."""
        count = self.look(family, now_s)
        if count.exceeded:
            return count
        window = int(now_s // self.limits[family].window_s)
        used = count.allowance - count.remaining + 1
        self._used[family] = (window, used)
        return replace(count, remaining=count.remaining - 1)

    def look(self, family: str, now_s: float) -> Count:
        """Where a bucket stands. `exceeded` says that the next request would be too many."""
        limit = self.limits[family]
        window = int(now_s // limit.window_s)
        at, used = self._used.get(family, (window, 0))
        left = max(0, limit.allowance - (used if at == window else 0))
        return Count(limit.allowance, left, (window + 1) * limit.window_s, left == 0)

    def change(self, family: str, limit: Limit) -> None:
        """Give a family another limit; its window starts empty."""
        self.limits[family] = limit
        self._used.pop(family, None)

    def as_json(self, now_s: float) -> dict[str, dict[str, int]]:
        """Every family: its limit, and what is left of it."""
        return {
            name: {
                "allowance": limit.allowance,
                "window_s": limit.window_s,
                "remaining": self.look(name, now_s).remaining,
            }
            for name, limit in self.limits.items()
        }


def family_of(path: str, body: dict[str, Any] | None) -> str:
    """The bucket a request counts against."""
    body = body or {}
    if path in SENDS:
        wide = body.get("broadcast") is True or body.get("audience") or body.get("segment_id")
        return "broadcast" if wide else SHARED
    match path:
        case "/users/track":
            return "track"
        case "/users/delete":
            return "delete"
        case "/users/export/ids":
            fields = body.get("fields_to_export")
            light = isinstance(fields, list) and WITH_RECEIPTS.isdisjoint(map(str, fields))
            return "export_ids_light" if light else "export_ids"
        case "/campaigns/data_series":
            return "campaign_series"
        case "/sends/id/create":
            return "send_ids"
    return SHARED
