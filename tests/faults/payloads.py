"""Attacks through every text that comes from elsewhere, in a real browser on the real pages.

    python -m tests.faults.payloads [--batch 1] [--first 0] [--json]

Each attack is an experiment's name, a dimension's and an option's label, an attribute and its
value, a segment's and a campaign's name, a subject, and the body of an email, of an SMS and of a
push message. Nothing may run, nothing may be asked for, and no page may fail. `--batch` puts
several attacks into one draft: quicker, and each in fewer places.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.chromium import CHROMIUM, CHROMIUM_ARGUMENTS
from tests.console_server import drawn, link_to, served
from tests.faults.hostile_site import HostileSite, payloads
from tests.faults.verdict import Verdict, show

PAGES = ("experiments", "audience", "metric", "options", "templates", "launch")
OURS = ("/favicon.png", "/static/", "/app/static/", "/_stcore/", "/media/", "/component/")
LATE_MS = 150  # for what runs a moment after the page stands still
RAN = "an attack ran"
# Whatever an attack calls says so instead. Runs first in every frame that may run anything.
WATCH = "for (const name of ['alert', 'confirm', 'prompt', 'print']) window[name] = () => %s"
SAYS = f"console.error({RAN!r})"


def main() -> int:
    """Attack, print, and say by the exit status whether everything held."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--batch", type=int, default=1, help="attacks in one draft")
    asked.add_argument("--first", type=int, default=0, help="only so many; 0 for all")
    asked.add_argument("--json", action="store_true")
    options = asked.parse_args()
    from playwright.sync_api import sync_playwright

    attacks = payloads()[: options.first or None]
    with tempfile.TemporaryDirectory() as place, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        verdict = attack(browser, Path(place), attacks, batch=options.batch)
        browser.close()
    return show(verdict, as_json=options.json)


def attack(
    browser: Any,
    place: Path,
    attacks: Sequence[str],
    *,
    batch: int,
    pages: Sequence[str] = PAGES,
) -> Verdict:
    """Look at every page of drafts made of `attacks`; counts what should not have happened."""
    verdict = Verdict("payloads", len(attacks))
    for promise in ("ran", "asked for", "left the page", "page failed"):
        verdict.count(promise, 0)
    site = HostileSite(place / "home")
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US")
    context.set_default_timeout(30_000)
    context.add_init_script(WATCH % SAYS)
    n_looks = 0
    with served(site.home, place / "console.log") as address:
        page = context.new_page()
        _listen(context, page, address, verdict)
        for at in range(0, len(attacks), batch):
            id = site.draft(attacks[at : at + batch])
            for key in pages:
                drawn(page, link_to(address, key, id))
                _touch(page, key)
                n_looks += 1
                if page.locator('[data-testid="stException"]').count():
                    verdict.count("page failed")
                if not page.url.startswith(address):
                    verdict.count("left the page")
    context.close()
    site.console.database.close()
    verdict.figures |= {"looks": n_looks, "drafts": -(-len(attacks) // batch)}
    return verdict


def _listen(context: Any, page: Any, address: str, verdict: Verdict) -> None:
    def said(message: Any) -> None:
        if RAN in message.text:
            verdict.count("ran")

    def asked(route: Any) -> None:
        if _is_ours(route.request, address):
            route.continue_()
        else:
            verdict.count("asked for")
            print(f"asked for {route.request.url}", file=sys.stderr)
            route.abort()

    page.on("console", said)
    page.on("dialog", lambda dialog: (verdict.count("ran"), dialog.dismiss()))
    page.on("popup", lambda _popup: verdict.count("left the page"))
    context.route("**/*", asked)


def _is_ours(request: Any, address: str) -> bool:
    """Pages, and what Streamlit itself loads. A picture of ours called `x` is an attack's."""
    if request.url.startswith(("data:", "blob:")):
        return True
    if not request.url.startswith(f"{address}/"):
        return False
    path = urlsplit(request.url).path
    return path.startswith(OURS) or request.resource_type in (
        "document",
        "fetch",
        "xhr",
        "manifest",
    )


def _touch(page: Any, key: str) -> None:
    """Open what opens on a click and hover where there is a tooltip."""
    if key == "templates":
        page.get_by_role("button", name="Options shown").click()
        page.keyboard.press("Escape")
        for button in page.get_by_role("button", name="to look at").all()[:1]:
            button.click()
            page.keyboard.press("Escape")
    if key == "options":
        for button in page.locator('[data-testid="stMenuButton"] button').all()[:1]:
            button.hover()
    page.wait_for_timeout(LATE_MS)


if __name__ == "__main__":
    sys.exit(main())
