"""What others wrote is shown and does nothing."""

from __future__ import annotations

import pytest

from tests.faults.hostile_site import payloads
from tests.faults.payloads import attack

LEAST_PAYLOADS = 150
# One of each sort: elements, handlers, links, SVG, requests, CSS, leaving, Liquid, direction.
SHORT = ("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>")


def test_there_are_enough_attacks_and_none_twice() -> None:
    found = payloads()
    assert len(found) >= LEAST_PAYLOADS
    assert len(set(found)) == len(found)


@pytest.mark.browser
def test_a_dozen_attacks_run_nothing_and_ask_for_nothing(chromium, tmp_path) -> None:
    every = payloads()
    dozen = [*SHORT, *every[4 :: len(every) // 9]][:12]
    found = attack(chromium, tmp_path, dozen, batch=12, pages=("options", "templates", "launch"))
    assert found.holds, found


@pytest.mark.slow
@pytest.mark.browser
def test_no_attack_runs_anything_or_asks_for_anything(chromium, tmp_path) -> None:
    found = attack(chromium, tmp_path, payloads(), batch=3)
    assert found.holds, found
