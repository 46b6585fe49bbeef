"""Sandboxes for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sandbox_wire import Wire, serving


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[Wire]:
    """A fresh coffee world of 600 people after 10 days of history, the clock standing still."""
    with serving(tmp_path) as fresh:
        yield fresh


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    """The same for tests that only read, or do not mind what others sent."""
    with serving(tmp_path_factory.mktemp("shared")) as common:
        yield common
