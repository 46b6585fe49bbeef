"""Processes that share a rate bucket never take more than allowed together."""

from __future__ import annotations

from tests.faults.rate import rate


def test_four_processes_stay_within_one_budget():
    found = rate(60, a_window=20)
    assert found.n > 0
    assert not any(found.violations.values()), found  # how much is used depends on the machine
