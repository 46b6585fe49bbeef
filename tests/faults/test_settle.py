"""Doubts are cleared up by Braze's record within three days, and never against the truth."""

from __future__ import annotations

from tests.faults.settle import settle


def test_every_doubt_gets_the_true_verdict_within_three_days():
    found = settle(6, seed=1)
    assert found.n == 270
    assert found.holds, found
