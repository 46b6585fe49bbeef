"""What axe finds on every page, in both languages and both themes.

    python -m tests.browser.axe [--pages launch,options] [--width 1280] [--json]

The console stands over a home with weeks of played history, so that pages are full: Launch,
Templates, Options and the others of the set-up show the draft of an experiment ready to start.
Serious and critical findings break the promise; the others are listed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from pages.components.routes import ROUTES, STEPS
from services.bootstrap import open_console
from services.experiment.model import Status
from services.experiment.store import create_draft, experiments, load_draft
from services.settings import load_settings
from tests.chromium import CHROMIUM, CHROMIUM_ARGUMENTS
from tests.console_server import drawn, link_to, served
from tests.faults.verdict import Verdict, show

BAD = ("serious", "critical")
LANGUAGES = ("en-US", "ko-KR")
THEMES = ("light", "dark")
HEIGHT_PX = 1_000
SETTLED_MS = 400  # charts and tables draw themselves a moment after the page stands still
# A mail is somebody else's and stays in its own frame, which axe leaves alone.
RUN = "() => axe.run(document, {iframes: false, resultTypes: ['violations']})"


def main() -> int:
    """Look, print, and say by the exit status whether nothing serious was found."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--pages", default=",".join(ROUTES))
    asked.add_argument("--width", type=int, default=1280)
    asked.add_argument("--json", action="store_true")
    options = asked.parse_args()
    from playwright.sync_api import sync_playwright

    from tests.stage import play

    with tempfile.TemporaryDirectory() as place, sync_playwright() as driver:
        play(home := Path(place) / "home")
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        with served(home, Path(place) / "console.log") as address:
            verdict = look(browser, home, address, options.pages.split(","), width=options.width)
        browser.close()
    return show(verdict, as_json=options.json)


def look(
    browser: Any, home: Path, address: str, pages: Sequence[str], *, width: int = 1280
) -> Verdict:
    """axe over `pages` in each language and theme."""
    verdict = Verdict("axe")
    verdict.violations |= dict.fromkeys(BAD, 0)
    running, draft = drafts_of(home)
    for language in LANGUAGES:
        for theme in THEMES:
            context = browser.new_context(
                viewport={"width": width, "height": HEIGHT_PX}, color_scheme=theme, locale=language
            )
            context.set_default_timeout(60_000)
            page = context.new_page()
            for key in pages:
                drawn(page, link_to(address, key, draft if key in STEPS else running))
                page.wait_for_timeout(SETTLED_MS)
                for found in violations(page):
                    note(verdict, found, f"{key} {language} {theme}")
                verdict.n += 1
            context.close()
    return verdict


def violations(page: Any) -> list[dict[str, Any]]:
    """axe's findings on what the page shows now."""
    page.evaluate(_axe())
    return list(page.evaluate(RUN)["violations"])


def note(verdict: Verdict, found: dict[str, Any], where: str) -> None:
    """Count one finding, with its places as a figure."""
    impact = str(found["impact"])
    if impact in BAD:
        verdict.count(impact)
    nodes = "; ".join(str(node["html"])[:160] for node in found["nodes"][:3])
    verdict.figures[f"{where}: {found['id']} ({impact}, {len(found['nodes'])})"] = nodes


def drafts_of(home: Path) -> tuple[str, str]:
    """The running experiment of a played home, and a draft that says the same, ready to start."""
    console = open_console(load_settings({}, home=home))
    running = next(r.id for r in experiments(console.database) if r.status is Status.RUNNING)
    document = load_draft(console.database, running).document
    draft = create_draft(console.database, console.clock, by="local", document=document)
    day = console.lake.latest_day("snapshots", running)
    if day is not None:
        table = console.lake.load(console.lake.parts("snapshots", running, day))
        console.lake.append("snapshots", draft, day, table)
    console.database.close()
    return running, draft


@cache
def _axe() -> str:
    script = files("axe_playwright_python").joinpath("axe.min.js")
    return script.read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
