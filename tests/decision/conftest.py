"""One belief that has learnt, shared by the tests that only choose with it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from decision_builders import believer, planted, space_of

from services.decision.choosing import sample_draws
from services.decision.model import Belief, Draws, Space


@pytest.fixture(scope="session")
def space() -> Space:
    return space_of(3, 2, 2)


@pytest.fixture(scope="session")
def belief(space: Space) -> Belief:
    return believer(space, planted)


@pytest.fixture(scope="session")
def draws(belief: Belief, space: Space) -> Draws:
    return sample_draws(belief, space, seed=5)
