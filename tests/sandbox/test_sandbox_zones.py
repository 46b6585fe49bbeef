"""People of a mixed world live by their own clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from sandbox_wire import START, serving

from services.sandbox.remembering.workspace import Workspace
from services.sandbox.world.worlds import WORLDS, in_mixed_zones


def test_people_of_a_mixed_world_have_several_zones_and_others_have_utc(tmp_path: Path, shared):
    ids = [f"coffee-{i:07d}" for i in range(50)]
    with serving(tmp_path, mixed_zones=True) as wire:
        mixed = {p["time_zone"] for p in wire.profiles(ids, "time_zone").values()}
    assert len(mixed) == 5
    assert {p["time_zone"] for p in shared.profiles(ids, "time_zone").values()} == {"UTC"}


def test_the_hour_that_counts_is_the_persons_own(tmp_path: Path):
    world = in_mixed_zones(WORLDS["coffee"])
    space = Workspace(
        tmp_path,
        world,
        n_people=100,
        seed=0,
        start_s=START.timestamp(),
        live=False,
        history_days=1,
    )
    moment = datetime(2026, 3, 2, tzinfo=UTC) + timedelta(hours=23)
    hours = space.sends.local_hours(moment.timestamp())
    expected = [moment.astimezone(ZoneInfo(zone)).hour for zone, *_ in world.zones]
    assert hours.tolist() == expected
    assert len(np.unique(hours)) == 5
    space.close()
