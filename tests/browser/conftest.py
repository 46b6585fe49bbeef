"""A real console server and a real Chromium. Without one, every test here skips and says why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.console_server import served

DRAW_LIMIT_MS = 30_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs a browser."""
    here = Path(__file__).parent
    for item in items:
        if here in Path(item.fspath).parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture
def page(chromium: object) -> Iterator[object]:
    """A fresh tab: 1280 wide, light, English."""
    context = chromium.new_context(  # type: ignore[attr-defined]
        viewport={"width": 1280, "height": 900}, color_scheme="light", locale="en-US"
    )
    context.set_default_timeout(DRAW_LIMIT_MS)
    yield context.new_page()
    context.close()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Start a console over a home; returns its address. Stops it after the test."""
    with ExitStack() as running:

        def start(home: Path, *, secrets: str = "") -> str:
            file = None
            if secrets:
                file = tmp_path / "secrets.toml"
                file.write_text(secrets)
            return running.enter_context(served(home, tmp_path / "console.log", secrets_file=file))

        yield start
