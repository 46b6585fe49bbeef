"""After a press of pause at most the request under way in each thread still begins."""

from __future__ import annotations

from tests.faults.pause import pause


def test_sending_stops_at_once_by_flag_and_by_file():
    found = pause(6, seed=5)
    assert found.n == 6
    assert found.holds, found
