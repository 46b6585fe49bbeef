"""A rehearsed day says how it differs from the day before and from the approved content."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sending_world import CAMPAIGN, CANVAS, DAY, WORKSPACE, World

from services.activation.comparing import Change, Content, Differences, differences
from services.activation.dry_run import dry_run

TOMORROW = DAY + timedelta(days=1)


def compared(world: World, **how: object) -> Differences:
    table = world.decisions(TOMORROW, **how)  # type: ignore[arg-type]
    groups = {p: world.group(p) for p in range(1, world.n_people + 1)}
    rehearsal = dry_run(
        world.database,
        world.lake,
        WORKSPACE,
        world.experiment,
        TOMORROW,
        decisions=table,
        assigned=groups,
    )
    return differences(world.database, world.experiment, rehearsal, DAY)


def test_the_same_day_again_differs_in_nothing(tmp_path: Path):
    world = World(tmp_path)
    world.plan()
    world.dispatch()
    found = compared(world)
    assert found.was == DAY
    assert found.sent == Change(108, 108)
    assert {c.by for c in [*found.by_option.values(), *found.by_target.values()]} == {0}
    assert found.by_reason == {}


def test_what_shifts_is_counted_by_option_target_and_reason(tmp_path: Path):
    world = World(tmp_path)
    world.run("INSERT INTO suppressions VALUES (1, 'asked', 0)")
    world.plan()
    world.dispatch()
    world.run("DELETE FROM suppressions")
    found = compared(world, creative="a")
    assert found.sent.by == 1
    assert found.by_option["creative", "a"] == Change(59, 108)
    assert found.by_option["creative", "b"] == Change(48, 0)
    assert found.by_target["campaign", CAMPAIGN].by == 49
    assert found.by_target["canvas", CANVAS] == Change(48, 0)
    assert found.by_reason["suppressed"] == Change(1, 0)


def test_without_a_day_before_everything_is_new(tmp_path: Path):
    found = compared(World(tmp_path))
    assert found.was is None
    assert found.sent == Change(0, 108)


def test_content_is_held_against_its_approval(tmp_path: Path):
    world = World(tmp_path)
    world.run("UPDATE catalogue SET content_digest = 'new' WHERE id = :id", id=CANVAS)
    world.run("UPDATE approvals SET revoked_at = 1 WHERE subject = :s", s=f"campaign:{CAMPAIGN}")
    assert compared(world).content == {
        f"campaign:{CAMPAIGN}": Content.NOT_APPROVED,
        f"canvas:{CANVAS}": Content.CHANGED,
    }
