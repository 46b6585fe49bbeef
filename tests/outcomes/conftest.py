from pathlib import Path

import pytest
from outcome_world import PaperWorld


@pytest.fixture
def world(tmp_path: Path) -> PaperWorld:
    return PaperWorld(tmp_path)
