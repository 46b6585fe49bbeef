"""A person at the browser: clicks and fields are counted, pages are timed."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

from tests.console_server import STILL, drawn, link_to

ROW_HEIGHT_PX = 40  # of the tables of the set-up
BOX_PX = 20  # from the left edge of a table to the middle of its boxes


class Walker:
    """Walks through a console in one tab. Widgets are named by how their key begins."""

    def __init__(self, page: Any, address: str, shots: Path | None = None) -> None:
        self.page = page
        self.n_clicks = 0
        self.seconds: dict[str, float] = {}
        self._address = address
        self._shots = shots
        if shots is not None:
            shots.mkdir(parents=True, exist_ok=True)

    def open(self, key: str) -> None:
        """Type an address."""
        began = time.perf_counter()
        drawn(self.page, link_to(self._address, key))
        self.seconds[key] = round(time.perf_counter() - began, 2)

    def press(self, key: str, *, leads_to: str | None = None, page: str = "") -> None:
        """Click a button. Where it leads to another page, that one is timed."""
        self._click(self._part(key).locator("button").first, leads_to, page)

    def press_text(self, words: str) -> None:
        """Click what says `words`."""
        self._click(self.page.get_by_text(words, exact=True).first, None, "")

    def next(self, title: str, page: str) -> None:
        """Click Next."""
        button = self.page.get_by_role("button", name=re.compile("^Next"))
        self._click(button, title, page)

    def tick_row(self, table: str, *, row: int) -> None:
        """Tick one row of a table that is drawn on a canvas."""
        canvas = self._part(table).locator("canvas").first
        canvas.wait_for()
        self.page.wait_for_timeout(500)  # the table draws itself a moment after it is there
        box = canvas.bounding_box()
        self.page.mouse.click(box["x"] + BOX_PX, box["y"] + ROW_HEIGHT_PX * (row + 1.5))
        self._done()

    def tick_all(self, key: str) -> None:
        """Tick every box whose key begins so, one after the other."""
        boxes = self._parts(key)
        boxes.first.wait_for()
        for at in range(boxes.count()):
            boxes.nth(at).locator("label").first.click()
            self._done()

    def choose(self, key: str, words: str) -> None:
        """Open a drop-down and take the first entry with `words` in it: two clicks."""
        self._part(key).locator("input").first.click()
        self.n_clicks += 1
        self.page.get_by_role("option").filter(has_text=words).first.click()
        self._done()

    def type(self, key: str, text: str) -> None:
        """Fill a field and leave it."""
        field = self._part(key).locator("input, textarea").first
        field.fill(text)
        field.press("Tab" if field.evaluate("e => e.tagName") == "TEXTAREA" else "Enter")
        self._done()

    def placeholder(self, key: str) -> str:
        """What stands in an empty field, its digits only."""
        field = self._part(key).locator("input").first
        return re.sub(r"\D", "", field.get_attribute("placeholder") or "")

    def approve(self, within_ms: int) -> None:
        """Approve one message and wait until the worker has done it."""
        waiting = self.page.get_by_role("button", name="Approve", exact=True)
        before = waiting.count()
        waiting.first.click()
        self._done()
        self.page.wait_for_function(
            "n => [...document.querySelectorAll('button')]"
            ".filter(b => b.innerText.trim().endsWith('Approve')).length < n "
            "&& !document.querySelector('[data-testid=\"stProgress\"]')",
            arg=before,
            timeout=within_ms,
        )
        self.page.wait_for_selector(STILL)

    def see_text(self, words: str, within_ms: int) -> None:
        """Wait until the page says `words`."""
        self.page.get_by_text(words).first.wait_for(timeout=within_ms)
        self.page.wait_for_selector(STILL)

    def may_go_on(self) -> bool:
        """Whether Next can be clicked."""
        return bool(self.page.get_by_role("button", name=re.compile("^Next")).is_enabled())

    def see_button(self, words: str, within_ms: int) -> None:
        """Wait until a button says `words`."""
        self.page.get_by_role("button", name=words).first.wait_for(timeout=within_ms)

    def shot(self, name: str) -> None:
        """A picture of the whole page."""
        if self._shots is not None:
            self.page.wait_for_timeout(300)
            self.page.screenshot(path=self._shots / f"{name}.png", full_page=True)

    def _click(self, target: Any, leads_to: str | None, page: str) -> None:
        target.wait_for()
        began = time.perf_counter()
        target.click()
        if leads_to is not None:
            self.page.get_by_role("heading", name=leads_to).wait_for()
        self._done()
        if page:
            self.seconds[page] = round(time.perf_counter() - began, 2)

    def _done(self) -> None:
        self.n_clicks += 1
        self.page.wait_for_timeout(100)  # the click reaches the server
        self.page.wait_for_selector(STILL)

    def _part(self, key: str) -> Any:
        return self._parts(key).first

    def _parts(self, key: str) -> Any:
        name = re.sub(r"[^a-zA-Z0-9_-]", "-", key)
        return self.page.locator(f'[class*="st-key-{name}"]')
