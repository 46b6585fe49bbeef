"""Nobody is kept out: axe finds nothing serious, and everything can be reached by keyboard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pages.components.routes import ROUTES
from services.bootstrap import open_console
from services.experiment.store import create_draft
from services.experiment.use_cases import starting_document
from services.settings import load_settings
from tests.browser.axe import BAD, look, violations
from tests.console_server import drawn

pytest.importorskip("axe_playwright_python", reason="axe is not installed")

SETUP = ("audience", "metric", "options", "templates", "launch")
MOST_STOPS = 80
# Where the keyboard is, how it is drawn, and whether it can be seen.
FOCUSED = """() => {
    const at = document.activeElement;
    if (!at || at === document.body) return null;
    const box = at.getBoundingClientRect();
    const ring = (e) => { const s = getComputedStyle(e);
        return (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0)
            || s.boxShadow !== 'none' };
    let drawn = false, changed = at;
    for (let i = 0; i < 4 && changed; i++, changed = changed.parentElement)
        drawn = drawn || ring(changed);
    const name = at.getAttribute('aria-label') || at.innerText || at.getAttribute('placeholder')
        || at.getAttribute('title') || '';
    return {tag: at.tagName, name: name.slice(0, 60), drawn, wide: box.width, high: box.height,
            at: [Math.round(box.x), Math.round(box.y)]};
}"""


@pytest.fixture
def draft(tmp_path: Path) -> tuple[Path, str]:
    """A home with one draft."""
    console = open_console(load_settings({}, home=tmp_path / "home"))
    document = starting_document("upsell")
    id = create_draft(console.database, console.clock, by="local", document=document)
    console.database.close()
    return tmp_path / "home", id


def test_options_have_nothing_serious(
    page: Any, serve: Callable[..., str], draft: tuple[Path, str]
) -> None:
    drawn(page, f"{serve(draft[0])}/options?experiment={draft[1]}")
    bad = [(f["id"], f["nodes"][0]["html"]) for f in violations(page) if f["impact"] in BAD]
    assert not bad


@pytest.mark.slow
def test_no_page_has_anything_serious(
    chromium: Any, serve: Callable[..., str], played_home: Path
) -> None:
    found = look(chromium, played_home, serve(played_home), list(ROUTES))
    assert found.holds, found.figures


@pytest.mark.slow
def test_the_set_up_can_be_walked_by_keyboard(
    page: Any, serve: Callable[..., str], draft: tuple[Path, str]
) -> None:
    address = serve(draft[0])
    for key in SETUP:
        drawn(page, f"{address}/{key}?experiment={draft[1]}")
        stops = walk(page)
        assert len(stops) > 10, key
        unseen = [s for s in stops if not s["drawn"] and s["wide"] > 1]
        assert not unseen, (key, unseen)
        names = [s["name"] for s in stops]
        if key != "launch":
            assert any(name.startswith("Next") for name in names) or "Back" in names, (key, names)


def walk(page: Any) -> list[dict[str, Any]]:
    """Every stop of the Tab key, until it has gone round."""
    stops: list[dict[str, Any]] = []
    seen: set[str] = set()
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUSED)
        if stop is None:
            break
        mark = f"{stop['tag']}{stop['name']}{stop['at']}"
        if mark in seen:
            break
        seen.add(mark)
        stops.append(stop)
    return stops
