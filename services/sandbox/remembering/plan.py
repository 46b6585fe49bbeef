"""What the workspace's contract with Braze says, where the API depends on it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class TrackModel(StrEnum):
    """How many objects one users/track request may hold: Braze docs, "Rate limits"."""

    CURRENT = "current"  # 75 in total
    LEGACY = "legacy"  # 75 of each kind
    MONTHLY_ACTIVE = "monthly_active"  # 50 in total


MOST_IN_ALL = {TrackModel.CURRENT: 75, TrackModel.LEGACY: 225, TrackModel.MONTHLY_ACTIVE: 50}
MOST_OF_A_KIND = 75


@dataclass
class Plan:
    """Switches of one sandbox.

    track            how many objects a users/track request may hold
    write_delay_s    virtual seconds until what users/track accepted can be seen. Braze says 10 to
                     100 ms usually, and to allow for 5 minutes
    fields_required  `fields_to_export` must be given to users/export/ids (customers since
                     2024-08-22). Off at first, as the contract file has the field: clients
                     written for older customers leave it out and get the whole profile
    """

    track: TrackModel = TrackModel.CURRENT
    write_delay_s: float = 0.0
    fields_required: bool = False

    def too_many(self, sizes: list[int]) -> bool:
        """Whether arrays of these sizes are more than one request may hold."""
        return sum(sizes) > MOST_IN_ALL[self.track] or max(sizes, default=0) > MOST_OF_A_KIND

    def as_json(self) -> dict[str, object]:
        """What /_sandbox/plan shows."""
        return {
            "track": self.track.value,
            "write_delay_s": self.write_delay_s,
            "fields_required": self.fields_required,
        }
