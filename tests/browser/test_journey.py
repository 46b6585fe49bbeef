"""A use case becomes a running experiment with few clicks, and one can pause it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browser.journey import CHANNELS, journey

FEW_PEOPLE = 2_000
PAGES = {"experiments", "audience", "metric", "options", "templates", "launch", "today"}


@pytest.mark.slow
def test_from_a_card_to_a_running_experiment_and_a_pause(chromium: Any, tmp_path: Path) -> None:
    shots = tmp_path / "shots"
    found = journey(chromium, tmp_path, people=FEW_PEOPLE, shots=shots)
    assert found.holds, found
    assert {f"s_{key}" for key in PAGES} <= found.figures.keys()
    assert len(list(shots.glob("*.png"))) > len(CHANNELS)
