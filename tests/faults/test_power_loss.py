"""A power cut at any moment loses no acknowledged commit and no knowledge of a message."""

from __future__ import annotations

from tests.faults.power_loss import power_loss


def test_no_moment_of_a_sending_run_loses_an_acknowledged_commit():
    found = power_loss(150, seed=3)
    assert found.n >= 150
    assert found.holds, found


def test_unsafe_settings_are_noticed():
    found = power_loss(60, seed=3, synchronous="OFF")
    assert found.violations["acknowledged_commits_lost"] > 0
    assert found.violations["sent_but_unknown"] > 0
